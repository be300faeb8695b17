"""A published data set with pandas: hours, days, self-consumption and self-sufficiency, a plot.

    python with_pandas.py FOLDER PLOT.png

FOLDER is the unpacked data set: the one that holds datapackage.json.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # into a file, without a screen
import matplotlib.pyplot as plt
import pandas as pd

folder, picture = Path(sys.argv[1]), Path(sys.argv[2])

# One row for each meter, quantity and quarter of an hour. pandas reads all months of the folder as one table.
intervals = pd.read_parquet(
    folder / "data" / "intervals", columns=["household", "quantity", "slot", "slots", "energy"]
)
intervals["energy"] = intervals["energy"].astype(float)  # kWh; exact decimals in the file, floats are faster
intervals["local"] = intervals["slot"].dt.tz_convert(
    "Europe/Berlin"
)  # times are UTC, people live in local days

# Hours: rows that span missing slots (slots > 1) cannot be put into one hour, so they are left out here.
single = intervals[intervals["slots"] == 1]
hours = single.groupby(["household", "quantity", single["local"].dt.tz_convert("UTC").dt.floor("h")])[
    "energy"
].sum()
print(f"{len(hours):,} hours of energy")

# Days: energy over a gap is known, only not when it flowed; it counts for the day on which the gap began.
days = (
    intervals.groupby(["household", "quantity", intervals["local"].dt.date])["energy"]
    .sum()
    .unstack("quantity")
)
print(f"{len(days):,} days of households")

# drawn and fed_in are counted at the grid, generated at the photovoltaic system. What was generated and not
# fed in was used in the home.
totals = days.groupby("household").sum(min_count=1).reindex(columns=["drawn", "fed_in", "generated"])
used = totals["generated"] - totals["fed_in"]
totals["self_consumption"] = used / totals["generated"]  # of what was generated, used in the home
totals["self_sufficiency"] = used / (used + totals["drawn"])  # of what was used, generated at home
for household, row in totals.iterrows():
    own, sufficient = row["self_consumption"], row["self_sufficiency"]
    print(f"{household} self-consumption {own:.1%} self-sufficiency {sufficient:.1%}")

# A mean day: kW at each quarter of an hour (kWh in a quarter of an hour, times four).
at = single["local"].dt.hour + single["local"].dt.minute / 60
profile = single.groupby(["quantity", at])["energy"].mean().unstack("quantity") * 4
profile.plot(drawstyle="steps-post", xlabel="hour of the day", ylabel="kW", title="Mean power of a household")
plt.savefig(picture, dpi=120)
