// Lists paid resources with a stock client: `list.mjs VERSION FACILITATOR PAYEE`; prints what it was told.
import { HTTPFacilitatorClient } from "@x402/core/server";
import { withBazaar } from "@x402/extensions/bazaar";
import { useFacilitator } from "x402/verify";

const [version, url, payTo] = process.argv.slice(2);

function first() {
  return useFacilitator({ url }).list({ type: "http", limit: 100 });
}

function second() {
  const client = withBazaar(new HTTPFacilitatorClient({ url }));
  return client.extensions.bazaar.listResources({ type: "http", payTo, limit: 100, offset: 0 });
}

console.log(JSON.stringify(await (version === "1" ? first() : second())));
