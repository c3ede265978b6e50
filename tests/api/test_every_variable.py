"""Every environment variable of the original's server (operations 1.1-1.5 and 1.7), one row each.

A row gives the default, values that are taken with what they come to, values that stop the start, and values that fall
back as in the original. A variable of the original that nobody reads fails here; one that a later part of the system
will read is in LATER with its reason.
"""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import ves_api
from ves_api.settings import Environment, SettingsError, read

API = Path(ves_api.__file__).parent
SEED = "5a" * 32
TENANT = str(uuid.UUID(int=7))
CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class Row:
    """One variable. `needs` are other variables without which it could not be set at all."""

    name: str
    default: Any
    taken: dict[str, Any] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    falls_back: dict[str, Any] = field(default_factory=dict)
    needs: dict[str, str] = field(default_factory=dict)


def number(name: str, default: Any, *, zero: bool = False, **needs: str) -> Row:
    """A count or a time."""
    taken = {"7": 7, " 12 ": 12} | ({"0": 0} if zero else {})
    refused = ("x", "-1", "1e", "") if zero else ("x", "-1", "0")
    return Row(name, default, taken, tuple(r for r in refused if r), needs=needs)


def switch(name: str, *, default: bool, **needs: str) -> Row:
    """1/true/on/yes and 0/false/off/no in any case; another word stops the start."""
    taken = dict.fromkeys(("1", "true", "ON", "Yes"), True) | dict.fromkeys(
        ("0", "False", "off", "no"), False
    )
    return Row(name, default, taken, ("maybe", "2"), needs=needs)


def cache(name: str, default: int) -> list[Row]:
    """Limits of a cache: at least 1, and what is no number means the default."""
    age = {"COMMITMENT": 300, "PROOF": 600, "AGENT_KEY": 3600, "SCHEMA": 600}[name.removeprefix("VES_")]
    return [
        Row(f"CACHE_{name}_MAX", default, {"7": 7, "0": 1}, (), {"many": default, "-1": default}),
        Row(f"CACHE_{name}_TTL_SECS", age, {"7": 7, "0": 1}, (), {"1.5": age}),
    ]


ROWS = [
    # 1.1 the server
    Row("HOST", "0.0.0.0", {"127.0.0.1": "127.0.0.1", "::1": "::1"}),
    Row("PORT", 8080, {"9000": 9000, "65535": 65535}, ("65536", "-1", "http")),
    Row("GRPC_PORT", 8081, {"9000": 9000, "65535": 65535}, ("65536", "-1", "grpc")),
    switch("GRPC_DISABLED", default=False),
    number("GRPC_REQUEST_TIMEOUT_SECS", 30),
    number("REQUEST_TIMEOUT_SECS", 30),
    number("MAX_BODY_SIZE_BYTES", 10_485_760),
    number("MAX_EVENTS_PER_BATCH", 1000),
    number("MAX_EVENT_PAYLOAD_SIZE", 1_048_576),
    Row(
        "CORS_ALLOW_ORIGINS",
        "",
        {"*": "*", "https://a.example,https://b.example": "https://a.example,https://b.example"},
    ),
    Row("SEQUENCER_ENV", "", {"staging": "staging", "prodution": "prodution"}),
    Row("ENVIRONMENT", "", {"production": "production"}),
    # 1.2 the database
    Row(
        "DATABASE_URL",
        "postgres://localhost/stateset_sequencer",
        {
            u: u
            for u in (
                "postgres://u@db.example/d?sslmode=require",
                "postgres://u@db.example/d?sslmode=verify-ca",
                "postgres://u@db.example/d?sslmode=verify-full",
                "postgresql://u@/d?host=%2Frun%2Fpg",
            )
        },
        (
            "not a url at all",
            "postgres://u@db.example/d",
            "postgres://u@db.example/d?sslmode=prefer",
            "postgres://u@db.example/d?sslmode=allow",
            "postgres://u@db.example/d?sslmode=disable",
            "postgres://u@postgres/d",
            "postgres://u@localhost,db.example/d",
        ),
    ),
    Row(
        "READ_DATABASE_URL",
        "",
        {"postgres://u@db.example/d?sslmode=require": "postgres://u@db.example/d?sslmode=require"},
        ("not a url at all", "postgres://u@db.example/d", "postgres://u@postgres/d?sslmode=prefer"),
    ),
    Row("MAX_DB_CONNECTIONS", 8 * 3, {"7": 7}, ("0", "many"), needs={"VES_API_WORKERS": "3"}),
    Row("MIN_DB_CONNECTIONS", 3, {"0": 0, "7": 7}, ("-1", "many"), needs={"VES_API_WORKERS": "3"}),
    Row("READ_MAX_DB_CONNECTIONS", 5, {"7": 7}, ("0", "many"), needs={"MAX_DB_CONNECTIONS": "5"}),
    number("READ_MIN_DB_CONNECTIONS", 0, zero=True),
    number("DB_ACQUIRE_TIMEOUT_MS", 5000),
    number("READ_DB_ACQUIRE_TIMEOUT_MS", 500),
    number("DB_IDLE_TIMEOUT_SECS", 600),
    number("READ_DB_IDLE_TIMEOUT_SECS", 600),
    number("DB_MAX_LIFETIME_SECS", 1800),
    number("READ_DB_MAX_LIFETIME_SECS", 1800),
    number("DB_STATEMENT_TIMEOUT_MS", 30_000, zero=True),
    number("DB_IDLE_IN_TX_TIMEOUT_MS", 60_000, zero=True),
    number("DB_LOCK_TIMEOUT_MS", 10_000, zero=True),
    Row("DB_APPLICATION_NAME", "stateset-sequencer", {"mine": "mine"}),
    Row("READ_DB_APPLICATION_NAME", "mine-read", {"other": "other"}, needs={"DB_APPLICATION_NAME": "mine"}),
    number("DB_STARTUP_MAX_RETRIES", 10, zero=True),
    number("DB_STARTUP_RETRY_DELAY_SECS", 3, zero=True),
    Row("DB_MIGRATE_ON_STARTUP", "true", {"off": "off", "0": "0", "whatever": "whatever"}),
    switch("ALLOW_INSECURE_LOCAL_DB", default=False),
    # 1.3 authentication and limits
    Row(
        "AUTH_MODE",
        "required",
        {"disabled": "disabled"},
        ("optional", "off"),
        needs={"ALLOW_AUTH_DISABLED": "1"},
    ),
    switch("ALLOW_AUTH_DISABLED", default=False),
    Row("BOOTSTRAP_ADMIN_API_KEY", "", {"ss_" + "k" * 40: "ss_" + "k" * 40}, ("dev_admin_key",)),
    Row("JWT_SECRET", "", {"s" * 32: "s" * 32}),
    Row("JWT_ISSUER", "stateset-sequencer", {"me": "me"}),
    Row("JWT_AUDIENCE", "stateset-api", {"them": "them"}),
    Row("RATE_LIMIT_PER_MINUTE", 600_000, {"100": 100, "off": "off"}, ("0", "many", "-1")),
    number("RATE_LIMIT_MAX_ENTRIES", 10_000),
    number("RATE_LIMIT_WINDOW_SECONDS", 60),
    switch("PUBLIC_AGENT_REGISTRATION_ENABLED", default=False),
    number("PUBLIC_AGENT_REGISTRATION_RATE_LIMIT_PER_MINUTE", 30),
    number("PUBLIC_AGENT_REGISTRATION_RATE_LIMIT_MAX_ENTRIES", 10_000),
    number("PUBLIC_AGENT_REGISTRATION_RATE_LIMIT_WINDOW_SECONDS", 60),
    switch("TRUST_PROXY_HEADERS", default=False),
    Row("TRUST_PROXY_ALLOWLIST", ..., {"10.1.0.0/16, ::1": "10.1.0.0/16, ::1"}, ("10.1.0.0/33", "localhost")),
    Row("ADMIN_IP_ALLOWLIST", "", {"192.0.2.1": "192.0.2.1"}, ("192.0.2", "everyone")),
    # 1.4 VES, schemas, encryption, STARK
    Row("VES_SEQUENCER_ID", "", {TENANT: ...}, ("x", "123")),
    Row("VES_SEQUENCER_SIGNING_KEY", "", {SEED: ..., "0x" + SEED: ...}, (SEED[2:], "zz" * 32)),
    Row(
        "VES_SEQUENCER_SECURITY_PROFILE",
        "legacy",
        {p: p for p in ("hybrid", "pqc-strict")},
        ("pqc", "LEGACY!"),
    ),
    Row("VES_STRICT_FORMAT_VALIDATION", "", {"true": "true", "off": "off"}),
    Row("SCHEMA_VALIDATION_MODE", "enforce", {"disabled": ..., "required": ...}, (), {"sometimes": ...}),
    Row(
        "PAYLOAD_ENCRYPTION_MODE",
        ...,
        {"optional": ..., "off": ...},
        ("sometimes",),
        needs={"PAYLOAD_ENCRYPTION_KEY": SEED},
    ),
    Row("PAYLOAD_ENCRYPTION_KEY", "", {SEED: ...}, ("short", "zz" * 32)),
    Row("PAYLOAD_ENCRYPTION_KEYS", "", {f"{SEED},{'6b' * 32}": ...}, (f"{SEED},short",)),
    Row(
        "PAYLOAD_ENCRYPTION_KEYS_BY_TENANT",
        "",
        {json.dumps({TENANT: [SEED]}): ...},
        ("{", '{"nobody": []}', json.dumps({TENANT: ["short"]})),
        needs={"PAYLOAD_ENCRYPTION_KEY": SEED},
    ),
    Row("VES_STARK_VERIFY_ON_SUBMIT", "true", {"off": "off", "1": "1"}),
    number("VES_STARK_VERIFY_CONCURRENCY", min(CORES, 4)),
    # 1.5 caches
    *cache("COMMITMENT", 1000),
    *cache("PROOF", 5000),
    *cache("VES_COMMITMENT", 1000),
    *cache("VES_PROOF", 5000),
    *cache("AGENT_KEY", 10_000),
    *cache("SCHEMA", 1000),
    # 1.7 logging
    Row("RUST_LOG", "", {"sqlx=warn,debug": ..., "nonsense": ...}),
    Row("LOG_FORMAT", "", {"json": "json", "text": "text"}),
    Row("OTEL_EXPORTER_OTLP_ENDPOINT", "", {"http://localhost:4317": "http://localhost:4317"}),
]

# Read by another program than the server, in this file: a switch for the whole database, audited itself.
ELSEWHERE = {"AUDIT_LOG_ENABLED": "cli/engine_commands.py"}

LATER = {
    "VES_SEQUENCER_ML_DSA_SEED": "receipts are signed with Ed25519 alone; the profile is about agents' signatures",
}


def settle(**values: str) -> dict[str, object]:
    """What is in effect, by variable, in an environment of exactly these variables."""
    environment = Environment({"PAYLOAD_ENCRYPTION_MODE": "disabled"} | values)
    read(environment)
    return environment.read


def ids(row: Row) -> str:
    return row.name


def handled(row: Row) -> None:
    assert row.name in settle(), "nobody reads it"


@pytest.fixture(autouse=True)
def _no_id_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading settings without an id draws one and exports it for the workers."""
    monkeypatch.setenv("VES_SEQUENCER_ID", TENANT)


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_an_unset_variable_has_its_documented_default(row: Row) -> None:
    handled(row)
    if row.default is ...:
        assert row.name in settle(**row.needs)
    else:
        assert settle(**row.needs)[row.name] == row.default


@pytest.mark.parametrize(
    ("row", "text"),
    [(r, t) for r in ROWS for t in r.taken],
    ids=lambda v: v.name if isinstance(v, Row) else v[:24],
)
def test_a_valid_value_is_taken(row: Row, text: str) -> None:
    handled(row)
    expected = row.taken[text]
    effective = settle(**row.needs, **{row.name: text})[row.name]
    assert expected is ... or effective == expected


@pytest.mark.parametrize(
    ("row", "text"),
    [(r, t) for r in ROWS for t in r.refused],
    ids=lambda v: v.name if isinstance(v, Row) else v[:24],
)
def test_a_value_that_cannot_be_used_stops_the_start_and_is_named(row: Row, text: str) -> None:
    handled(row)
    with pytest.raises(SettingsError, match=rf"^{row.name}\b"):
        settle(**row.needs, **{row.name: text})


@pytest.mark.parametrize(
    ("row", "text"),
    [(r, t) for r in ROWS for t in r.falls_back],
    ids=lambda v: v.name if isinstance(v, Row) else v,
)
def test_a_value_falls_back_only_where_the_reference_falls_back(row: Row, text: str) -> None:
    handled(row)
    effective = settle(**row.needs, **{row.name: text})[row.name]
    assert row.falls_back[text] is ... or effective == row.falls_back[text]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_the_server_does_not_read_is_read_elsewhere(name: str) -> None:
    assert name not in settle()
    assert f'"{name}"' in (API / ELSEWHERE[name]).read_text(encoding="utf-8")


def test_what_is_of_no_effect_yet_is_not_read() -> None:
    """It would look as if it worked. Each name is here with its reason until its part of the system comes."""
    assert not LATER.keys() & settle().keys()
    assert not LATER.keys() & {row.name for row in ROWS}


@pytest.mark.parametrize("name", ["DATABASE_URL", "READ_DATABASE_URL"])
@pytest.mark.parametrize("mode", ["", "?sslmode=disable", "?sslmode=allow", "?sslmode=prefer"])
def test_the_switch_for_local_databases_excepts_its_hosts_and_no_other(name: str, mode: str) -> None:
    switched = {"ALLOW_INSECURE_LOCAL_DB": "true"}
    for host in ("localhost", "127.0.0.1", "[::1]", "postgres", "host.docker.internal"):
        url = f"postgres://u@{host}/d{mode}"
        assert settle(**switched, **{name: url})[name] == url
    for host in ("db.example", "10.0.0.1", "postgres.example", "localhost.example", "localhost,db.example"):
        with pytest.raises(SettingsError, match=rf"^{name}\b"):
            settle(**switched, **{name: f"postgres://u@{host}/d{mode}"})
