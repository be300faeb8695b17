"""The page `rest.md`, made from docs/openapi.json when the site is built."""

import json
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

_PAGE = "rest.md"
_METHODS = ("get", "post", "put", "delete")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page to the site."""
    described = json.loads((Path(config.docs_dir) / "openapi.json").read_text(encoding="utf-8"))
    files.append(File.generated(config, _PAGE, content=page(described)))
    return files


def page(described: dict[str, Any]) -> str:
    """The Markdown of the page."""
    rows = ["| request | for | what |", "|---|---|---|"]
    details = []
    for path, operations in described["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                rows.append(f"| `{method.upper()} {path}` | {_who(operation)} | {operation['summary']} |")
                details.append(_detail(method, path, operation))
    return "\n".join(
        [
            f"# {described['info']['title']}\n",
            described["info"]["description"] + "\n",
            "The whole description for programs: [openapi.json](openapi.json) (OpenAPI 3.1); "
            "a centre serves it at `/api`.\n",
            *rows,
            "",
            *details,
        ]
    )


def _who(operation: dict[str, Any]) -> str:
    found = []
    for scheme in operation.get("security", ()):
        for who, names in scheme.items():
            found.append(f"{who} ({', '.join(names)})" if names else who)
    return "; ".join(found)


def _detail(method: str, path: str, operation: dict[str, Any]) -> str:
    lines = [f"## {method.upper()} {path}\n", f"{operation.get('description') or operation['summary']}\n"]
    inputs = [item for item in operation.get("parameters", ()) if "name" in item]
    if inputs:
        lines += ["| parameter | in | meaning |", "|---|---|---|"]
        lines += [f"| `{item['name']}` | {item['in']} | {item.get('description', '')} |" for item in inputs]
        lines.append("")
    lines += ["| answer | means |", "|---|---|"]
    for status, answer in operation["responses"].items():
        meaning = str(answer.get("description", "see /api")).replace("\n", " ")
        lines.append(f"| {status} | {meaning} |")
    return "\n".join(lines) + "\n"
