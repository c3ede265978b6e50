"""A day of a system whose every secret and payload is a word that can be searched for."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.api.legacy_support import Sender
from tests.api.support import Agent, dump, post
from tests.api.surface.tokens import token
from tests.support import keyring
from tests.support.processes import SEQUENCER_ID, Server, Worker
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.support.cluster import Cluster

DATABASE = "secrets"
BOOTSTRAP = "ss_word4bootstrap_0123456789abcdefghijkl"
FOREIGN_KEY = "ss_word4aKeyThatNobodyMade"
JWT_SECRET = "word4jwtsecret and some more of it, 32+"
PASSWORDS = {role: f"word4password-of-{role}" for role in ("ves_api", "ves_worker", "ves_admin")}
SIGNING_SEED = bytes.fromhex("a5" * 16 + "5c" * 16)
AT_REST_KEY = bytes.fromhex("7e" * 16 + "d1" * 16)
PAYLOAD = "word4payload"
SCHEMA = {"type": "object", "properties": {"amount": {"type": "number", "const": 7}}, "required": ["amount"]}


def spellings(key: bytes) -> set[str]:
    """A key as hex and base64, as an operator may have written it."""
    return {
        key.hex(),
        key.hex().upper(),
        base64.b64encode(key).decode().rstrip("="),
        base64.urlsafe_b64encode(key).decode().rstrip("="),
    }


@dataclass
class Day:
    """The processes of the scenario, what they were asked, and the secrets that came up on the way."""

    cluster: Cluster
    folder: Path
    at_rest: str
    secrets: set[str] = field(default_factory=set)
    refusals: list[httpx.Response] = field(default_factory=list)

    def url(self, role: str) -> str:
        """With a password, which this server does not ask for."""
        return self.cluster.url(DATABASE, role).replace(f"{role}@", f"{role}:{PASSWORDS[role]}@")

    @property
    def logs(self) -> dict[str, Path]:
        return {
            "API": self.folder / "api.log",
            "workers": self.folder / "workers.log",
            "PostgreSQL": self.cluster.state / "server.log",
        }

    def play(self) -> None:
        """Everything once, with a second server that cannot start."""
        self.secrets |= {BOOTSTRAP, FOREIGN_KEY, JWT_SECRET, *PASSWORDS.values()}
        self.secrets |= spellings(SIGNING_SEED) | spellings(AT_REST_KEY)
        keyring.write(self.cluster.keyring, PAYLOAD_ENCRYPTION_KEY=AT_REST_KEY.hex())
        api = Server(self.url("ves_api"), self.environment())
        workers = Worker(self.url("ves_worker"), self.environment())
        workers.launch(self.logs["workers"])
        try:
            api.start(self.logs["API"])
            with api.client(BOOTSTRAP) as client:
                client.event_hooks["response"].append(self.keep)
                self.agents_work(client)
                self.strangers_try(api)
                self.the_database_fails(client)
        finally:
            api.stop()
            workers.stop()

    def environment(self) -> dict[str, str]:
        return {
            "BOOTSTRAP_ADMIN_API_KEY": BOOTSTRAP,
            "JWT_SECRET": JWT_SECRET,
            "VES_SEQUENCER_SIGNING_KEY": SIGNING_SEED.hex(),
            "VES_SEQUENCER_ID": str(SEQUENCER_ID),
            "PAYLOAD_ENCRYPTION_MODE": self.at_rest,
            "PAYLOAD_ENCRYPTION_KEY": AT_REST_KEY.hex(),
            "SCHEMA_VALIDATION_MODE": "enforce",
            "DB_LOCK_TIMEOUT_MS": "200",
            "LOG_FORMAT": "json",
            "RUST_LOG": "debug",
        }

    def keep(self, answer: httpx.Response) -> None:
        if answer.status_code >= 400:
            answer.read()
            self.refusals.append(answer)

    def agents_work(self, client: httpx.Client) -> None:
        """Good and bad events of both streams, keys and schemas."""
        agent = Agent()
        assert agent.register(client).status_code == 200
        tenant = str(agent.tenant_id)
        schema = {"tenantId": tenant, "eventType": "order.checked", "schemaJson": SCHEMA}
        assert client.post("/api/v1/schemas", json=schema).status_code == 200
        good = agent.event({"note": PAYLOAD})
        wrong = agent.event({"amount": PAYLOAD}, event_type="order.checked")
        forged = agent.event({"note": PAYLOAD}) | {"payload_plain_hash": "0x" + "11" * 32}
        answer = agent.ingest(client, good, wrong, forged).json()
        assert (answer["eventsAccepted"], answer["eventsRejected"]) == (1, 2), answer
        sender = Sender(agent.tenant_id, agent.store_id, agent.agent_id)
        answer = sender.ingest(
            client,
            sender.event({"note": PAYLOAD}),
            sender.event({"amount": PAYLOAD}, event_type="order.checked"),
            sender.event({"note": PAYLOAD}, payload_hash="11" * 32),
        ).json()
        assert (answer["events_accepted"], answer["events_rejected"]) == (1, 2), answer
        for body in (
            agent.body(good | {"payload_kind": PAYLOAD}),
            agent.body(good)[:-2],
            dump({"agentId": PAYLOAD, "events": PAYLOAD}),
            agent.body(good | {"payload_kind": 1, "payload_encrypted": {"aead": PAYLOAD}}),
        ):
            assert post(client, body).status_code >= 400
        checked = {"tenantId": tenant, "eventType": "order.checked", "payload": {"amount": PAYLOAD}}
        assert client.post("/api/v1/schemas/validate", json=checked).json()["valid"] is False
        stream = {"tenant_id": tenant, "store_id": str(agent.store_id)}
        with self.cluster.connect(DATABASE, "ves_admin") as operator:
            operator.execute(
                "select ves.set_commit_policy(%s, %s, 'automatic', 1)", [agent.tenant_id, agent.store_id]
            )
        wait_until(lambda: client.get("/api/v1/ves/commitments", params=stream).json()["count"])
        self.secrets_are_made(client, agent)

    def secrets_are_made(self, client: httpx.Client, agent: Agent) -> None:
        """Keys that the server mints, used in every spelling."""
        with self.cluster.connect(DATABASE, "ves_admin") as operator:
            operator.execute(
                "select ves.create_api_key(repeat('ab', 32), %s, agent_id => %s)",
                [agent.tenant_id, agent.agent_id],
            )
        path = f"/api/v1/agents/{agent.agent_id}/api-keys"
        minted = client.post(path, json={}).json()
        self.secrets.add(minted["apiKey"])
        query = {"tenant_id": str(agent.tenant_id), "store_id": str(agent.store_id)}
        for headers in (
            {"authorization": f"ApiKey {minted['apiKey']}"},
            {"authorization": f"Bearer {minted['apiKey']}"},
            {"authorization": minted["apiKey"]},
            {"x-api-key": minted["apiKey"]},
        ):
            assert client.get("/api/v1/head", params=query, headers=headers).status_code == 200
        assert client.delete(f"{path}/{minted['keyHashPrefix']}").status_code == 200

    def strangers_try(self, api: Server) -> None:
        """Credentials that are refused, and one token that is not."""
        tenant = str(uuid.uuid4())
        tokens = [
            token(tenant, JWT_SECRET),
            token(tenant, JWT_SECRET, exp=1_700_000_000),
            token(tenant, "word4another secret that signs tokens"),
            token(tenant, JWT_SECRET, stores=PAYLOAD),
        ]
        self.secrets |= {text.rpartition(".")[2] for text in tokens} | set(tokens)
        credentials = [f"Bearer {text}" for text in tokens]
        credentials += [f"ApiKey {FOREIGN_KEY}", FOREIGN_KEY, f"Basic {FOREIGN_KEY}", f"Bearer {FOREIGN_KEY}"]
        credentials += [BOOTSTRAP + "x", BOOTSTRAP.upper()]
        with api.client(key=None) as stranger:
            stranger.event_hooks["response"].append(self.keep)
            for credential in credentials:
                for path in ("/api/v1/head", "/api/v1/admin/overview", "/api/v1/nowhere"):
                    stranger.get(path, headers={"authorization": credential})
            for body in ("{}", PAYLOAD):
                stranger.post(
                    "/api/v1/agents/register", content=body, headers={"content-type": "application/json"}
                )

    def the_database_fails(self, client: httpx.Client) -> None:
        """Statements that end in an error with a payload among their parameters."""
        agent = Agent()
        assert agent.register(client).status_code == 200
        with self.cluster.connect(DATABASE) as superuser:
            with superuser.transaction():
                superuser.execute("lock table ves_store.ves_events in access exclusive mode")
                assert agent.ingest(client, agent.event({"note": PAYLOAD})).status_code == 503
            superuser.execute(
                "alter table ves_store.ves_events add constraint broken check (event_type <> 'order.created') not valid"
            )
            assert agent.ingest(client, agent.event({"note": PAYLOAD})).status_code == 500
            superuser.execute("alter table ves_store.ves_events drop constraint broken")
