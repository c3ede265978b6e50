"""Who is asking, as the audit log is told: the `context` of every administrative function of schema `ves`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ves_api.auth.credentials import read_credential

if TYPE_CHECKING:
    from litestar import Request

    from ves_api.auth.identity import Identity

_PREFIX_CHARACTERS = 16


def audit_context(request: Request[Any, Any, Any], identity: Identity) -> dict[str, str | None]:
    """The caller of a request: actor, actor_type, request_id, ip_address, user_agent (operations 8).

    The actor is the agent of the credential, else the first 16 digits of the key's hash; never a secret.
    """
    actor = str(identity.agent_id) if identity.agent_id is not None else _credential_label(request)
    return {
        "actor": actor,
        "actor_type": "bootstrap" if identity.is_bootstrap_admin else "api_key",
        **request_context(request),
    }


def request_context(request: Request[Any, Any, Any]) -> dict[str, str | None]:
    """What is known of a request without a credential: request_id, ip_address, user_agent."""
    return {
        "request_id": request.scope["state"]["request_id"],
        "ip_address": _client_address(request),
        "user_agent": request.headers.get("user-agent"),
    }


def _credential_label(request: Request[Any, Any, Any]) -> str:
    return read_credential(request.scope["headers"])[:_PREFIX_CHARACTERS]


def _client_address(request: Request[Any, Any, Any]) -> str | None:
    return None if request.client is None else request.client.host
