"""A resource server made of the stock packages alone: `stock_server.py PORT FACILITATOR KEY ASSET PAYEE NETWORK`."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI
from x402.extensions.bazaar import OutputConfig, bazaar_resource_server_extension, declare_discovery_extension
from x402.http import CreateHeadersAuthProvider, FacilitatorConfig, HTTPFacilitatorClient, PaymentOption
from x402.http.middleware.fastapi import payment_middleware
from x402.http.types import RouteConfig
from x402.mechanisms.evm.exact import register_exact_evm_server
from x402.schemas import AssetAmount
from x402.server import x402ResourceServer

PORT, FACILITATOR, KEY, ASSET, PAYEE, NETWORK = sys.argv[1:]


def headers() -> dict[str, dict[str, str]]:
    return {name: {"x-api-key": KEY} for name in ("verify", "settle", "supported")}


server = x402ResourceServer(
    HTTPFacilitatorClient(
        FacilitatorConfig(url=FACILITATOR, auth_provider=CreateHeadersAuthProvider(headers))
    )
)
register_exact_evm_server(server)
server.register_extension(bazaar_resource_server_extension)
price = AssetAmount(amount="10000", asset=ASSET, extra={"name": "TestUSD", "version": "2"})
option = PaymentOption(scheme="exact", network=NETWORK, pay_to=PAYEE, price=price)
app = FastAPI()


@app.get("/weather")
async def weather() -> dict[str, str]:
    return {"weather": "fine"}


extensions = declare_discovery_extension(output=OutputConfig(example={"weather": "fine"}))
route = RouteConfig(accepts=[option], description="Weather", extensions=extensions)
app.middleware("http")(payment_middleware({"GET /weather": route}, server))

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(PORT), log_level="warning")
