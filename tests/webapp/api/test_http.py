"""Methods, media types and sizes; every refusal is a problem of RFC 9457."""

import io
import json
from typing import Any

import pytest

from webapp.api.endpoints import ROUTES
from webapp.api.problems import PROBLEMS

PATH = "/household/meter/measurement"
METHODS = {
    "/account": "GET, HEAD, OPTIONS",
    "/household": "GET, HEAD, OPTIONS",
    "/household/consent": "DELETE, OPTIONS, POST",
    "/household/measurement_device": "GET, HEAD, OPTIONS",
    "/household/meter": "GET, HEAD, OPTIONS",
    "/household/meter/5f000000-0000-4000-8000-000000000001/measurement": "GET, HEAD, OPTIONS",
    "/household/meter/measurement": "OPTIONS, POST",
    "/household/pv_system": "GET, HEAD, OPTIONS",
    "/management/household": "GET, HEAD, OPTIONS",
}


def is_problem(answer: Any, name: str) -> bool:
    body = json.loads(answer.data)
    problem = PROBLEMS[name]
    return bool(
        answer.content_type == "application/problem+json"
        and answer.status_code == problem.status == body["status"]
        and (body["type"], body["title"]) == (f"/api#{name}", problem.title)
        and body["detail"]
    )


def test_every_endpoint_stands_in_the_list_of_methods() -> None:
    listed = {
        (method, path.replace("5f000000-0000-4000-8000-000000000001", "{meter}"))
        for path, methods in METHODS.items()
        for method in methods.split(", ")
        if method not in ("HEAD", "OPTIONS")
    }
    assert listed == {(route.method, route.path) for route in ROUTES}


@pytest.mark.parametrize(("path", "allowed"), METHODS.items())
def test_which_methods_there_are_is_told_to_whoever_asks(api: Any, path: str, allowed: str) -> None:
    answer = api.app.test_client().options(path)
    assert (answer.status_code, answer.data) == (200, b"")
    assert ", ".join(sorted(answer.headers["Allow"].split(", "))) == allowed


@pytest.mark.parametrize(("path", "allowed"), METHODS.items())
@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "PROPFIND"])
def test_other_methods_are_refused_with_those_that_there_are(
    api: Any, path: str, allowed: str, method: str
) -> None:
    answer = api.ask(method, path)
    assert is_problem(answer, "method-not-allowed")
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "path",
    [
        "/household/",
        "/household/nothing",
        "/account/erika",
        "/management/nothing",
        "/household/meter/1/measurement",
        "/household/meter/5F000000-0000-4000-8000-000000000001/measurement",
        "/household/meter/5f000000-0000-4000-8000-000000000001%0A/measurement",
        "/household/meter/..%2Fmeter/measurement",
    ],
)
def test_addresses_that_lead_nowhere(api: Any, path: str) -> None:
    assert is_problem(api.get(path), "not-found")


def test_elsewhere_people_get_a_page(api: Any) -> None:
    answer = api.get("/nothing")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert api.ask("PUT", "/sign-in").mimetype == "text/html"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""],
)
def test_only_json_is_taken(api: Any, measurement: Any, content_type: str) -> None:
    answer = api.ask("POST", PATH, data=json.dumps(measurement), content_type=content_type)
    assert is_problem(answer, "unsupported-media-type")
    assert answer.headers["Accept-Post"] == "application/json"


def test_a_compressed_body_is_not_unpacked(api: Any) -> None:
    answer = api.ask(
        "POST", PATH, data=b"x", content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    assert is_problem(answer, "unsupported-media-type")


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"meter": "\xff"}'])
def test_a_body_that_is_no_json(api: Any, data: bytes) -> None:
    assert is_problem(api.ask("POST", PATH, data=data, content_type="application/json"), "malformed")


@pytest.mark.parametrize("data", [b"[]", b"null", b"1", b'"x"', b'{"data": ' + b"[" * 60_000])
def test_a_body_of_another_shape(api: Any, data: bytes) -> None:
    assert is_problem(api.ask("POST", PATH, data=data, content_type="application/json"), "invalid")


def test_a_body_that_is_too_large(api: Any) -> None:
    answer = api.ask("POST", PATH, data=b" " * (64 * 1024 + 1), content_type="application/json")
    assert is_problem(answer, "too-large")


def test_a_body_without_a_length_is_bounded_too(api: Any) -> None:
    answer = api.ask(
        "POST",
        "/household/consent",
        input_stream=io.BytesIO(b"x" * 70_000),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code in (400, 413)


@pytest.mark.parametrize("accept", ["text/html", "application/xml;q=1", "application/json;q=0"])
def test_who_does_not_take_json_gets_none(api: Any, accept: str) -> None:
    assert is_problem(api.get("/household", headers={"Accept": accept}), "not-acceptable")


@pytest.mark.parametrize("accept", ["*/*", "application/*", "application/json", "text/html, */*;q=0.1"])
def test_who_takes_json_gets_it(api: Any, accept: str) -> None:
    assert api.get("/household", headers={"Accept": accept}).content_type == "application/json"


def test_a_foreign_host_name_is_refused(api: Any) -> None:
    assert is_problem(api.get("/household", headers={"Host": "evil.example"}), "misdirected")


def test_an_error_of_ours_is_a_problem_without_its_cause(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError("secret cause")

    monkeypatch.setattr(type(api.household), "_ask", lambda _self: fail())
    monkeypatch.setitem(api.app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = api.get("/household")
    assert is_problem(answer, "internal")
    assert "secret" not in answer.text


def test_answers_are_kept_nowhere(api: Any) -> None:
    assert api.get("/household").headers["Cache-Control"] == "no-store"


def test_no_form_token_is_asked_for_since_no_cookie_is_believed(api: Any) -> None:
    answer = api.ask("DELETE", "/household/consent", role="administrator")
    assert is_problem(answer, "certificate-required")
