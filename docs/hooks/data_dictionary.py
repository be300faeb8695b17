"""The page `data-dictionary.md`, made from docs/schemas when the site is built: it cannot grow old."""

import json
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

_PAGE = "data-dictionary.md"
# Where documents of a type lie, in the order of the page.
_PLACES = {
    "In the database of a household": (
        "registration location pv_system meter device consent measurement gap report order answer "
        "heartbeat erased"
    ),
    "In research, under pseudonyms": ("context research_measurement research_gap export withdrawal"),
    "In the registry": "household_summary parked retry erasure erasure_proof lease worker",
}
_INTRODUCTION = """# Data dictionary

Every document of every database, field by field. Times are RFC 3339 in UTC with whole seconds; uuids are
lower case with hyphens; a quantity is `value` x 10^`scaler` in `unit`, exactly as the meter sent it. Fields
that this version does not know are kept. The same as JSON Schema: one file for each type, such as
[{first}](schemas/{first}.json). What a data set holds is described in its own `datapackage.json`, see
[for analysts](analyst.md).
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page to the site."""
    schemas = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((Path(config.docs_dir) / "schemas").glob("*.json"))
    }
    files.append(File.generated(config, _PAGE, content=page(schemas)))
    return files


def page(schemas: dict[str, dict[str, Any]]) -> str:
    """The Markdown of the page. Types that no place names come last, so that none is forgotten."""
    named = {kind for kinds in _PLACES.values() for kind in kinds.split()}
    places = {**_PLACES, "Others": " ".join(kind for kind in schemas if kind not in named)}
    parts = [_INTRODUCTION.format(first=next(iter(schemas)))]
    for place, kinds in places.items():
        chosen = [kind for kind in kinds.split() if kind in schemas]
        if chosen:
            parts.append(f"## {place}\n")
            parts += [_section(kind, schemas[kind]) for kind in chosen]
    return "\n".join(parts)


def _section(kind: str, schema: dict[str, Any]) -> str:
    tables = [f"### {kind}\n", f"{schema.get('description', '')}\n", _table(schema)]
    for name, inner in schema.get("$defs", {}).items():
        if inner.get("properties"):
            tables += [f"\n`{name}`: {inner.get('description', '')}\n", _table(inner)]
    return "\n".join(tables) + "\n"


def _table(schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = ["| field | holds | needed | meaning |", "|---|---|---|---|"]
    for name, field in schema.get("properties", {}).items():
        meaning = _cell(str(field.get("description", "")))
        rows.append(f"| `{name}` | {_holds(field)} | {'yes' if name in required else ''} | {meaning} |")
    return "\n".join(rows)


def _holds(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return f"`{field['$ref'].rpartition('/')[2]}`"
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_holds(option) for option in field["anyOf"]))
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field.get("type") == "array":
        return f"list of {_holds(field.get('items') or {})}"
    if field.get("format"):
        return str(field["format"])
    limits = [
        f"{word} {field[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in field
    ]
    kind = field.get("type", "anything")
    return " ".join([kind if isinstance(kind, str) else " or ".join(kind), *limits])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
