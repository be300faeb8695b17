"""How one field of the settings is found, checked and, where it is wrong, described to people."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from couch.errors import Fault
from couch.secret import HIDDEN, Secret, secret_from_file

S = TypeVar("S", bound=msgspec.Struct)
_ABSENT: Any = object()


@dataclass(frozen=True)
class Source:
    """Where a value comes from: its key in the file, its variable, and the environment."""

    key: str
    variable: str
    environ: Mapping[str, str]

    def inner(self, name: str, *, table: bool) -> "Source":
        """The source of a field; `table`: this source is a table itself, below the whole file."""
        key = f"{self.key}.{name}" if self.key else name
        return Source(key, f"{self.variable}{'__' if table else '_'}{name.upper()}", self.environ)

    def item(self, place: int) -> "Source":
        return Source(f"{self.key}[{place}]", f"{self.variable}__{place}", self.environ)

    @property
    def set_inside(self) -> bool:
        """Whether any variable speaks of something inside this table."""
        return any(name.startswith(f"{self.variable}__") for name in self.environ)


def read_struct(kind: type[S], table: Any, source: Source, found: list[str]) -> S | None:
    """The value of type `kind` from a table; None when faults were added to `found`."""
    if not isinstance(table, dict):
        found.append(fault(source.key, table, "must be a table", "[" + source.key + "]"))
        return None
    before = len(found)
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for unknown in table.keys() - fields.keys():
        key = f"{source.key}.{unknown}" if source.key else unknown
        found.append(f"{key} is unknown: remove it, or use one of {', '.join(fields)}")
    values: dict[str, Any] = {}
    for name, field in fields.items():
        value = _read_field(
            field, table.get(name, _ABSENT), source.inner(name, table=bool(source.key)), found
        )
        if value is not _ABSENT:
            values[field.name] = value
    if len(found) > before:
        return None
    try:
        return kind(**values)
    except (TypeError, ValueError) as err:  # raised by a check of several fields in __post_init__
        found.append(f"{source.key or 'the settings'}: {err}")
        return None


def _read_field(field: msgspec.structs.FieldInfo, raw: Any, source: Source, found: list[str]) -> Any:
    inner, many = _struct_in(field.type)
    if inner is not None and many:
        return _read_items(field, inner, raw, source, found)
    if inner is not None and (raw is not _ABSENT or source.set_inside or field.required):
        return read_struct(inner, {} if raw is _ABSENT else raw, source, found)
    text = source.environ.get(_variable(field.type) or "", source.environ.get(source.variable))
    if text is not None:
        return _convert(field, _from_text(field.type, text), source.variable, found, strict=False)
    if raw is _ABSENT:
        if field.required:
            found.append(f"{source.key} is missing: {allowed(field.type)}, for example {example(field)}")
        return _ABSENT
    return _convert(field, raw, source.key, found, strict=True)


def _read_items(
    field: msgspec.structs.FieldInfo, inner: type[Any], raw: Any, source: Source, found: list[str]
) -> Any:
    items = [] if raw is _ABSENT else raw
    if not isinstance(items, list):
        found.append(fault(source.key, raw, "must be an array of tables", f"[[{source.key}]]"))
        return _ABSENT
    count = len(items)
    while source.item(count).set_inside:
        count += 1
    if not count:
        if raw is _ABSENT and field.required:
            found.append(f"{source.key} is missing: at least one table [[{source.key}]]")
        return _ABSENT if raw is _ABSENT else ()
    tables = [*items, *({} for _ in range(count - len(items)))]
    return tuple(read_struct(inner, table, source.item(place), found) for place, table in enumerate(tables))


def _convert(field: msgspec.structs.FieldInfo, raw: Any, name: str, found: list[str], *, strict: bool) -> Any:
    try:
        return msgspec.convert(raw, field.type, strict=strict, dec_hook=_special)
    except Fault as err:
        found.append(f"{name}: {err}")
    except (msgspec.ValidationError, ValueError, TypeError):
        shown = HIDDEN if _mentions(field.type, Secret) else raw
        found.append(fault(name, shown, f"must be {allowed(field.type)}", example(field)))
    return _ABSENT


def _special(kind: type[Any], raw: Any) -> Any:
    """Types that TOML has no form of: secrets (a text, or `{file = PATH}`) and paths."""
    if kind is Secret:
        if isinstance(raw, dict) and raw.keys() == {"file"}:
            return secret_from_file(Path(raw["file"]))
        if isinstance(raw, str) and raw:
            return Secret(raw)
    elif issubclass(kind, Path) and isinstance(raw, str) and raw:
        return Path(raw)
    raise ValueError("no such value")


def _from_text(annotation: Any, text: str) -> Any:
    """What a variable's text stands for: lists split at commas, tables as JSON."""
    plain = _bare(annotation)
    origin = get_origin(plain) or plain
    if origin in (tuple, list, frozenset, set) and not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    if origin in (tuple, list, frozenset, set, dict):
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError:
            return text
    return text


def fault(key: str, value: Any, rule: str, example_text: str) -> str:
    """One fault: which key, which value, what is allowed, an example."""
    shown = value if value is HIDDEN else repr(value)
    return f"{key} is {shown}: it {rule}, for example {example_text}"


def allowed(annotation: Any) -> str:
    """In words, what a field takes."""
    for meta in _metas(annotation):
        if meta.description:
            return str(meta.description)
    plain = _bare(annotation)
    origin = get_origin(plain)
    if origin is Literal:
        return "one of " + ", ".join(str(choice) for choice in get_args(plain))
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    names |= {Secret: "a secret text", Path: "a path"}
    words = names.get(plain) or {tuple: "a list", list: "a list", dict: "a table"}.get(origin or plain)
    limits = [
        f"{word} {bound}"
        for meta in _metas(annotation)
        for word, bound in (
            ("at least", meta.ge),
            ("above", meta.gt),
            ("at most", meta.le),
            ("below", meta.lt),
            ("of the form", meta.pattern),
            ("of length at least", meta.min_length),
            ("of length at most", meta.max_length),
        )
        if bound is not None
    ]
    return " ".join(
        [words or str(getattr(plain, "__name__", plain)), *([", ".join(limits)] if limits else [])]
    )


def example(field: msgspec.structs.FieldInfo) -> str:
    """An example of the field's value, as it would stand in the file."""
    for meta in _metas(field.type):
        if meta.examples:
            return _toml(meta.examples[0])
    if field.default not in (msgspec.NODEFAULT, None) and not isinstance(field.default, Secret):
        return _toml(field.default)
    plain = _bare(field.type)
    if get_origin(plain) is Literal:
        return _toml(get_args(plain)[0])
    bounds = [bound for meta in _metas(field.type) for bound in (meta.ge, meta.le) if bound is not None]
    if bounds:
        return _toml(bounds[0])
    texts = {
        "url": "http://127.0.0.1:5984",
        "user": "agent",
        "device": "00000000-0000-4000-8000-000000000000",
    }
    samples: dict[Any, Any] = {bool: True, int: 1, float: 1.5, Path: "/var/lib/survey"}
    samples |= {str: texts.get(field.name, "text"), Secret: "a long random text"}
    return _toml(samples.get(plain, []))


def _toml(value: Any) -> str:
    if isinstance(value, str | Path):
        return f'"{value}"'
    return msgspec.json.encode(value, enc_hook=str).decode()


def _metas(annotation: Any) -> list[msgspec.Meta]:
    if get_origin(annotation) is Annotated:
        base, *rest = get_args(annotation)
        return [*(meta for meta in rest if isinstance(meta, msgspec.Meta)), *_metas(base)]
    if get_origin(annotation) in (Union, UnionType):
        return [meta for part in get_args(annotation) for meta in _metas(part)]
    return []


def _bare(annotation: Any) -> Any:
    """The type itself, without annotations and without `| None`."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, UnionType):
            parts = [part for part in get_args(annotation) if part is not type(None)]
            if len(parts) != 1:
                return annotation
            annotation = parts[0]
        else:
            return annotation


def _variable(annotation: Any) -> str | None:
    """The further variable that a field names in its Meta."""
    for meta in _metas(annotation):
        if meta.extra and "env" in meta.extra:
            return str(meta.extra["env"])
    return None


def _struct_in(annotation: Any) -> tuple[type[Any] | None, bool]:
    """The Struct that a field holds, and whether it holds many."""
    plain = _bare(annotation)
    if get_origin(plain) in (tuple, list):
        inner = _bare(get_args(plain)[0])
        return (inner, True) if _is_struct(inner) else (None, False)
    return (plain, False) if _is_struct(plain) else (None, False)


def _is_struct(plain: Any) -> bool:
    return isinstance(plain, type) and issubclass(plain, msgspec.Struct)


def _mentions(annotation: Any, kind: type) -> bool:
    return _bare(annotation) is kind or any(_mentions(part, kind) for part in get_args(annotation))
