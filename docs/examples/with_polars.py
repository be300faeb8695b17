"""A published data set with polars: hours, days, self-consumption and self-sufficiency, a plot.

    python with_polars.py FOLDER PLOT.png

FOLDER is the unpacked data set: the one that holds datapackage.json. polars reads only what a question needs
and uses all cores, so this also works where the data set is larger than the memory.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # into a file, without a screen
import matplotlib.pyplot as plt
import polars as pl

folder, picture = Path(sys.argv[1]), Path(sys.argv[2])

# One row for each meter, quantity and quarter of an hour. Nothing is read before `collect`.
intervals = pl.scan_parquet(folder / "data" / "intervals" / "**" / "*.parquet").select(
    "household",
    "quantity",
    "slot",
    "slots",
    pl.col("energy").cast(pl.Float64),  # kWh; exact decimals in the file, floats are faster
    pl.col("slot").dt.convert_time_zone("Europe/Berlin").alias("local"),  # people live in local days
)

# Hours: rows that span missing slots (slots > 1) cannot be put into one hour, so they are left out here.
single = intervals.filter(pl.col("slots") == 1)
hours = (
    single.group_by("household", "quantity", pl.col("slot").dt.truncate("1h"))
    .agg(pl.col("energy").sum())
    .collect()
)
print(f"{hours.height:,} hours of energy")

# Days: energy over a gap is known, only not when it flowed; it counts for the day on which the gap began.
days = intervals.group_by("household", pl.col("local").dt.date(), "quantity").agg(pl.col("energy").sum())
print(f"{days.select(pl.struct('household', 'local').n_unique()).collect().item():,} days of households")


# drawn and fed_in are counted at the grid, generated at the photovoltaic system. What was generated and not
# fed in was used in the home. A household without such a meter has no value.
def total(quantity: str) -> pl.Expr:
    chosen = pl.col("energy").filter(pl.col("quantity") == quantity)
    return pl.when(chosen.len() > 0).then(chosen.sum()).alias(quantity)


used = pl.col("generated") - pl.col("fed_in")
totals = (
    days.group_by("household")
    .agg(total("drawn"), total("fed_in"), total("generated"))
    .with_columns(
        self_consumption=used / pl.col("generated"),  # of what was generated, used in the home
        self_sufficiency=used / (used + pl.col("drawn")),  # of what was used, generated at home
    )
    .sort("household")
    .collect()
)
for row in totals.iter_rows(named=True):
    shares = [row["self_consumption"], row["self_sufficiency"]]
    own, sufficient = ("unknown" if share is None else f"{share:.1%}" for share in shares)
    print(f"{row['household']} self-consumption {own} self-sufficiency {sufficient}")

# A mean day: kW at each quarter of an hour (kWh in a quarter of an hour, times four).
at = pl.col("local").dt.hour() + pl.col("local").dt.minute() / 60
profile = single.group_by("quantity", at.alias("at")).agg(pl.col("energy").mean() * 4).sort("at").collect()
for (quantity,), line in profile.group_by("quantity", maintain_order=True):
    plt.step(line["at"], line["energy"], where="post", label=quantity)
plt.xlabel("hour of the day")
plt.ylabel("kW")
plt.title("Mean power of a household")
plt.legend()
plt.savefig(picture, dpi=120)
