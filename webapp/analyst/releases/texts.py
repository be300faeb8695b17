"""The texts beside the data of a version: how it is cited (`CITATION.cff`) and a page to read first. Pure."""

import json

from couch.clock import to_rfc3339
from webapp.analyst.releases.descriptor import METHOD, SOURCE, Contents, withdrawn_since
from webapp.analyst.releases.settings import DataSetSettings
from webapp.analyst.table_schemas import TABLES

CITATION = "CITATION.cff"
README = "README.md"


def citation(contents: Contents, settings: DataSetSettings) -> bytes:
    """In the Citation File Format 1.2.0 (citation-file-format.github.io). JSON texts are YAML texts, too."""
    lines = [
        "cff-version: 1.2.0",
        "message: If you use this data set, please cite it as below.",
        "type: dataset",
        f"title: {json.dumps(settings.title, ensure_ascii=False)}",
        f'version: "{contents.version}"',
        f'date-released: "{contents.at:%Y-%m-%d}"',
        "authors:",
        *(f"  - name: {json.dumps(author, ensure_ascii=False)}" for author in settings.authors),
        "identifiers:",
        "  - type: other",
        f'    value: "{contents.name}/{contents.version}"',
        "    description: Name and version at the survey's centre",
    ]
    if settings.licence is not None:
        lines.append(f"license: {json.dumps(settings.licence)}")
    if settings.contact is not None:
        lines += ["contact:", f"  - name: {json.dumps(settings.contact, ensure_ascii=False)}"]
    return ("\n".join(lines) + "\n").encode()


def readme(contents: Contents, settings: DataSetSettings) -> bytes:
    """What is in it, how far it can be trusted, what whoever has it must do."""
    anonymity = contents.anonymity
    licence = settings.licence or "none is given: do not pass this data set on"
    described = "\n".join(f"- {each.name}: {each.coarseness}" for each in anonymity.quasi_identifiers)
    since = withdrawn_since(contents.withdrawals, contents.before)
    tables = "\n".join(
        f"| `{table}` | {TABLES[table].title} | {_rows(contents, table)} |"
        for table in contents.selection.tables
    )
    text = f"""# {settings.title}

{contents.name}, version {contents.version}, published on {to_rfc3339(contents.at)}: slots from
{contents.first} up to, but without, {contents.end} (UTC), of {len(contents.households)} households.

| Table | Holds | Rows |
|---|---|---|
{tables}

Each table lies in `data/` as one CSV file and as Parquet (by month where it has times, so that a folder
can be read as one partitioned data set). `datapackage.json` describes every column with its unit and every
file with its SHA-256 checksum: `survey export check FOLDER` compares them.

## Method

{METHOD}

Source: {SOURCE}. Licence: {licence}. How to cite it: `CITATION.cff`.

## How recognizable households are

Each household is like at least {anonymity.k or 0} in what is told of it (k-anonymity; at least
{anonymity.threshold} were asked for). Told of households, and how finely:

{described or "- nothing: the tables name households by pseudonyms alone"}

{anonymity.described()["note"]}

## What you must do

Households may withdraw at any time. Compare `withdrawals` of each newer version with your data: remove every
row of a household that is `erased`; delete what was told of place and installations of one that is
`revoked`. Since the version before, {len(since)} withdrew. Do not try to find out who a household is.
"""
    return text.encode()


def _rows(contents: Contents, table: str) -> str:
    csv = next((file for file in contents.files if file.table == table and file.format == "csv"), None)
    return f"{csv.rows:,}" if csv else "0"
