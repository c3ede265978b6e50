"""Settings: defaults of the original, validation that names the variable, secrets that never print."""

from __future__ import annotations

import base64
import uuid

import pytest

from ves_api.settings import SettingsError, load
from ves_edge.seed import parse_seed

SEED = bytes(range(200, 232))


def test_the_defaults_are_those_of_the_reference() -> None:
    settings = load({})
    assert (settings.host, settings.port) == ("0.0.0.0", 8080)
    assert (settings.max_body_bytes, settings.max_events, settings.max_payload_bytes) == (
        10_485_760,
        1000,
        1_048_576,
    )
    assert settings.request_timeout == 30
    assert settings.signing_key is None
    assert settings.coalesce


@pytest.mark.parametrize(
    "text",
    [
        SEED.hex(),
        "0x" + SEED.hex(),
        SEED.hex().upper(),
        base64.b64encode(SEED).decode(),
        base64.urlsafe_b64encode(SEED).decode().rstrip("="),
    ],
)
def test_a_signing_key_is_read_in_every_documented_form(text: str) -> None:
    assert parse_seed(text) == SEED
    assert load({"VES_SEQUENCER_SIGNING_KEY": text}).signing_key == SEED


@pytest.mark.parametrize("text", ["", "00", "zz" * 32, "A" * 42, "A" * 44 + "==", "0x" + "00" * 31])
def test_a_signing_key_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        parse_seed(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "-1"),
        ("PORT", "x"),
        ("MAX_BODY_SIZE_BYTES", "0"),
        ("REQUEST_TIMEOUT_SECS", "inf"),
        ("VES_COALESCE", "maybe"),
        ("MAX_DB_CONNECTIONS", "none"),
        ("VES_SEQUENCER_ID", "x"),
        ("DATABASE_URL", "not a url at all"),
        ("VES_DANGER_ALLOW_UNSAFE_SERVER", "please"),
    ],
)
def test_a_bad_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load({name: value})


@pytest.mark.parametrize("word", ["1", "TRUE", "on", "Yes"])
def test_switches_take_four_words_in_any_case(word: str) -> None:
    assert load({"VES_DANGER_ALLOW_UNSAFE_SERVER": word}).allow_unsafe_server


def test_secrets_are_masked_when_printed() -> None:
    settings = load(
        {
            "DATABASE_URL": "postgres://u:hunter2@localhost/d",
            "BOOTSTRAP_ADMIN_API_KEY": "ss_secret_of_the_house",
            "VES_SEQUENCER_SIGNING_KEY": SEED.hex(),
        }
    )
    shown = f"{settings!r} {settings!s}"
    for secret in ("hunter2", "ss_secret", SEED.hex(), repr(SEED)):
        assert secret not in shown


def test_a_remote_database_needs_tls() -> None:
    with pytest.raises(SettingsError, match="sslmode"):
        load({"DATABASE_URL": "postgres://u@db.example/d"})
    with pytest.raises(SettingsError, match="sslmode"):
        load({"DATABASE_URL": "postgres://u@db.example/d?sslmode=prefer"})
    for url in (
        "postgres://u@db.example/d?sslmode=require",
        "postgres://u@localhost/d",
        "postgresql://u@/d?host=%2Ftmp%2Fsock",
        "postgres://u@[::1]/d",
    ):
        assert load({"DATABASE_URL": url}).database_url == url
    compose = {"DATABASE_URL": "postgres://u@postgres/d"}
    with pytest.raises(SettingsError):
        load(compose)
    assert load({**compose, "ALLOW_INSECURE_LOCAL_DB": "true"})


def test_a_weak_bootstrap_key_is_refused_in_production_only() -> None:
    weak = {"BOOTSTRAP_ADMIN_API_KEY": "ss_short"}
    for word in ("", "local", "DEV", "staging"):
        assert load({**weak, "SEQUENCER_ENV": word}).bootstrap_key == "ss_short"
    with pytest.raises(SettingsError, match="BOOTSTRAP_ADMIN_API_KEY"):
        load({**weak, "ENVIRONMENT": "prod"})


def test_connections_are_shared_by_the_workers() -> None:
    settings = load({"VES_API_WORKERS": "3", "MAX_DB_CONNECTIONS": "10", "MIN_DB_CONNECTIONS": "2"})
    assert (settings.pool_size, settings.pool_floor) == (4, 1)


def test_an_absent_sequencer_id_is_drawn_once_for_all_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VES_SEQUENCER_ID", raising=False)
    drawn = load().sequencer_id
    assert isinstance(drawn, uuid.UUID)
    assert load().sequencer_id == drawn


def test_the_log_level_is_the_first_bare_level_of_a_filter_list() -> None:
    assert load({"RUST_LOG": "sqlx=warn,debug"}).log_level == "debug"
    assert load({"LOG_LEVEL": "ERROR"}).log_level == "error"
    assert load({"RUST_LOG": "tower=trace"}).log_level == "info"
