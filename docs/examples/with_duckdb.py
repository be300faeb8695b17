"""A published data set with DuckDB: hours, days, self-consumption and self-sufficiency in SQL, a plot.

    python with_duckdb.py FOLDER PLOT.png

FOLDER is the unpacked data set: the one that holds datapackage.json. The same SQL runs in DuckDB's own shell.
"""

import sys
from pathlib import Path

import duckdb
import matplotlib

matplotlib.use("Agg")  # into a file, without a screen
import matplotlib.pyplot as plt

folder, picture = Path(sys.argv[1]), Path(sys.argv[2])
files = str(folder / "data" / "intervals" / "*" / "*.parquet").replace("'", "''")
db = duckdb.connect()
db.execute("SET TimeZone = 'Europe/Berlin'")  # times in the files are UTC, people live in local days

# One row for each meter, quantity and quarter of an hour; a view reads nothing yet. energy: kWh.
db.execute(f"CREATE VIEW intervals AS SELECT * FROM read_parquet('{files}', hive_partitioning = true)")

# Hours: rows that span missing slots (slots > 1) cannot be put into one hour, so they are left out here.
hours = db.execute("""
    SELECT household, quantity, date_trunc('hour', slot) AS hour, sum(energy) AS energy
    FROM intervals WHERE slots = 1 GROUP BY ALL
""").fetchall()
print(f"{len(hours):,} hours of energy")

# Days: energy over a gap is known, only not when it flowed; it counts for the day on which the gap began.
db.execute("""
    CREATE TABLE days AS
    SELECT household, slot::DATE AS day, quantity, sum(energy) AS energy FROM intervals GROUP BY ALL
""")
(count,) = db.execute("SELECT count(DISTINCT (household, day)) FROM days").fetchone()
print(f"{count:,} days of households")

# drawn and fed_in are counted at the grid, generated at the photovoltaic system. What was generated and not
# fed in was used in the home. A household without such a meter has no value.
totals = db.execute("""
    WITH totals AS (
        SELECT household,
               sum(energy) FILTER (quantity = 'drawn')::DOUBLE AS drawn,
               sum(energy) FILTER (quantity = 'fed_in')::DOUBLE AS fed_in,
               sum(energy) FILTER (quantity = 'generated')::DOUBLE AS generated
        FROM days GROUP BY household
    )
    SELECT household,
           (generated - fed_in) / generated AS self_consumption,
           (generated - fed_in) / (drawn + generated - fed_in) AS self_sufficiency
    FROM totals ORDER BY household
""").fetchall()
for household, *shares in totals:
    own, sufficient = ("unknown" if share is None else f"{share:.1%}" for share in shares)
    print(f"{household} self-consumption {own} self-sufficiency {sufficient}")

# A mean day: kW at each quarter of an hour (kWh in a quarter of an hour, times four).
for (quantity,) in db.execute("SELECT DISTINCT quantity FROM intervals ORDER BY 1").fetchall():
    line = db.execute(
        """
        SELECT hour(slot) + minute(slot) / 60 AS at, avg(energy::DOUBLE) * 4 AS kw
        FROM intervals WHERE slots = 1 AND quantity = ? GROUP BY 1 ORDER BY 1
        """,
        [quantity],
    ).fetchall()
    plt.step([at for at, _ in line], [kw for _, kw in line], where="post", label=quantity)
plt.xlabel("hour of the day")
plt.ylabel("kW")
plt.title("Mean power of a household")
plt.legend()
plt.savefig(picture, dpi=120)
