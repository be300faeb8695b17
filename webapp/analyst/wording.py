"""What tables, formats and qualities are called on pages, marked for translation."""

from webapp.analyst.export_request import Format
from webapp.analyst.selection import Quality, TableName
from webapp.translation import marked

TABLE_WORDS: dict[TableName, str] = {
    "measurements": marked("measurements: every reading as the meter sent it"),
    "intervals": marked("intervals: energy between measurements, from the counters"),
    "context": marked("context: households, what may be told of them"),
    "pv_systems": marked("pv_systems: their photovoltaic systems"),
    "meters": marked("meters: their meters"),
    "gaps": marked("gaps: missing slots and why"),
}
FORMAT_WORDS: dict[Format, str] = {
    "ndjson": marked("NDJSON: a JSON object on each line"),
    "json": marked("JSON: one array"),
    "csv": marked("CSV: for spreadsheets and statistics programs"),
    "parquet": marked("Parquet: typed columns, a file for each month, the smallest and fastest to read"),
}
QUALITY_WORDS: dict[Quality, str] = {
    "unmarked": marked("Only rows without a mark of doubt"),
    "without_gaps": marked("Only intervals in which no slot is missing"),
    "synchronized": marked("Only times from a synchronized clock"),
}
