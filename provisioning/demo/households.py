"""The two households of the demo: invented people, simulated meters."""

from pathlib import Path
from string import Template

ADA = "ada"
BEN = "ben"

_HOUSEHOLDS = {
    ADA: """\
[contact]
name = "Ada Example"
email = "ada@example.org"

[address]
street = "Musterweg"
house_number = "12"
postal_code = "24103"
city = "Kiel"

[metadata]
children = 2
adults = 2
adults_with_job = 2
ev_charger = false
heat_pump = false
home_battery = true

[location]
latitude = 54.3233
longitude = 10.1228

[[devices]]
name = "cellar"

[[meters]]
name = "grid"
meter_type = "ELECTRICITY"
model = "MT175"
device = "cellar"
head = "sim://grid?seed=11&pv_kw=8&battery_kwh=10"

[[meters]]
name = "roof"
meter_type = "PV_GENERATION"
model = "MT175"
device = "cellar"
head = "sim://pv?seed=11&pv_kw=8&battery_kwh=10"

[[pv_systems]]
name = "roof"
nominal_power_kw = 8.0
azimuth_deg = 180
tilt_deg = 35
installed_on = 2019-05-14
meters = ["roof"]
""",
    BEN: """\
[contact]
name = "Ben Example"
email = "ben@example.org"

[address]
street = "Beispielgasse"
house_number = "3"
postal_code = "65183"
city = "Wiesbaden"

[metadata]
children = 0
adults = 1
adults_with_job = 1
ev_charger = true
heat_pump = false
home_battery = false

[location]
latitude = 50.0826
longitude = 8.2400

[[devices]]
name = "hallway"

[[meters]]
name = "grid"
meter_type = "ELECTRICITY"
model = "MT175"
device = "hallway"
head = "sim://grid?seed=23&pv_kw=5"
$replay
[[pv_systems]]
name = "garage"
nominal_power_kw = 5.0
azimuth_deg = 225
tilt_deg = 25
installed_on = 2021-09-01
""",
}

_REPLAY = """
[[meters]]
name = "replayed"
meter_type = "ELECTRICITY"
model = "EHZ"
device = "hallway"
head = "replay://$path?loop=1"
"""


def household_file(name: str, replay: Path | None) -> str:
    """The household file of `name`; the second household's device also replays the capture `replay`."""
    extra = "" if replay is None else Template(_REPLAY).substitute(path=replay.resolve())
    return Template(_HOUSEHOLDS[name]).substitute(replay=extra)
