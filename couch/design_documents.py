"""Design documents as files: the path below `design_docs/<name>/` is the place in the JSON.

`design_docs/page/views/latest/map.js` becomes `{"views": {"latest": {"map": "<the file>"}}}`; a `.json` file
is parsed. A hash of the content stands in the document, so that bootstrap sees what has changed.
"""

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal

from couch.documents.fields import Json
from couch.errors import Fault

DatabaseKind = Literal["household", "replica", "registry", "research", "month"]

# Which design documents each kind of database carries (design section 5).
DESIGNS: Mapping[DatabaseKind, tuple[str, ...]] = {
    "household": ("rules",),
    "replica": ("rules", "page"),
    "registry": ("registry",),
    "research": (),
    "month": ("research",),
}
HASH_FIELD = "content_hash"


def load_design_document(name: str) -> Json:
    """The design document `_design/<name>` from the installed files, with its content hash.

    Raises Fault when the installation lacks it.
    """
    folder = files("design_docs") / name
    if not folder.is_dir():
        raise Fault(
            f"the design document {name} is missing from the installation. Install the package again."
        )
    return design_document(name, _tree(folder))


def design_document(name: str, tree: Json) -> Json:
    """The document of a tree of functions, with its content hash."""
    body = {"language": "javascript", **tree}
    digest = hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    return {"_id": f"_design/{name}", **body, HASH_FIELD: digest}


def _tree(folder: Traversable) -> Json:
    tree: Json = {}
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        stem, dot, ending = entry.name.rpartition(".")
        if entry.is_dir():
            if entry.name != "__pycache__":
                tree[entry.name] = _tree(entry)
        elif dot and ending in ("js", "json"):
            tree[stem] = _content(entry, ending)
    return tree


def _content(entry: Traversable, ending: str) -> Any:
    text = entry.read_text(encoding="utf-8")
    return json.loads(text) if ending == "json" else text.rstrip()
