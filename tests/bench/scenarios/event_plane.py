"""What validation against schemas and encryption at rest cost: the same batches to two servers, turn about."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING, Any

from tests.bench import events
from tests.bench.checks import check_answers
from tests.bench.results import Bar, Figure
from tests.bench.scenarios.http_batches import AGENTS_PER_STREAM, BATCH, STREAMS, load, register, sign

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.system import Bench, Store
    from tests.bench.wire import Answer

BARE = {"SCHEMA_VALIDATION_MODE": "disabled", "PAYLOAD_ENCRYPTION_MODE": "disabled"}
WHOLE = {"SCHEMA_VALIDATION_MODE": "enforce", "PAYLOAD_ENCRYPTION_MODE": "required"}
WARM_UP = 3  # requests of each agent before the clock starts
_LINE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "sku": {"type": "string", "pattern": "^SKU-[0-9]{8}$"},
        "name": {"type": "string", "minLength": 1},
        "quantity": {"type": "integer", "minimum": 1},
        "cents": {"type": "integer", "minimum": 0},
    },
    "required": ["sku", "name", "quantity", "cents"],
    "additionalProperties": False,
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "order": {"type": "string"},
        "customer_id": {"type": "string"},
        "currency": {"enum": ["EUR", "USD"]},
        "total": {"type": "number", "minimum": 0},
        "rate": {"type": "number"},
        "paid": {"type": "boolean"},
        "coupon": {"type": ["string", "null"]},
        "lines": {"type": "array", "items": _LINE, "minItems": 1},
        "note": {"type": "string"},
    },
    "required": ["order", "customer_id", "currency", "total", "lines"],
    "additionalProperties": False,
}


def run(bench: Bench) -> list[Figure]:
    """One figure: the rate with both over the rate with neither, each the median of its rounds."""
    streams = bench.size(STREAMS, STREAMS, 1)
    agents = events.make_agents(streams, AGENTS_PER_STREAM, "event_plane")
    each, rounds = bench.size(full=10, quick=4, least=1), bench.size(full=6, quick=6, least=2)
    batches = sign(agents, WARM_UP + rounds * each, BATCH)
    owned = len(batches) // len(agents)
    answers: dict[str, list[Answer]] = {"bare": [], "whole": []}
    rates: dict[str, list[float]] = {"bare": [], "whole": []}
    with bench.store() as bare, bench.store() as whole:
        _register_schemas(whole, agents)
        with (
            bare.api(bench.log("plane_bare"), **BARE) as without,
            whole.api(bench.log("plane_whole"), **WHOLE) as with_both,
        ):
            sides = [("bare", without, register(bare, agents)), ("whole", with_both, register(whole, agents))]
            for turn in range(rounds + 1):
                first = 0 if turn == 0 else WARM_UP + (turn - 1) * each
                shares = [
                    list(range(at * owned + first, at * owned + first + (each if turn else WARM_UP)))
                    for at in range(len(agents))
                ]
                # Who goes first changes from round to round.
                for name, api, keys in sides if turn % 2 else sides[::-1]:
                    prepared = [
                        events.http_request(batch.body, keys[batch.agent.number]) for batch in batches
                    ]
                    (ran,) = load(api, prepared, shares)
                    answers[name] += ran.result
                    if turn:
                        rates[name].append(BATCH * len(ran.result) / (ran.ended - ran.started))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    return [
        Figure(
            name="event_plane",
            title="HTTP batches with schema validation and encryption at rest, against neither",
            value=medians["whole"] / medians["bare"],
            unit="times",
            bar=Bar(0.90),
            limited_by="one more pass over the payload for the schema, one for AES-GCM",
            details={
                "load": f"batches of {BATCH}, 1 KB payloads, {len(agents)} agents on {streams} streams; "
                f"{rounds} rounds each, in turn, on two databases of one server",
                "events_per_s": {name: round(rate) for name, rate in medians.items()},
                "rounds": {name: [round(rate) for rate in found] for name, found in rates.items()},
                "checked": {name: check_answers(batches, found) for name, found in answers.items()},
            },
        )
    ]


def _register_schemas(store: Store, agents: Sequence[events.Agent]) -> None:
    with store.connect("ves_admin") as connection:
        for tenant_id in {agent.tenant_id for agent in agents}:
            connection.execute(
                "select ves.register_schema(%s, %s, %s)", [tenant_id, events.EVENT_TYPE, json.dumps(SCHEMA)]
            )
