"""Client addresses: the peer's unless a trusted proxy says otherwise, and who may see the operator's routes."""

from __future__ import annotations

from typing import Any

import pytest

from ves_api.auth.addresses import client_address, is_denied
from ves_api.settings import SettingsError, load

TRUST = {"TRUST_PROXY_HEADERS": "true"}
PUBLIC, PROXY = "203.0.113.9", "10.0.0.7"


def scope(peer: str | None, **headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"client": None if peer is None else (peer, 4711), "headers": named}


def resolved(peer: str | None, env: dict[str, str] | None = None, **headers: str) -> str | None:
    auth = load(TRUST if env is None else env).auth
    address = client_address(scope(peer, **headers), auth.trusted_proxies)
    return None if address is None else str(address)


def test_without_the_switch_headers_say_nothing() -> None:
    headers = {"x_forwarded_for": PUBLIC, "x_real_ip": PUBLIC, "forwarded": f"for={PUBLIC}"}
    assert resolved("127.0.0.1", {}, **headers) == "127.0.0.1"


def test_a_stranger_cannot_name_another_address() -> None:
    headers = {"x_forwarded_for": "10.1.1.1", "x_real_ip": "10.1.1.1", "forwarded": "for=10.1.1.1"}
    assert resolved(PUBLIC, **headers) == PUBLIC


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, PROXY),
        ({"x_forwarded_for": PUBLIC}, PUBLIC),
        ({"x_forwarded_for": f"{PUBLIC}, {PROXY}"}, PUBLIC),
        ({"x_forwarded_for": f" {PUBLIC} ,10.0.0.8"}, PUBLIC),
        ({"x_forwarded_for": "10.9.9.9, 10.0.0.8"}, "10.9.9.9"),
        ({"x_forwarded_for": f"198.51.100.1, {PUBLIC}"}, PUBLIC),
        ({"x_forwarded_for": f"{PUBLIC}:4711"}, PUBLIC),
        ({"x_forwarded_for": "2001:db8::7"}, "2001:db8::7"),
        ({"x_forwarded_for": "[2001:db8::7]:443"}, "2001:db8::7"),
        ({"x_forwarded_for": f"::ffff:{PUBLIC}"}, PUBLIC),
        ({"x_forwarded_for": "unknown"}, PROXY),
        ({"x_forwarded_for": "' or true --"}, PROXY),
        ({"x_forwarded_for": ""}, PROXY),
        ({"x_forwarded_for": PUBLIC, "x_real_ip": "198.51.100.1"}, PUBLIC),
        ({"x_real_ip": PUBLIC, "forwarded": "for=198.51.100.1"}, PUBLIC),
        ({"forwarded": f"for={PUBLIC};proto=https"}, PUBLIC),
        ({"forwarded": f'proto=https; For="{PUBLIC}:80"'}, PUBLIC),
        ({"forwarded": 'for="[2001:db8::7]:4711"'}, "2001:db8::7"),
        ({"forwarded": f"for={PUBLIC}, for={PROXY}"}, PUBLIC),
        ({"forwarded": "for=_hidden"}, PROXY),
        ({"forwarded": f"by={PUBLIC}"}, PROXY),
    ],
    ids=str,
)
def test_a_trusted_proxy_names_the_client(headers: dict[str, str], expected: str) -> None:
    assert resolved(PROXY, **headers) == expected


def test_a_mapped_peer_is_the_ipv4_address_that_it_is() -> None:
    assert resolved(f"::ffff:{PROXY}", x_forwarded_for=PUBLIC) == PUBLIC
    assert resolved(f"::ffff:{PUBLIC}", x_forwarded_for="10.1.1.1") == PUBLIC


def test_a_peer_without_an_address_is_unknown_and_trusted_by_nobody() -> None:
    assert resolved(None, x_forwarded_for=PUBLIC) is None


def test_the_list_of_proxies_replaces_the_private_networks() -> None:
    env = {**TRUST, "TRUST_PROXY_ALLOWLIST": "198.51.100.0/24, 2001:db8::1"}
    assert resolved("198.51.100.3", env, x_forwarded_for=PUBLIC) == PUBLIC
    assert resolved("2001:db8::1", env, x_forwarded_for=PUBLIC) == PUBLIC
    assert resolved(PROXY, env, x_forwarded_for=PUBLIC) == PROXY


def denied(path: str, peer: str | None, allowed: str, **headers: str) -> bool:
    env = {"ADMIN_IP_ALLOWLIST": allowed, **TRUST}
    return is_denied(scope(peer, **headers), path, load(env).auth)


@pytest.mark.parametrize(
    "path",
    ["/admin", "/admin/", "/api/v1/admin/overview", "/api/v1/admin", "/metrics", "/health/detailed"],
)
def test_the_operators_routes_are_for_listed_addresses(path: str) -> None:
    for allowed, inside, outside in (
        ("203.0.113.0/24", PUBLIC, "203.0.114.1"),
        (PUBLIC, PUBLIC, "203.0.113.8"),
        ("203.0.113.9/24", "203.0.113.200", "127.0.0.1"),
        ("::ffff:203.0.113.0/120", PUBLIC, "203.0.112.1"),
        ("2001:db8::/32", "2001:db8:1::1", "2001:db9::1"),
    ):
        assert not denied(path, inside, allowed)
        assert denied(path, outside, allowed)
    assert not denied(path, f"::ffff:{PUBLIC}", PUBLIC)
    assert denied(path, None, PUBLIC)
    assert not denied(path, PROXY, PUBLIC, x_forwarded_for=PUBLIC)
    assert denied(path, PROXY, PROXY, x_forwarded_for=PUBLIC)
    assert not denied(path, PUBLIC, "")


@pytest.mark.parametrize(
    "path", ["/health", "/ready", "/api/v1/events", "/administrator", "/api/v1/adminx", "/"]
)
def test_other_routes_are_for_everybody(path: str) -> None:
    assert not denied(path, "198.51.100.1", PUBLIC)


@pytest.mark.parametrize("name", ["ADMIN_IP_ALLOWLIST", "TRUST_PROXY_ALLOWLIST"])
@pytest.mark.parametrize("value", ["office", "10.0.0.0/33", "10.0.0", "10.0.0.1,,x", "2001:db8::/129"])
def test_a_bad_entry_of_a_list_stops_the_start(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load({name: value})
