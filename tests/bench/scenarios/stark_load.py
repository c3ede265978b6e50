"""Ingest while proofs are submitted: how much 50 parallel submissions lengthen an ingest request, and whether any is lost."""

from __future__ import annotations

import base64
import http.client
import json
import os
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ves_stark
from tests.bench import events
from tests.bench.clocks import Stopwatch
from tests.bench.parallel import Crew, spread
from tests.bench.results import Bar, Figure
from tests.bench.scenarios.http_batches import sign
from tests.bench.stats import latency
from tests.bench.wire import Load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.clocks import Span
    from tests.bench.parallel import Ran
    from tests.bench.system import Api, Bench
    from tests.bench.wire import Answer

_COMPLIANCE = "/api/v1/ves/compliance"
_POLICY = "aml.threshold"
_AMOUNT = 5_000
_LIMIT = 10_000


@dataclass(frozen=True)
class Submission:
    """One ready-made request, and the event that it is about."""

    event_id: str
    request: bytes


def run(bench: Bench) -> list[Figure]:
    """Two figures: p99 of ingest under submissions over its p99 without, and submissions lost."""
    agents = events.make_agents(2, 1, "stark_load")
    ingesting, proving = agents
    submitters = bench.size(full=50, quick=50, least=2)
    rounds = bench.size(full=20, quick=6, least=1)
    each = bench.size(full=3_000, quick=1_500, least=200)
    warm_up = bench.size(full=200, quick=200, least=10)  # ingest requests before anything is counted
    with bench.store() as store, store.api(bench.log("stark_load")) as api:
        store.register(agents)
        key, proving_key = store.api_key(ingesting.tenant_id), store.api_key(proving.tenant_id)
        proofs = _submissions(api, proving, proving_key, submitters, rounds)
        batches = sign([ingesting], 2 * each, 1)
        prepared = [events.http_request(batch.body, key) for batch in batches]
        quiet, _, _ = _measure(bench, api, prepared[:each], [], submitters)
        busy, submitted, span = _measure(bench, api, prepared[each:], proofs, submitters)
        stored = _stored(api, proving_key, proofs)
    answered = sum(answer.status == 200 for answer in submitted.result)
    began, ended = submitted.started, submitted.ended
    during = [a for a in busy if a.ended - a.seconds >= began and a.ended <= ended]
    unloaded, loaded = latency([a.seconds for a in quiet[warm_up:]]), latency([a.seconds for a in during])
    assert all(answer.status == 200 for answer in (*quiet, *busy)), "an ingest request was refused"
    details: dict[str, Any] = {
        "load": f"one connection ingests one event a request in turn, {submitters} connections submit {len(proofs)} "
        "proofs in turn, each verified and stored; clients, API and server share the cores",
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "unloaded_ms": unloaded,
        "loaded_ms": loaded,
        "submission_ms": latency([answer.seconds for answer in submitted.result]),
        "submissions_per_s": round(len(proofs) / (ended - began), 1),
        "machine_percent": span.shares(submitted.cpu),
    }
    return [
        Figure(
            "stark_ingest_p99",
            f"ingest p99 under {submitters} parallel proof submissions, against without",
            loaded["p99"] / unloaded["p99"],
            "times",
            Bar(2.0, sense="most"),
            f"p99 {unloaded['p99']} ms without, {loaded['p99']} ms with; {details['submissions_per_s']} proofs/s verified"
            " and stored meanwhile",
            details=details,
        ),
        Figure(
            "stark_submissions_lost",
            "the same: submissions lost",
            len(proofs) - min(answered, stored),
            "count",
            Bar(0, sense="most"),
            f"{answered} of {len(proofs)} answered 200, {stored} listed afterwards",
        ),
    ]


def _measure(
    bench: Bench,
    api: Api,
    prepared: Sequence[bytes],
    proofs: Sequence[Submission],
    submitters: int,
) -> tuple[list[Answer], Ran[list[Answer]], Span]:
    """One client ingests and, if there are proofs, many submit beside it."""
    requests = [proof.request for proof in proofs]
    lanes = [range(at, len(requests), submitters) for at in range(submitters if requests else 0)]
    alone = [range(len(prepared))]
    crew = Crew([lambda: Load(api.port, prepared, alone).run, lambda: Load(api.port, requests, lanes).run])
    time.sleep(1.0)  # what came before (receipts of its last second) is not part of the figure
    watch = Stopwatch(api=api.pid, postgres=bench.cluster.postmaster_pid)
    crew.release()
    ingested, submitted = crew.collect()
    return ingested.result, submitted, watch.stop()


def _ask(api: Api, key: str, method: str, path: str, body: bytes = b"") -> dict[str, Any]:
    client = http.client.HTTPConnection("127.0.0.1", api.port, timeout=60)
    try:
        client.request(method, path, body, {"x-api-key": key, "content-type": "application/json"})
        answer = client.getresponse()
        data = answer.read()
    finally:
        client.close()
    assert answer.status == 200, data[:500]
    found: dict[str, Any] = json.loads(data)
    return found


def _submissions(api: Api, agent: events.Agent, key: str, count: int, rounds: int) -> list[Submission]:
    """A proof of each of `count` events under `rounds` policies: every one is stored in a place of its own."""
    batch = sign([agent], 1, count)[0]
    _ask(api, key, "POST", events.INGEST_PATH, batch.body)
    work = []
    for event_id in (str(uuid.UUID(bytes=raw)) for raw in batch.signing_hashes):
        policy = {"policyId": _POLICY, "policyParams": {"threshold": _LIMIT}}
        path = f"{_COMPLIANCE}/{event_id}/inputs"
        inputs = _ask(api, key, "POST", path, json.dumps(policy).encode())["public_inputs"]
        work.append((inputs, key, rounds))
    made = spread(_prove, work, 2)
    return [made[at][number] for number in range(rounds) for at in range(len(made))]


def _prove(work: tuple[dict[str, Any], str, int]) -> list[Submission]:
    inputs, key, rounds = work
    made = []
    for number in range(rounds):
        params = {"threshold": _LIMIT + number}
        digest = ves_stark.compute_policy_hash(_POLICY, params)
        public = ves_stark.CompliancePublicInputs.from_json(
            inputs | {"policyParams": params, "policyHash": digest}
        )
        proof = ves_stark.prove(_AMOUNT, public, public.policy())
        body = {
            "proofType": "stark",
            "proofVersion": 2,
            "policyId": _POLICY,
            "policyParams": params,
            "proofB64": base64.b64encode(proof.proof_bytes).decode(),
            "witnessCommitment": proof.witness_commitment_hex,
        }
        path = f"{_COMPLIANCE}/{inputs['eventId']}/proofs"
        made.append(
            Submission(inputs["eventId"], events.http_request(json.dumps(body).encode(), key, path=path))
        )
    return made


def _stored(api: Api, key: str, proofs: Sequence[Submission]) -> int:
    """How many proofs the API lists for the events."""
    ids = {proof.event_id for proof in proofs}
    return sum(_ask(api, key, "GET", f"{_COMPLIANCE}/{event_id}/proofs")["count"] for event_id in ids)
