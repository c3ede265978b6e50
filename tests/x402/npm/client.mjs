// Buys a resource once with a stock client: `client.mjs fetch|axios VERSION URL KEY`; prints status, body and settlement.
import axios from "axios";
import { createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPaymentFromConfig } from "@x402/fetch";
import { wrapAxiosWithPaymentFromConfig } from "@x402/axios";
import { wrapFetchWithPayment as wrapFetchV1 } from "x402-fetch";
import { withPaymentInterceptor as wrapAxiosV1 } from "x402-axios";

const [library, version, url, key] = process.argv.slice(2);
const account = privateKeyToAccount(key);
const config = {
  schemes: [{ network: "eip155:84532", client: new ExactEvmScheme(account) }],
  spendControls: false,
};
const wallet = createWalletClient({ account, chain: baseSepolia, transport: http() });

async function byFetch() {
  const paying = version === "1" ? wrapFetchV1(fetch, wallet) : wrapFetchWithPaymentFromConfig(fetch, config);
  const answer = await paying(url);
  return { status: answer.status, body: await answer.json(), header: (name) => answer.headers.get(name) };
}

async function byAxios() {
  const plain = axios.create({ validateStatus: (status) => status < 400 });
  const paying = version === "1" ? wrapAxiosV1(plain, wallet) : wrapAxiosWithPaymentFromConfig(plain, config);
  const answer = await paying.get(url).catch((error) => {
    if (error.response) return error.response;
    throw error;
  });
  return { status: answer.status, body: answer.data, header: (name) => answer.headers[name] };
}

const answer = await (library === "axios" ? byAxios() : byFetch());
const settlement = answer.header(version === "1" ? "x-payment-response" : "payment-response");
const told = settlement ? JSON.parse(Buffer.from(settlement, "base64").toString()) : null;
console.log(JSON.stringify({ status: answer.status, body: answer.body, settlement: told }));
