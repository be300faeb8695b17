"""Every kind of record that this device holds of its household, and every field of it, in plain words.

The page "What is measured and why" and the copy of one's own data both tell it from here. Texts are marked
for translation. Fields inside of fields are named `contact.name`; `[]` stands for each entry of a list.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.translation import marked


@dataclass(frozen=True, slots=True)
class Kind:
    """`type`: as the records name it; `about`: who writes it, and how often."""

    type: str
    title: str
    about: str
    fields: Mapping[str, str]


MEASUREMENT = Kind(
    "measurement",
    marked("Measurements"),
    marked("The device writes one every 15 minutes for each meter, while your consent is granted."),
    {
        "meter": marked("which meter was read, by its number in this survey"),
        "measured_at": marked("when it was read, in UTC"),
        "slot": marked("the quarter of an hour that it belongs to, in UTC"),
        "device": marked("which device read it"),
        "data": marked("what the meter sent: one entry for each quantity"),
        "data[].obis": marked("which quantity, as an OBIS code: 0100010800ff is 1.8.0, drawn from the grid"),
        "data[].value": marked("the number as the meter sent it"),
        "data[].scaler": marked("the power of ten to multiply it by: -1 is a tenth"),
        "data[].unit": marked("the unit: Wh (energy) or W (power)"),
        "time": marked("how the time is known"),
        "time.source": marked("whether the clock had been compared with the internet"),
        "time.boot": marked("which start of the device it belongs to, as a random number"),
        "time.monotonic_ms": marked("milliseconds since that start"),
        "time.meter_seconds": marked("the meter's own count of seconds, where it has one"),
        "marks": marked("doubts, for example a counter that fell"),
    },
)
GAP = Kind(
    "gap",
    marked("Gaps"),
    marked("The device writes one when measurements are missing, once they have come back."),
    {
        "meter": marked("which meter is missing"),
        "from_slot": marked("the first quarter of an hour that is missing, in UTC"),
        "to_slot": marked("the last one, in UTC"),
        "cause": marked("why, for example meter_silent or device_off"),
        "device": marked("which device noticed"),
    },
)
REGISTRATION = Kind(
    "registration",
    marked("Registration"),
    marked("The researchers write it when you sign up, and correct it when you report a mistake."),
    {
        "contact": marked("whom the researchers write to"),
        "contact.name": marked("name"),
        "contact.email": marked("email address"),
        "address": marked("where the household is"),
        "address.street": marked("street"),
        "address.house_number": marked("house number"),
        "address.postal_code": marked("postal code"),
        "address.city": marked("city"),
        "metadata": marked("what the household is like, since that explains what it uses"),
        "metadata.children": marked("children in the household"),
        "metadata.adults": marked("adults in the household"),
        "metadata.adults_with_job": marked("adults with a job"),
        "metadata.ev_charger": marked("whether there is a charger for an electric car"),
        "metadata.heat_pump": marked("whether there is a heat pump"),
        "metadata.home_battery": marked("whether there is a home battery"),
    },
)
LOCATION = Kind(
    "location",
    marked("Location"),
    marked("The researchers write it once, to know sun and weather there."),
    {
        "latitude": marked("degrees north (WGS 84)"),
        "longitude": marked("degrees east (WGS 84)"),
        "source": marked("whether it follows from the address (geocoded) or was set by hand (manual)"),
    },
)
PV_SYSTEM = Kind(
    "pv_system",
    marked("Photovoltaic systems"),
    marked("The researchers write one for each system."),
    {
        "pv_system": marked("its number in this survey"),
        "nominal_power_kw": marked("nominal power in kilowatts"),
        "azimuth_deg": marked("orientation in degrees: 0 is north, 90 east, 180 south"),
        "tilt_deg": marked("tilt in degrees: 0 is flat, 90 upright"),
        "installed_on": marked("day of installation"),
        "meters": marked("the generation meters that count it"),
    },
)
METER = Kind(
    "meter",
    marked("Meters"),
    marked("The researchers write one for each meter. Its own number and its PIN stay on the device."),
    {
        "meter": marked("its number in this survey, a random one"),
        "meter_type": marked("ELECTRICITY or PV_GENERATION"),
        "model": marked("model"),
        "device": marked("which device reads it"),
    },
)
DEVICE = Kind(
    "device",
    marked("Measuring devices"),
    marked("The researchers write one for each device."),
    {
        "device": marked("its number in this survey, a random one"),
        "name": marked("name"),
        "certificate_serial": marked("number of the certificate by which the centre knows it"),
        "meters": marked("the meters that it is to read"),
        "desired_release": marked("which version of the software it is to run"),
    },
)
CONSENT = Kind(
    "consent",
    marked("Consent"),
    marked("Written once when you grant it, and once when you revoke it; never changed."),
    {
        "state": marked("granted or revoked"),
        "at": marked("when, in UTC"),
        "by": marked("who recorded it"),
        "by.role": marked("you (participant), or the researchers for you (researcher)"),
        "by.device": marked("on which device"),
    },
)
REPORT = Kind(
    "report",
    marked("Reported mistakes"),
    marked("Written when you report a mistake in the registration."),
    {
        "report": marked("its number, a random one"),
        "at": marked("when, in UTC"),
        "text": marked("what you wrote"),
    },
)
ORDER = Kind(
    "order",
    marked("Requests to the device"),
    marked("The centre writes one when a device is to be serviced, for example updated."),
    {
        "order": marked("its number, a random one"),
        "device": marked("which device is asked"),
        "at": marked("when, in UTC"),
        "request": marked("what is asked"),
        "arguments": marked("details of that"),
        "signature": marked("the signature by which the device knows that the centre asks"),
    },
)
ANSWER = Kind(
    "answer",
    marked("Answers of the device"),
    marked("The device writes one for each request."),
    {
        "order": marked("which request it answers"),
        "device": marked("which device answers"),
        "at": marked("when, in UTC"),
        "done": marked("whether it was done"),
        "result": marked("what came of it"),
    },
)
HEARTBEAT = Kind(
    "heartbeat",
    marked("Reports on the device itself"),
    marked(
        "The device writes one every 15 minutes, also without consent, over the one before: none is kept."
    ),
    {
        "device": marked("which device"),
        "at": marked("when, in UTC"),
        "versions": marked("versions of its software"),
        "last_measurement": marked("when it last measured"),
        "last_pull": marked("when it last received something"),
        "last_push": marked("when it last sent something"),
        "backlog": marked("how many records wait to be sent"),
        "refused": marked("how many records the centre refused"),
        "clock": marked("whether its clock is set"),
        "disk_free_bytes": marked("free room on its memory card"),
        "temperature_c": marked("its temperature in degrees Celsius"),
        "certificate_ends": marked("until when the certificate is valid by which the centre knows it"),
        "conflicts": marked("how many records exist in two versions that contradict each other"),
        "errors": marked("faults of its parts"),
        "erased": marked("whether it was erased"),
    },
)

# In the order in which people ask for them.
KINDS = (
    MEASUREMENT,
    GAP,
    REGISTRATION,
    LOCATION,
    PV_SYSTEM,
    METER,
    DEVICE,
    CONSENT,
    REPORT,
    ORDER,
    ANSWER,
    HEARTBEAT,
)
