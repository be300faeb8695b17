"""What design functions find around them, and what becomes of what they throw."""

import pytest

from couch.node.js.outcome import JsError, Rejection
from couch.node.js.sandbox import OutOfMemory, Sandbox

NOBODY = {"name": None, "roles": []}


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return Sandbox()


def emitted(sandbox: Sandbox, source: str, doc: dict, lib: dict | None = None) -> list:
    design = {"views": {"v": {"map": source}, **({"lib": lib} if lib else {})}}
    (rows,) = sandbox.map(design, "v", [doc])
    return rows


def verdict(sandbox: Sandbox, body: str, doc: dict | None = None, **more: object) -> Rejection | None:
    design = {"_id": "_design/v", "validate_doc_update": f"function (n, o, u, s) {{ {body} }}", **more}
    return sandbox.validate(design, doc or {"_id": "a"}, None, NOBODY, {})


def test_a_map_emits_keys_and_values_in_order(sandbox: Sandbox) -> None:
    rows = emitted(
        sandbox, "function (doc) { emit(doc.n, 1); emit([doc._id]); emit(); }", {"_id": "a", "n": 2}
    )
    assert rows == [(2, 1), (["a"], None), (None, None)]


def test_an_emitted_error_becomes_an_object(sandbox: Sandbox) -> None:
    assert emitted(sandbox, "function () { emit('e', new Error('boom')); }", {}) == [
        ("e", {"error": "Error", "message": "boom"})
    ]


def test_a_map_that_fails_emits_nothing_for_this_document(sandbox: Sandbox) -> None:
    assert emitted(sandbox, "function (doc) { emit(1); emit(doc.x.y); }", {"_id": "a"}) == []
    assert sandbox.log == ["function raised exception TypeError: cannot read property 'y' of undefined"]


def test_a_map_cannot_change_the_document(sandbox: Sandbox) -> None:
    source = "function (doc) { doc.x = 5; doc.in.x = 5; emit(doc.x, doc.in.x); }"
    assert emitted(sandbox, source, {"_id": "a", "in": {}}) == [(None, None)]


def test_helpers_are_those_of_couchdb(sandbox: Sandbox) -> None:
    source = "function () { emit(sum([1, 2, 3]), [isArray([]), isArray({}), toJSON({a: 1}), typeof log]); }"
    assert emitted(sandbox, source, {}) == [(6, [True, False, '{"a":1}', "function"])]


def test_a_map_requires_modules_below_views_lib_only(sandbox: Sandbox) -> None:
    lib = {"twice": "exports.f = function (x) { return 2 * x; };"}
    assert emitted(sandbox, "function (d) { emit(require('views/lib/twice').f(d.n)); }", {"n": 21}, lib) == [
        (42, None)
    ]
    assert emitted(sandbox, "function (d) { emit(require('lib/other')); }", {"n": 21}, lib) == []


def test_modules_require_their_neighbours(sandbox: Sandbox) -> None:
    lib = {
        "a": "module.exports = {name: 'a', b: require('./b').name, c: require('./sub/c').name}",
        "b": "exports.name = 'b'",
        "sub": {"c": "exports.name = 'c' + require('../b').name"},
    }
    reason = "a b cb"
    assert verdict(
        sandbox, "var a = require('lib/a'); throw({forbidden: [a.name, a.b, a.c].join(' ')});", lib=lib
    ) == Rejection("forbidden", reason)


def test_modules_that_require_each_other_end(sandbox: Sandbox) -> None:
    lib = {"a": "exports.n = 1; exports.b = require('lib/b').n", "b": "exports.n = require('lib/a').n + 1"}
    assert verdict(sandbox, "throw({forbidden: require('lib/a').b})", lib=lib) == Rejection("forbidden", 2)


@pytest.mark.parametrize("name", ["lib/none", "lib", "constructor", "../x", "lib/a/b"])
def test_what_is_no_module_cannot_be_required(sandbox: Sandbox, name: str) -> None:
    found = verdict(sandbox, f"require('{name}')", lib={"a": "exports.x = 1"})
    assert found is not None
    assert found.kind == "invalid_require_path"


@pytest.mark.parametrize(
    ("thrown", "expected"),
    [
        ("({forbidden: 'no'})", Rejection("forbidden", "no")),
        ("({unauthorized: 'who'})", Rejection("unauthorized", "who")),
        ("({forbidden: 5})", Rejection("forbidden", 5)),
        ("'text'", Rejection("unknown_error", "text")),
        ("({other: 'x'})", Rejection("unknown_error", "x")),
        ("new Error('boom')", Rejection("Error", "boom")),
        ("['error', 'e', 'r']", Rejection("e", "r")),
        ("true", None),
        ("1", None),
    ],
)
def test_what_a_validator_throws_means_what_it_means_in_couchdb(
    sandbox: Sandbox, thrown: str, expected: Rejection | None
) -> None:
    assert verdict(sandbox, f"throw({thrown});") == expected


@pytest.mark.parametrize("thrown", ["5", "({})", "({forbidden: 'a', unauthorized: 'b'})", "undefined"])
def test_whatever_else_a_validator_throws_refuses_the_document(sandbox: Sandbox, thrown: str) -> None:
    found = verdict(sandbox, f"throw({thrown});")
    assert found is not None
    assert found.status == 500


def test_the_status_of_a_rejection_is_that_of_its_kind() -> None:
    assert Rejection("forbidden", "").status == 403
    assert Rejection("unauthorized", "").status == 401
    assert Rejection("TypeError", "").status == 500


def test_a_validator_sees_documents_user_and_security_and_itself(sandbox: Sandbox) -> None:
    source = "function (n, o, u, s) { throw({forbidden: JSON.stringify([n, o, u, s, this._id])}); }"
    design = {"_id": "_design/v", "validate_doc_update": source}
    found = sandbox.validate(
        design, {"_id": "a"}, {"_id": "b"}, {"roles": ["r"]}, {"consent": {"state": "x"}}
    )
    expected = '[{"_id":"a"},{"_id":"b"},{"roles":["r"]},{"consent":{"state":"x"}},"_design/v"]'
    assert found == Rejection("forbidden", expected)


def test_a_validator_that_changes_the_user_changes_it_for_itself_alone(sandbox: Sandbox) -> None:
    source = (
        "function (n, o, u) { if (u.roles.length) throw({forbidden: 'once more'}); u.roles.push('_admin'); }"
    )
    design = '{"validate_doc_update": "' + source + '"}'
    result = sandbox.run("validate", design, '[[{"_id":"a"},null],[{"_id":"b"},null]]', '{"roles":[]}', "{}")
    assert result == "[true,[null,null]]"


def test_a_design_document_that_replaces_json_harms_only_itself(sandbox: Sandbox) -> None:
    assert verdict(sandbox, "JSON.stringify = JSON.parse = function () { return 'mine'; };") is None
    assert verdict(sandbox, "throw({forbidden: JSON.stringify([1])});") == Rejection("forbidden", "[1]")


@pytest.mark.parametrize(
    "source",
    [
        "function (doc) { emit(1); }",
        "function(doc) { emit(1); };",
        "// why\nfunction (doc) { emit(1); } // what }",
        "/* why */ function (doc) { emit(1); } /* what */ ;",
        "(function (doc) { emit(1); })",
        "(doc) => { emit(1); }",
        "doc => emit(1)",
        "var f = function (doc) { emit(1); }; f",
    ],
)
def test_a_function_may_be_written_as_couchdb_takes_it(sandbox: Sandbox, source: str) -> None:
    assert emitted(sandbox, source, {}) == [(1, None)]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("function (doc) { emit( }", "compilation_error"),
        ("5", "compilation_error"),
        ("function named(doc) { emit(1); }", "compilation_error"),
        ("function (doc) {}; 5 +", "compilation_error"),
        ("", "not_found"),
    ],
)
def test_what_couchdb_does_not_take_is_refused(sandbox: Sandbox, source: str, error: str) -> None:
    with pytest.raises(JsError) as caught:
        emitted(sandbox, source, {})
    assert caught.value.error == error


def test_filters_say_which_documents_pass(sandbox: Sandbox) -> None:
    design = {"filters": {"big": "function (doc, req) { return doc.n >= Number(req.query.min); }"}}
    assert sandbox.filter(design, "big", [{"n": 1}, {"n": 3}], {"query": {"min": "2"}}) == [False, True]


def test_a_missing_filter_is_missing(sandbox: Sandbox) -> None:
    with pytest.raises(JsError, match="missing json key: none"):
        sandbox.filter({"filters": {}}, "none", [], {})


def test_a_reduction_that_does_not_shrink_is_replaced_by_an_error(sandbox: Sandbox) -> None:
    design = {"views": {"v": {"reduce": "function (k, v) { return v.join(''); }"}}}
    found = sandbox.reduce(design, "v", [[1, "a"]], ["x" * 5000])
    assert list(found) == ["reduce_overflow_error"]


def test_a_reduce_that_fails_gives_null(sandbox: Sandbox) -> None:
    assert sandbox.reduce({"views": {"v": {"reduce": "function () { throw 1; }"}}}, "v", [], []) is None


def test_a_context_that_ran_out_of_memory_is_replaced() -> None:
    sandbox = Sandbox(memory_limit_mb=8)
    source = "function (doc) { var a = []; while (doc.grow) a.push('x'.repeat(100000) + a.length); emit(1); }"
    design = {"views": {"v": {"map": source}}}
    with pytest.raises(OutOfMemory):
        sandbox.map(design, "v", [{"grow": True}])
    assert sandbox.map(design, "v", [{"grow": False}]) == [[(1, None)]]


def test_a_function_that_catches_the_lack_of_memory_does_not_go_on_unseen() -> None:
    sandbox = Sandbox(memory_limit_mb=8)
    source = "function () { var a = []; while (true) a.push('x'.repeat(100000) + a.length); }"
    with pytest.raises(OutOfMemory):
        sandbox.validate({"validate_doc_update": source}, {}, None, NOBODY, {})


def test_endless_recursion_is_the_functions_own_error(sandbox: Sandbox) -> None:
    found = verdict(sandbox, "function f() { return f() + 1; } f();")
    assert found is not None
    assert found.kind == "RangeError"


def test_large_documents_do_not_count_as_memory_of_the_functions() -> None:
    sandbox = Sandbox(memory_limit_mb=8)
    doc = {"_id": "a", "data": ["x" * 1000] * 8000}
    assert sandbox.map({"views": {"v": {"map": "function (d) { emit(d.data.length); }"}}}, "v", [doc]) == [
        [(8000, None)]
    ]
