"""Paid routes of any ASGI application, Litestar's too: the resource server's half of public x402, versions 1 and 2 (x402 B1).

    facilitator = Facilitator("https://sequencer.example/x402", {"x-api-key": key})
    offer = Offer((Terms(chain_id=8453, asset="0x…", amount=10_000, pay_to="0x…", name="USD Coin", version="2"),))

    @get("/weather", middleware=[DefineMiddleware(Paywall, offer=offer, facilitator=facilitator)])
    async def weather() -> dict[str, str]: ...

It needs httpx, and nothing of the sequencer but a facilitator's URL.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ves_paywall.terms import Offer, Terms

if TYPE_CHECKING:
    from ves_paywall.asgi import Paywall
    from ves_paywall.facilitator import Facilitator

__all__ = ["Facilitator", "Offer", "Paywall", "Terms"]
# What needs httpx is imported when it is asked for, so that who reads `terms` alone does without.
_WITH_HTTPX = {"Facilitator": "ves_paywall.facilitator", "Paywall": "ves_paywall.asgi"}


def __getattr__(name: str) -> Any:
    if name not in _WITH_HTTPX:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WITH_HTTPX[name]), name)
