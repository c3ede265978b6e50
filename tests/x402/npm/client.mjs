// Buys a resource with a stock client: `client.mjs fetch|axios VERSION NETWORK URL SECONDS KEY...`, once with each key, spread
// over so many seconds; prints status, body and settlement of each.
import axios from "axios";
import { setTimeout as pause } from "node:timers/promises";
import { createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPaymentFromConfig } from "@x402/fetch";
import { wrapAxiosWithPaymentFromConfig } from "@x402/axios";
import { wrapFetchWithPayment as wrapFetchV1 } from "x402-fetch";
import { withPaymentInterceptor as wrapAxiosV1 } from "x402-axios";

const [library, version, network, url, seconds, ...keys] = process.argv.slice(2);

function payer(key) {
  const account = privateKeyToAccount(key);
  const config = { schemes: [{ network, client: new ExactEvmScheme(account) }], spendControls: false };
  return { config, wallet: createWalletClient({ account, chain: baseSepolia, transport: http() }) };
}

async function byFetch({ config, wallet }) {
  const paying = version === "1" ? wrapFetchV1(fetch, wallet) : wrapFetchWithPaymentFromConfig(fetch, config);
  const answer = await paying(url);
  return { status: answer.status, body: await answer.json(), header: (name) => answer.headers.get(name) };
}

async function byAxios({ config, wallet }) {
  const plain = axios.create({ validateStatus: (status) => status < 400 });
  const paying = version === "1" ? wrapAxiosV1(plain, wallet) : wrapAxiosWithPaymentFromConfig(plain, config);
  const answer = await paying.get(url).catch((error) => {
    if (error.response) return error.response;
    throw error;
  });
  return { status: answer.status, body: answer.data, header: (name) => answer.headers[name] };
}

async function buy(key, number) {
  await pause((number * 1000 * seconds) / keys.length);
  const answer = await (library === "axios" ? byAxios : byFetch)(payer(key));
  const settlement = answer.header(version === "1" ? "x-payment-response" : "payment-response");
  const told = settlement ? JSON.parse(Buffer.from(settlement, "base64").toString()) : null;
  return { status: answer.status, body: answer.body, settlement: told };
}

console.log(JSON.stringify(await Promise.all(keys.map(buy))));
