"""Paid routes of any ASGI application, Litestar's too: the resource server's half of public x402, versions 1 and 2 (x402 B1).

    facilitator = Facilitator("https://sequencer.example/x402", {"x-api-key": key})
    offer = Offer((Terms(chain_id=8453, asset="0x…", amount=10_000, pay_to="0x…", name="USD Coin", version="2"),))

    @get("/weather", middleware=[DefineMiddleware(Paywall, offer=offer, facilitator=facilitator)])
    async def weather() -> dict[str, str]: ...

It needs httpx, and nothing of the sequencer but a facilitator's URL.
"""

from ves_paywall.asgi import Paywall
from ves_paywall.facilitator import Facilitator
from ves_paywall.terms import Offer, Terms

__all__ = ["Facilitator", "Offer", "Paywall", "Terms"]
