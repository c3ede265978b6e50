"""Synchronous start-up checks of the server, run once before it starts its workers."""

from __future__ import annotations

import hashlib
import uuid
from itertools import repeat
from typing import TYPE_CHECKING

from ves.ed25519 import public_key
from ves_api.database import conninfo
from ves_api.settings.auth import PRODUCTION_SECRET_LENGTH
from ves_edge.engine_check import connect, require_engine
from ves_edge.errors import ApiError
from ves_edge.gen import sync
from ves_edge.log import get_logger

if TYPE_CHECKING:
    from ves_api.settings import Settings
    from ves_edge.connection import Connection

_EVERY_TENANT = uuid.UUID(int=0)
_log = get_logger("startup")


def prepare_server(settings: Settings) -> None:
    """Check engine compatibility and durability of commits; register the signer and the bootstrap key.

    An unreachable server is retried as configured.
    Raises ApiError: engine_mismatch, database_unsuitable, server_not_durable, keyring_mismatch, no_credentials, database_unavailable, or the engine's error.
    """
    delays = repeat(settings.startup_retry_delay, settings.startup_retries)
    with connect(conninfo(settings), delays) as connection:
        require_engine(connection, "ves_api", enforced=settings.require_engine)
        try:
            sync.server_is_durable(connection)
        except ApiError as error:
            if not (error.name == "server_not_durable" and settings.allow_unsafe_server):
                raise
            _log.warning("server_not_durable", allowed_by="VES_DANGER_ALLOW_UNSAFE_SERVER")
        _check_key_ring(connection, settings)
        _register_signer(connection, settings)
        if settings.bootstrap_key is not None:
            digest = hashlib.sha256(settings.bootstrap_key.encode()).hexdigest()
            sync.upsert_bootstrap_key(connection, key_hash=digest)
        elif settings.auth.required and settings.auth.jwt_secret is None:
            sync.require_api_key(connection)
    _warn(settings)


def _warn(settings: Settings) -> None:
    """Log warnings about settings that are unsuitable for production."""
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


def _check_key_ring(connection: Connection, settings: Settings) -> None:
    """Raise keyring_mismatch if this process could not decrypt what the database server encrypts (VES 16).

    Both must hold the server's current keys: the default one and those of the tenants that have keys of their own here.
    A ring without a key, or a server that has none, is not compared.
    """
    ring = settings.at_rest.source.ring()
    tenants = [_EVERY_TENANT, *ring.by_tenant]
    key_ids = sync.current_key_ids(connection, tenant_ids=tenants)
    for tenant, key_id in zip(tenants, key_ids or (), strict=False):
        keys = ring.keys(tenant)
        if keys and key_id is not None and all(key.key_id != key_id for key in keys):
            raise ApiError(
                "keyring_mismatch",
                f"The key ring of this process lacks the key {key_id.hex()}, under which the database server encrypts"
                f" payloads of {'every tenant' if tenant == _EVERY_TENANT else tenant}: give both the same ring",
                details={"tenant_id": str(tenant)},
            )


def _register_signer(connection: Connection, settings: Settings) -> None:
    """Register the signer before serving, so that a key that conflicts with a registered one stops the start (VE206)."""
    seed = settings.signing_key
    sync.register_signer(
        connection,
        sequencer_id=settings.sequencer_id,
        key_version=settings.key_version,
        algorithm="none" if seed is None else "ed25519",
        public_key=None if seed is None else public_key(seed),
    )
