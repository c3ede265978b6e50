"""Client addresses, and the IP allow-list of the operator's routes (operations 1.3)."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ves_api.settings import AuthSettings
    from ves_api.settings.auth import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_FORWARDED_FOR = re.compile(r'(?:^|[;,\s])for=(?:"([^"]*)"|([^;,\s]*))', re.IGNORECASE)
_WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+")
_OPERATOR_PATHS = ("/admin", "/api/v1/admin", "/metrics", "/health/detailed")
_MAX_HOPS = 32


def client_address(scope: Any, trusted: tuple[Network, ...] | None) -> Address | None:
    """The address of the client of an ASGI request.

    The peer's address, unless proxy headers are enabled and the peer is a trusted proxy: then the address in
    `x-forwarded-for`, else `x-real-ip`, else `forwarded`. Of several hops, the last untrusted one is used (the first
    if all are trusted), because a client can forge the hops before it. An unparsable hop falls back to the peer.
    """
    peer = parse_address((scope.get("client") or ("",))[0])
    if trusted is None or peer is None or not contains(trusted, peer):
        return peer
    hops = _hops(scope["headers"])
    outermost = peer
    for text in reversed(hops[-_MAX_HOPS:]):
        hop = parse_address(text)
        if hop is None:
            return outermost
        outermost = hop
        if not contains(trusted, hop):
            break
    return outermost


def _hops(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """Hops of the first proxy header present, client first."""
    found: dict[bytes, list[str]] = {b"x-forwarded-for": [], b"x-real-ip": [], b"forwarded": []}
    for name, value in headers:
        if name in found:
            found[name].append(value.decode("latin-1"))
    if found[b"x-forwarded-for"]:
        return [hop.strip() for hop in ",".join(found[b"x-forwarded-for"]).split(",")]
    if found[b"x-real-ip"]:
        return [found[b"x-real-ip"][-1].strip()]
    return [quoted or bare for quoted, bare in _FORWARDED_FOR.findall(",".join(found[b"forwarded"]))]


def parse_address(text: str) -> Address | None:
    """Parse an address with optional brackets, port or zone; IPv4-mapped IPv6 becomes IPv4. None if unparsable."""
    ported = _WITH_PORT.fullmatch(text)
    bare = (ported[1] or ported[2]) if ported else text
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


def contains(networks: Iterable[Network], address: Address) -> bool:
    """Whether one of the networks contains the address."""
    return any(address.version == network.version and address in network for network in networks)


def is_denied(scope: Any, path: str, settings: AuthSettings) -> bool:
    """Whether the path is an operator's route and the client is not on its allow-list."""
    if settings.admin_networks is None or not _is_operator_path(path):
        return False
    address = client_address(scope, settings.trusted_proxies)
    return address is None or not contains(settings.admin_networks, address)


def _is_operator_path(path: str) -> bool:
    return any(path == own or path.startswith(own + "/") for own in _OPERATOR_PATHS)
