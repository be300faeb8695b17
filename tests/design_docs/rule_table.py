"""The rules of a household's documents as they stand in `design_docs/rules/types`, read out of the modules.

`python tests/design_docs/rule_table.py` writes the tables in docs/validator-rules.md anew.
"""

import json
from pathlib import Path
from typing import Any

import quickjs

from couch.design_documents import load_design_document

FILE = Path(__file__).parents[2] / "docs" / "validator-rules.md"
_RUN = """
var modules = {};
function require(name) {
  if (!modules[name]) {
    var source = name.split('/').reduce(function (tree, part) { return tree[part]; }, design);
    var module = modules[name] = {exports: {}};
    new Function('module', 'exports', 'require', source)(module, module.exports, require);
  }
  return modules[name].exports;
}
JSON.stringify(require('lib/types'), function (key, value) { return value === undefined ? null : value; });
"""
_DURING = {
    "granted": "while consent is granted, unless erased",
    "standing": "whatever the consent, unless erased",
    "erased": "in an erased household only",
}


def rules() -> dict[str, dict[str, Any]]:
    """By type: who, when, what must hold; functions are left out, their rules stand as text."""
    context = quickjs.Context()
    context.eval(f"var design = {json.dumps(load_design_document('rules'))};")
    found: dict[str, dict[str, Any]] = json.loads(context.eval(_RUN))
    return found


def _writers(rule: dict[str, Any]) -> str:
    who = [f"`{role}`" for role in rule["writers"]]
    if rule.get("any_device"):
        who.append("a device of the household")
    if "own_device" in rule:
        scope = rule["own_device"]
        who.append("the device it names" + (f", with `scope:{scope}`" if scope else ""))
    return ", ".join(who)


def _deletion(rule: dict[str, Any]) -> str:
    return ", ".join(f"`{role}`" for role in rule.get("deleters", ())) or "never"


def _who_and_when(found: dict[str, dict[str, Any]]) -> list[str]:
    lines = [
        "| type | written by | when | deleted by | changed | at most |",
        "|---|---|---|---|---|---|",
    ]
    for name, rule in found.items():
        cells = [name, _writers(rule), _DURING[rule["during"]], _deletion(rule)]
        lines.append(f"| {' | '.join(cells)} | {'never' if rule.get('once') else 'yes'} | {rule['size']} |")
    return lines


def _what(found: dict[str, dict[str, Any]]) -> list[str]:
    lines = ["| type | field | rule |", "|---|---|---|"]
    for name, rule in found.items():
        lines += [f"| {name} | {field} | {form['rule']} |" for field, form in rule["fields"].items()]
        lines += [f"| {name} | {also['field']} | {also['rule']} |" for also in rule.get("also", ())]
        if rule.get("closed"):
            lines.append(f"| {name} | every other | does not belong here |")
    return lines


def text() -> str:
    """The page with its tables as they should be."""
    page, found = FILE.read_text(encoding="utf-8"), rules()
    for mark, lines in (("who and when", _who_and_when(found)), ("what", _what(found))):
        before, begin, rest = page.partition(f"<!-- {mark} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        page = before + begin + "\n".join(lines) + "\n" + end + after
    return page


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
