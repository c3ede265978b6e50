"""What the server does once, synchronously, before it starts its workers."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import psycopg

from ves.ed25519 import public_key
from ves_api.errors import ApiError
from ves_api.gateway import statements
from ves_api.gateway.database import conninfo
from ves_api.gateway.engine_check import find_mismatch
from ves_api.gateway.translate import connection_was_lost, translate
from ves_api.settings.auth import PRODUCTION_SECRET_LENGTH
from ves_api.telemetry import get_logger

if TYPE_CHECKING:
    from ves_api.settings import Settings

_log = get_logger("startup")


def prepare_server(settings: Settings) -> None:
    """Refuse an engine that does not fit and a server that loses commits; register signer and bootstrap key.

    A server that cannot be reached is tried again as often as the settings say.
    Raises ApiError: engine_mismatch, server_not_durable, no_credentials, database_unavailable, or what the engine raised.
    """
    with _connect(settings) as connection:
        _require_fitting_engine(connection, settings)
        durable = _run(connection, "server_is_durable", {})
        if durable is not None:
            if not (durable.name == "server_not_durable" and settings.allow_unsafe_server):
                raise durable
            _log.warning("server_not_durable", allowed_by="VES_DANGER_ALLOW_UNSAFE_SERVER")
        _demand(connection, "register_signer", _signer(settings))
        if settings.bootstrap_key is not None:
            digest = hashlib.sha256(settings.bootstrap_key.encode()).hexdigest()
            _demand(connection, "upsert_bootstrap_key", {"key_hash": digest})
        elif settings.auth.required and settings.auth.jwt_secret is None:
            _demand(connection, "require_api_key", {})
    _warn(settings)


def _require_fitting_engine(connection: psycopg.Connection[tuple[object, ...]], settings: Settings) -> None:
    """The reference migrates here. This server has no right to: it checks, and says what to run."""
    mismatch = find_mismatch(connection)
    if mismatch is None:
        return
    if settings.require_engine:
        raise mismatch
    _log.warning("engine_mismatch", reason=mismatch.message, allowed_by="DB_MIGRATE_ON_STARTUP")


def _warn(settings: Settings) -> None:
    """Say what an operator should know before production."""
    if not settings.auth.required:
        _log.warning("authentication_disabled", variable="AUTH_MODE")
    if settings.bootstrap_key is None:
        _log.warning("no_bootstrap_key", variable="BOOTSTRAP_ADMIN_API_KEY")
    for variable, secret in (
        ("BOOTSTRAP_ADMIN_API_KEY", settings.bootstrap_key),
        ("JWT_SECRET", settings.auth.jwt_secret),
    ):
        if secret is not None and len(secret) < PRODUCTION_SECRET_LENGTH:
            _log.warning("short_secret", variable=variable, characters=PRODUCTION_SECRET_LENGTH)


def _signer(settings: Settings) -> dict[str, object]:
    """Registered here too, so that a key that contradicts an earlier one stops the start (VE206)."""
    seed = settings.signing_key
    return {
        "sequencer_id": settings.sequencer_id,
        "key_version": settings.key_version,
        "algorithm": "none" if seed is None else "ed25519",
        "public_key": None if seed is None else public_key(seed),
    }


def _connect(settings: Settings) -> psycopg.Connection[tuple[object, ...]]:
    attempt = 0
    while True:
        try:
            return psycopg.connect(conninfo(settings), autocommit=True)
        except psycopg.Error as error:
            if attempt >= settings.startup_retries or not connection_was_lost(error):
                raise translate(error) from error
            attempt += 1
            _log.info("database_not_reachable", attempt=attempt, of=settings.startup_retries)
            time.sleep(settings.startup_retry_delay)


def _demand(
    connection: psycopg.Connection[tuple[object, ...]], name: str, parameters: dict[str, object]
) -> None:
    failure = _run(connection, name, parameters)
    if failure is not None:
        raise failure


def _run(
    connection: psycopg.Connection[tuple[object, ...]], name: str, parameters: dict[str, object]
) -> ApiError | None:
    try:
        connection.execute(statements.load()[name], parameters)
    except psycopg.Error as error:
        return translate(error)
    return None
