// A resource server made of the stock packages alone: `server.mjs VERSION PORT FACILITATOR KEY ASSET PAYEE NETWORK`. /calls
// tells what it asked of the facilitator, and the milliseconds until each answer was read.
import diagnostics from "node:diagnostics_channel";
import express from "express";
import { paymentMiddleware, x402ResourceServer } from "@x402/express";
import { HTTPFacilitatorClient } from "@x402/core/server";
import { bazaarResourceServerExtension, declareDiscoveryExtension } from "@x402/extensions/bazaar";
import { ExactEvmScheme } from "@x402/evm/exact/server";
import { paymentMiddleware as paymentMiddlewareV1 } from "x402-express";

const [version, port, facilitator, key, asset, payee, network] = process.argv.slice(2);
const headers = { "x-api-key": key };
const createAuthHeaders = async () => ({ verify: headers, settle: headers, supported: headers });
const domain = { name: "TestUSD", version: "2" };

const begun = new WeakMap();
const calls = [];
diagnostics.subscribe("undici:request:create", ({ request }) => begun.set(request, performance.now()));
diagnostics.subscribe("undici:request:trailers", ({ request }) => {
  calls.push([request.path, performance.now() - begun.get(request)]);
});

function second() {
  const client = new HTTPFacilitatorClient({ url: facilitator, createAuthHeaders });
  const server = new x402ResourceServer(client).register(network, new ExactEvmScheme());
  server.registerExtension(bazaarResourceServerExtension);
  const price = { asset, amount: "10000", extra: domain };
  const accepts = { scheme: "exact", network, payTo: payee, price };
  const extensions = declareDiscoveryExtension({ output: { example: { weather: "fine" } } });
  return paymentMiddleware({ "GET /weather": { accepts, description: "Weather", extensions } }, server);
}

function first() {
  const price = { amount: "10000", asset: { address: asset, decimals: 6, eip712: domain } };
  const routes = { "GET /weather": { price, network: "base-sepolia", config: { description: "Weather" } } };
  return paymentMiddlewareV1(payee, routes, { url: facilitator, createAuthHeaders });
}

const app = express();
app.use(version === "1" ? first() : second());
app.get("/weather", (_request, response) => response.json({ weather: "fine" }));
app.get("/calls", (_request, response) => response.json(calls.splice(0)));
app.listen(Number(port), "127.0.0.1");
