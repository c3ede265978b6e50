"""What every route refuses in the same way: callers without a credential, bodies and parameters that are none."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.api.support import assert_error
from tests.api.surface.conftest import BODY_LIMIT, DOCUMENT
from tests.api.surface.place import mint
from tests.api.surface.requests import build, path_of

if TYPE_CHECKING:
    import httpx

    from tests.api.surface.place import Place
    from tests.api.surface.requests import Route
    from tests.conftest import Database
    from tests.support.processes import Server

JSON = {"content-type": "application/json"}
NOT_JSON = {"nothing": b"", "half": b'{"a":', "invalid UTF-8": b'{"a":"\xff"}', "two values": b"{} {}"}
NOT_AN_OBJECT = {"an array": b"[]", "a string": b'"{}"', "null": b"null", "a number": b"7"}
NOT_A_UUID = ("", "x", "00000000-0000-0000-0000-00000000000g", "0" * 31, "*", "%00")
NOT_A_NUMBER = ("-1", "x", "1.5", "1e3", "18446744073709551616", " 1", "٣")


def test_without_a_credential_it_is_refused(surface: Server, ours: Place, closed_route: Route) -> None:
    with surface.client(key=None) as anyone:
        assert_error(build(closed_route, ours).send(anyone), 401, "AUTH_REQUIRED", 1001)


def test_who_asks_is_checked_before_what_is_asked(surface: Server, ours: Place, closed_route: Route) -> None:
    """Nothing of a stranger's request is judged: not its parameters, not its body."""
    call = build(closed_route, ours)
    names = [p["name"] for p in closed_route.parameters("path")]
    path = path_of(closed_route, ours, **dict.fromkeys(names, "x"))
    broken = dataclasses.replace(call, path=path, query={}, body=call.body and b"{")
    with surface.client(key=None) as anyone:
        assert_error(broken.send(anyone), 401, "AUTH_REQUIRED", 1001)


def test_with_an_unknown_key_it_is_refused(surface: Server, ours: Place, closed_route: Route) -> None:
    with surface.client(key="ss_nobody_made_this_key") as stranger:
        assert_error(build(closed_route, ours).send(stranger), 401, "INVALID_API_KEY", 1002)


def test_with_a_key_that_may_nothing_it_is_refused(
    surface: Server, surface_database: Database, ours: Place, closed_route: Route
) -> None:
    key = mint(surface_database, ours.tenant_id, can_read=False, can_write=False)
    with surface.client(key=key) as nobody:
        assert_error(build(closed_route, ours).send(nobody), 403, "INSUFFICIENT_PERMISSIONS", 1005)


def test_an_open_route_asks_for_no_credential(surface: Server, ours: Place, open_route: Route) -> None:
    with surface.client(key=None) as anyone:
        assert build(open_route, ours).send(anyone).status_code == 200


@pytest.mark.parametrize("kind", NOT_JSON)
def test_a_body_that_is_not_json_is_malformed(
    bootstrap: httpx.Client, ours: Place, body_route: Route, kind: str
) -> None:
    call = dataclasses.replace(build(body_route, ours), body=NOT_JSON[kind])
    assert_error(call.send(bootstrap), 400, "INVALID_REQUEST_BODY", 3001)


@pytest.mark.parametrize("kind", NOT_AN_OBJECT)
def test_a_body_that_is_no_object_has_the_wrong_shape(
    bootstrap: httpx.Client, ours: Place, body_route: Route, kind: str
) -> None:
    call = dataclasses.replace(build(body_route, ours), body=NOT_AN_OBJECT[kind])
    assert_error(call.send(bootstrap), 422, "INVALID_REQUEST_BODY", 3001)


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_media_type_is_refused(
    bootstrap: httpx.Client, ours: Place, body_route: Route, media_type: str
) -> None:
    answer = build(body_route, ours).send(bootstrap, **{"content-type": media_type})
    assert_error(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_at_the_limit_is_read_and_one_byte_more_is_not(
    bootstrap: httpx.Client, ours: Place, body_route: Route
) -> None:
    call = build(body_route, ours)
    assert call.body is not None
    at_limit = dataclasses.replace(call, body=call.body.ljust(BODY_LIMIT))
    assert at_limit.send(bootstrap).status_code not in (413, 500)
    above = dataclasses.replace(call, body=call.body.ljust(BODY_LIMIT + 1))
    assert_error(above.send(bootstrap), 413, "PAYLOAD_TOO_LARGE", 3004)


def test_a_required_query_parameter_that_is_missing_is_named(
    bootstrap: httpx.Client, ours: Place, parameter_route: Route
) -> None:
    call = build(parameter_route, ours)
    for name in [p["name"] for p in parameter_route.parameters("query") if p["required"]]:
        rest = {k: v for k, v in call.query.items() if k != name}
        error = assert_error(
            dataclasses.replace(call, query=rest).send(bootstrap), 400, "INVALID_FIELD_VALUE"
        )
        assert error["details"]["field"] == name


def test_a_parameter_that_is_not_of_its_kind_is_refused(
    bootstrap: httpx.Client, ours: Place, parameter_route: Route
) -> None:
    call = build(parameter_route, ours)
    for parameter in parameter_route.operation["parameters"]:
        schema, name = parameter["schema"], parameter["name"]
        wrong = NOT_A_UUID if schema.get("format") == "uuid" else ()
        wrong = NOT_A_NUMBER if schema["type"] == "integer" else wrong
        for text in wrong:
            if parameter["in"] == "query":
                bad = dataclasses.replace(call, query=call.query | {name: text})
            elif text:
                bad = dataclasses.replace(call, path=path_of(parameter_route, ours, **{name: quote(text)}))
            else:
                continue
            assert bad.path != call.path or bad.query != call.query
            assert_error(bad.send(bootstrap), 400, "INVALID_FIELD_VALUE")


def test_another_method_is_not_allowed(bootstrap: httpx.Client, ours: Place, route: Route) -> None:
    served = {method.upper() for method in DOCUMENT["paths"][route.template]}
    other = next(method for method in ("PATCH", "PUT", "DELETE", "POST") if method not in served)
    answer = bootstrap.request(other, build(route, ours).path)
    assert_error(answer, 405, "METHOD_NOT_ALLOWED")
    assert route.method in answer.headers["allow"]
