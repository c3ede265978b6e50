"""Two API processes and two of every worker on one database and one chain: one of either is killed at random."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import psycopg
from eth_account import Account

from tests.api.support import INGEST
from tests.fault.system import System
from tests.rpc.support import CREATED_TEXT, module, push_request, target
from tests.sql.support import scalar
from tests.support.anvil import ANCHORER_KEY, write_key_file
from tests.support.payments import payer_of
from tests.support.processes import BOOTSTRAP_KEY, free_port
from tests.x402.system import CHAIN_ID, PRICE, Shop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.chain.system import Ledger
    from tests.fault.consumers import World
    from tests.fault.load import Ledger as Receipts
    from tests.sql.support import Agent, Event
    from tests.support.cluster import Cluster

BATCH, PAUSE = 5, 0.1
BLOCK_SECONDS = 0.5
INTENT_NETWORK = "base_sepolia"
ANSWER_SECONDS = 90
# What a client is told of a call whose server was killed, or whose database was.
LOST = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED}


class Twins:
    """As a `System`, whose API is either of two; `ledger` is the chain of both."""

    def __init__(self, cluster: Cluster, folder: Path, ledger: Ledger) -> None:
        self.ledger = ledger
        self.kills: Counter[str] = Counter()
        self._dice = random.Random(20261130)
        key_file = write_key_file(folder)
        chain = {"L2_RPC_URL": ledger.url, "L2_CHAIN_ID": str(CHAIN_ID)}
        self.both = (System(cluster, folder / "first"), System(cluster, folder / "second"))
        for one in self.both:
            one.folder.mkdir()
            one.api.env |= {
                **chain, "GRPC_DISABLED": "false", "GRPC_PORT": str(free_port()), "VES_API_WORKERS": "1",
            }  # fmt: skip
            one.worker.env |= {
                **chain, "VES_CHAIN_SETTLER_KEY_FILE": str(key_file), "SEQUENCER_PRIVATE_KEY": ANCHORER_KEY,
                "SET_REGISTRY_ADDRESS": ledger.addresses["anchor"], "VES_CHAIN_POLL_MS": "100", "VES_CHAIN_CONFIRMATIONS": "2",
                "ANCHOR_FINALITY_CONFIRMATIONS": "2", "ANCHOR_INTERVAL_SECS": "5", "ANCHOR_BATCH_THRESHOLD": "50",
                "X402_BATCH_NETWORKS": INTENT_NETWORK, "X402_BATCH_INTERVAL_SECS": "1", "X402_BATCH_MAX_WAIT_SECS": "2",
            }  # fmt: skip

    @property
    def api(self) -> Any:
        """One that runs, if one does."""
        running = [one.api for one in self.both if one.api.is_running()]
        return self._dice.choice(running or [one.api for one in self.both])

    @property
    def ports(self) -> tuple[int, ...]:
        return tuple(one.api.port for one in self.both)

    def connect(self, role: str = "postgres") -> psycopg.Connection[Any]:
        return self.both[0].connect(role)

    def start(self) -> None:
        with self.connect("ves_admin") as admin:
            settled = [INTENT_NETWORK, self.ledger.settlement.address]
            admin.execute("select ves.set_commit_policy(null, null, 'automatic', 512, '5 seconds')")
            admin.execute("select ves.set_settlement_contract(%s, %s)", settled)
            admin.execute(
                "select ves.set_payment_token(%s, 'usdc', %s)", [INTENT_NETWORK, self.ledger.token.address]
            )
        with self.connect() as owner:
            owner.execute("select ves.set_projection_mode('asynchronous')")
        for one in self.both:
            one.start_api()
            one.start_worker()

    def revive(self) -> None:
        for one in self.both:
            one.revive()

    def stop(self) -> None:
        for one in self.both:
            one.stop()

    def kill_one(self) -> None:
        """kill -9 of an API process, of a worker process with all its workers, or of a consumer's or the API's session."""
        one = self._dice.choice(self.both)
        kind = self._dice.choice(("api", "worker", "consumer", "session", "backend"))
        self.kills[kind] += 1
        if kind in ("consumer", "session"):
            self._end_session("ves_service" if kind == "consumer" else "ves_api")
        else:
            getattr(one, f"kill_{kind}")()

    def _end_session(self, role: str) -> None:
        with suppress(psycopg.OperationalError), self.connect() as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from (select pid from pg_stat_activity where usename = %s"
                " and datname = current_database() order by random() limit 1) as one",
                [role],
            )


@dataclass
class Doors:
    """Threads that write to the streams of a world over gRPC and SQL, and pay, until `end`; each act is repeated until it is answered.

    What was written over gRPC or SQL is then sent over HTTP, to have its receipt.
    """

    twins: Twins
    world: World
    receipts: Receipts
    is_over: threading.Event = field(default_factory=threading.Event)
    payees: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)
    minter: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> list[threading.Thread]:
        works = (self.push, self.push, self.append, self.append, self.pay, self.pay, self.settle)
        return [self.world.run(work, number) for number, work in enumerate(works)]

    def _again(self, act: Callable[[], Any]) -> Any:
        """The answer of an act that is repeated while its server or session is lost."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                return act()
            except grpc.RpcError as error:
                if error.code() not in LOST:
                    raise AssertionError(error) from error
                self.lost[error.code().name] += 1
                last: Exception = error
            except (psycopg.OperationalError, httpx.TransportError) as error:
                self.lost[type(error).__name__] += 1
                last = error
            if time.monotonic() > deadline:
                raise AssertionError(last) from last
            self.world.stop.wait(0.05)

    def _post(self, path: str, body: Any) -> Any:
        """The answer of the route of either process."""

        def ask() -> Any:
            with self.twins.api.client() as client:
                answer = client.post(path, content=body, headers={"content-type": "application/json"})
            if answer.status_code in (503, 504):
                raise httpx.ReadError(answer.text)
            assert answer.status_code == 200, answer.text
            return answer

        return self._again(ask)

    def _events(self, dice: random.Random) -> tuple[Agent, list[Event]]:
        agent = dice.choice(self.world.agents)
        events = [agent.event('{"customer_id":"c"}', created_at=CREATED_TEXT) for _ in range(BATCH)]
        self.receipts.events |= {event.event_id: (agent, event) for event in events}
        return agent, events

    def _take_receipts(self, agent: Agent, events: list[Event]) -> None:
        answer = self._post(INGEST, agent.body(*events))
        assert answer.json()["eventsAccepted"] == 0, "it was acknowledged over the other door"
        assert self.receipts.keep(answer.content) == {event.event_id for event in events}

    def push(self, seed: int) -> None:
        """Write over gRPC."""
        dice = random.Random(seed)
        while not self.is_over.wait(PAUSE):
            agent, events = self._events(dice)
            request = push_request(agent, *map(as_message, events))

            def push(request: Any = request) -> Any:
                with grpc.insecure_channel(target(self.twins.api)) as channel:
                    stub = module("v2_grpc").SequencerStub(channel)
                    return stub.Push(
                        request, metadata=(("x-api-key", BOOTSTRAP_KEY),), timeout=ANSWER_SECONDS
                    )

            assert self._again(push).events_rejected == 0
            self._take_receipts(agent, events)

    def append(self, seed: int) -> None:
        """Write with SQL, as a service beside the database."""
        dice = random.Random(seed)
        while not self.is_over.wait(PAUSE):
            agent, events = self._events(dice)

            def append(text: str = agent.body(*events)) -> Any:
                with self.twins.connect("ves_service") as service:
                    return scalar(service, "select ves.ingest_signed_request(%s)", [text])

            assert self._again(append)["eventsRejected"] == 0
            self._take_receipts(agent, events)

    def pay(self, seed: int) -> None:
        """Submit payment intents, each to a payee of its own."""
        ledger, agent = self.twins.ledger, self.world.agents[seed]
        account = Account.create()
        ledger.ask("anvil_setBalance", account.address, hex(10**18))
        with self.minter:
            ledger.send(ledger.token.functions.mint(account.address, 10**6 * PRICE))
        ledger.approve(account, 10**6 * PRICE)
        with self.twins.connect("ves_admin") as admin:
            bound = [agent.tenant_id, agent.agent_id, account.address.lower()]
            admin.execute("select ves.bind_payer_address(%s, %s, 1, %s)", bound)
        while not self.is_over.wait(5 * PAUSE):
            payee = Account.create().address
            intent = payer_of(agent).intent(
                network=INTENT_NETWORK, payer_address=account.address, payer_public_key=None, payee_address=payee,
                amount=PRICE, idempotency_key=payee,
            )  # fmt: skip
            first = self._post("/api/v1/x402/payments", json.dumps(intent)).json()
            assert (
                self._post("/api/v1/x402/payments", json.dumps(intent)).json()["intent_id"]
                == first["intent_id"]
            )
            self.payees.append(payee)

    def settle(self, _: int) -> None:
        """Pay through the facilitator as a resource server does, and ask again: the answer is the same."""
        ledger = self.twins.ledger
        while not self.is_over.wait(5 * PAUSE):
            payee = Account.create().address
            shop = Shop(ledger, httpx.Client(), payee)
            with self.minter:
                payer = shop.payer(2 * PRICE)
            request = json.dumps(shop.payment(payer))

            def settle(request: str = request) -> Any:
                answer = self._post("/x402/settle", request).json()
                if not answer["success"]:
                    raise httpx.ReadError(answer["errorReason"])
                return answer

            self.answers[request] = self._again(settle)
            self.payees.append(payee)

    def mine(self) -> None:
        """Blocks without transactions, so that what was sent becomes final."""
        while not self.world.stop.wait(BLOCK_SECONDS):
            self.twins.ledger.mine()


def as_message(event: Event) -> Any:
    """The event as a message of gRPC."""
    members = event.envelope
    v2 = module("v2")
    names = (
        "event_id", "tenant_id", "store_id", "entity_type", "entity_id", "event_type", "source_agent", "agent_key_id",
    )  # fmt: skip
    message = v2.EventEnvelope(
        **{name: members["source_agent_id" if name == "source_agent" else name] for name in names},
        payload_kind=v2.PAYLOAD_KIND_PLAINTEXT,
        payload=event.payload.encode(),
        payload_plain_hash=bytes.fromhex(members["payload_plain_hash"][2:]),
        agent_signature=bytes.fromhex(members["agent_signature"][2:]),
    )
    message.created_at.FromJsonString(members["created_at"])
    return message
