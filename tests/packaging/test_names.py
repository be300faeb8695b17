"""The given top-level names are also names on PyPI: no dependency may bring one of them."""

import re
from importlib import metadata

OURS = {"anonymizer", "couch", "design_docs", "edge", "provisioning", "survey", "webapp"}
DISTRIBUTION = "household-energy-survey"


def requirements_of(name: str) -> set[str]:
    """Names of the distributions that `name` needs without extras."""
    lines = metadata.requires(name) or []
    return {re.split(r"[\s<>=!~;\[(]", line, maxsplit=1)[0] for line in lines if "extra ==" not in line}


def all_requirements() -> set[str]:
    found: set[str] = set()
    waiting = requirements_of(DISTRIBUTION)
    while waiting:
        name = waiting.pop()
        if name.lower() in found:
            continue
        try:
            further = requirements_of(name)
        except metadata.PackageNotFoundError:  # needed on another platform only
            continue
        found.add(name.lower())
        waiting |= further
    return found


def top_level_names(distribution: str) -> set[str]:
    files = metadata.files(distribution) or []
    return {
        file.parts[0].removesuffix(".py") for file in files if file.suffix == ".py" and ".." not in file.parts
    }


def test_no_dependency_brings_a_top_level_name_of_ours() -> None:
    shared = {name: top_level_names(name) & OURS for name in all_requirements()}
    assert len(shared) > 15
    assert {name: names for name, names in shared.items() if names} == {}


def test_every_import_of_the_product_is_a_declared_dependency() -> None:
    declared = {name.lower().replace("_", "-") for name in requirements_of(DISTRIBUTION)}
    assert "typing-extensions" in declared  # pycouchdb imports it without saying so
    assert {"pycouchdb", "smllib", "pyserial", "flask", "pyproj", "shapely", "cryptography"} <= declared
