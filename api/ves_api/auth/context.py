"""Who is asking, as the audit log is told: the `context` of every administrative function of schema `ves`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ves_api.auth.addresses import client_ip

if TYPE_CHECKING:
    from litestar import Request

    from ves_api.auth.identity import Identity


def audit_context(request: Request[Any, Any, Any], identity: Identity) -> dict[str, str | None]:
    """The caller of a request: actor, actor_type, request_id, ip_address, user_agent (operations 8).

    The actor is the agent of the credential, else the first 16 digits of the key's hash, else the token's id; never
    a secret.
    """
    return {**credential_context(identity), **request_context(request)}


def credential_context(identity: Identity) -> dict[str, str | None]:
    """What is known of the caller without the request: actor and actor_type."""
    is_token = identity.kind == "jwt"
    return {
        "actor": identity.name if identity.agent_id is None else str(identity.agent_id),
        "actor_type": "jwt" if is_token else "bootstrap" if identity.is_bootstrap_admin else "api_key",
    }


def request_context(request: Request[Any, Any, Any]) -> dict[str, str | None]:
    """What is known of a request without a credential: request_id, ip_address, user_agent."""
    return {
        "request_id": request.scope["state"]["request_id"],
        "ip_address": client_ip(request),
        "user_agent": request.headers.get("user-agent"),
    }
