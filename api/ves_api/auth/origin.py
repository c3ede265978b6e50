"""Origin of a request for audit, rate limits and logs (operations 1.3, 8)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from ves_api.auth.addresses import client_address
from ves_api.ids import fresh_uuid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ves_api.auth.addresses import Address
    from ves_api.auth.identity import Identity
    from ves_api.settings.auth import Network

_CLIENT_BITS = 64
MAX_REQUEST_ID = 128


class Origin:
    """A request's id, its headers (names in lower case) and its peer; the client's address is computed on demand.

    `client` is (address, port) of the peer, None for a unix socket; `trusted` are the networks of trusted proxies.
    """

    __slots__ = ("_client", "_trusted", "headers", "request_id")

    def __init__(
        self,
        request_id: str,
        headers: Sequence[tuple[bytes, bytes]],
        client: tuple[str, int] | None,
        trusted: tuple[Network, ...] | None,
    ) -> None:
        self.request_id = request_id
        self.headers = headers
        self._client = client
        self._trusted = trusted

    @property
    def address(self) -> str | None:
        """The client's address as text; None when it is unknown."""
        address = self._address()
        return None if address is None else str(address)

    @property
    def budget_key(self) -> str:
        """Rate-limit key of an address: IPv4 address or IPv6 /64, the prefix that one client usually controls."""
        address = self._address()
        if isinstance(address, ipaddress.IPv6Address):
            return str(ipaddress.IPv6Network((address, _CLIENT_BITS), strict=False))
        return "unknown" if address is None else str(address)

    def fields(self) -> dict[str, str | None]:
        """request_id, ip_address and user_agent, for the audit log."""
        agents = [value for name, value in self.headers if name == b"user-agent"]
        return {
            "request_id": self.request_id,
            "ip_address": self.address,
            "user_agent": agents[0].decode("latin-1") if agents else None,
        }

    def _address(self) -> Address | None:
        return client_address({"client": self._client, "headers": self.headers}, self._trusted)


def request_id(sent: bytes | None) -> str:
    """The client's request id if it is short printable ASCII, else a new one."""
    if sent and len(sent) <= MAX_REQUEST_ID and sent.isascii() and sent.decode().isprintable():
        return sent.decode()
    return str(fresh_uuid())


def sent_trace(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The W3C trace context (`traceparent`) that the client sent, as it is."""
    return next((value.decode("latin-1") for name, value in headers if name == b"traceparent"), None)


def audit_context(origin: Origin, identity: Identity) -> dict[str, str | None]:
    """The `context` parameter of the administrative functions of schema `ves`: actor and origin (operations 8).

    The actor is the agent of the credential, else the first 16 digits of the key's hash, else the token's id; never
    a secret.
    """
    is_token = identity.kind == "jwt"
    return {
        "actor": identity.name if identity.agent_id is None else str(identity.agent_id),
        "actor_type": "jwt" if is_token else "bootstrap" if identity.is_bootstrap_admin else "api_key",
        **origin.fields(),
    }
