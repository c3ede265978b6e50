"""The demo's sealed order: a good proof is valid by REST and by SQL, and every bad one is refused with its reason."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.system import ADMIN_KEY, System
from ves_api.cli.admin import open_url
from ves_api.cli.demo import stark_scene
from ves_api.cli.demo.play import register
from ves_api.cli.demo.purchases import Cast
from ves_client.errors import ClientError
from ves_client.sequencer import Sequencer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REASONS = {
    "an amount above the cap": "amount_violates_policy: ",
    "another amount than the order's": "amount_mismatch: the committed amount is not the payload's amount",
    "the same proof for another event": "stark_invalid: ",
    "one byte changed": "stark_invalid: ",
}


@pytest.fixture
def sequencer(system: System) -> Iterator[Sequencer]:
    with Sequencer(system.url, ADMIN_KEY) as client:
        yield client


@pytest.fixture
def cast(sequencer: Sequencer) -> Cast:
    made = Cast.from_seeds(uuid.uuid4(), [uuid.uuid4().bytes * 2])
    register(sequencer, made)
    return made


def test_the_scene_is_part_of_the_demo_and_gives_every_reason(here: System, ves: Callable[..., Any]) -> None:
    told = ves("demo", "--purchases", "5", "--proofs", "3", "--no-tampering")
    assert told.code == 0, told.err + told.out
    text = " ".join(told.out.split())
    assert "by REST VALID, by SQL VALID" in text if here.is_full else "by SQL not asked" in text
    assert text.count("refused (") >= len(REASONS)
    for tried, reason in REASONS.items():
        assert f"{tried}: refused ({reason}" in text
    assert "does not hide the amount" in text
    answer = json.loads(ves("demo", "--purchases", "5", "--proofs", "3", "--no-tampering", "--json").out)
    assert answer["stark"]["valid_by_rest"] is True
    assert answer["stark"]["valid_by_sql"] is (True if here.is_full else None)
    assert answer["stark"]["refusals"].keys() == REASONS.keys()


def test_the_order_is_encrypted_and_its_proof_is_listed(
    system: System, sequencer: Sequencer, cast: Cast
) -> None:
    with open_url(system.database.url("ves_admin")) as admin:
        played = stark_scene.play(sequencer, cast.tenant_id, cast.agents[0], admin)
    assert played.by_rest["amount_binding"] == "not_checkable_by_server"
    with system.database.connect() as connection:
        row = connection.execute(
            "select e.payload_kind, e.payload is null, p.verified from ves_store.ves_compliance_proofs as p"
            " join ves_store.ves_events as e on e.event_id = p.event_id where p.proof_id = %s",
            [played.proof_id],
        ).fetchone()
    assert row == (1, True, True)


def test_the_scene_fails_when_a_bad_proof_is_accepted(
    sequencer: Sequencer, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stark_scene, "WRONG_AMOUNT", stark_scene.AMOUNT)
    with pytest.raises(ClientError, match="a bad proof was accepted"):
        stark_scene.play(sequencer, cast.tenant_id, cast.agents[0], None)
