"""`uvicorn paid.weather:app`: a free route, and one that costs a hundredth of a dollar. Settings: see `make_app`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from litestar import Litestar, get
from litestar.middleware import DefineMiddleware

from ves_paywall import Facilitator, Offer, Paywall, Terms

if TYPE_CHECKING:
    from collections.abc import Mapping


def make_app(env: Mapping[str, str]) -> Litestar:
    """The application; PAY_TO gets the money, the key is one of the sequencer's with the right to write."""
    facilitator = Facilitator(env["FACILITATOR_URL"], {"x-api-key": env["FACILITATOR_KEY"]})
    terms = Terms(
        chain_id=int(env["CHAIN_ID"]),
        asset=env["TOKEN"],
        amount=10_000,
        pay_to=env["PAY_TO"],
        name=env["TOKEN_NAME"],
        version=env["TOKEN_VERSION"],
    )
    paid = DefineMiddleware(
        Paywall, offer=Offer((terms,), description="the weather"), facilitator=facilitator
    )

    @get("/", sync_to_thread=False)
    def index() -> dict[str, str]:
        return {"paid": "/weather"}

    @get("/weather", middleware=[paid], sync_to_thread=False)
    def weather() -> dict[str, str]:
        return {"weather": "fine"}

    return Litestar([index, weather], openapi_config=None, on_shutdown=[facilitator.close])


app = make_app(os.environ)
