"""An agent rotates its key in one call: the old key verifies for the grace period, and a repeat finishes what began."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.processes import BOOTSTRAP_KEY, SEQUENCER_PUBLIC_KEY
from ves_client import AgentKey, ClientError, Exit, Outbox, Sequencer, Trust, push, rotate_key

if TYPE_CHECKING:
    from tests.api.support import Agent
    from tests.support.processes import Server

TRUST = Trust((SEQUENCER_PUBLIC_KEY,))


@pytest.fixture
def key_file(agent: Agent, tmp_path: Path) -> Path:
    path = tmp_path / "agent.json"
    AgentKey(agent.agent_id, agent.key_id, agent.seed).save(path)
    return path


def test_events_of_the_old_key_are_accepted_within_the_grace_period_only(
    server: Server, agent: Agent, key_file: Path, tmp_path: Path
) -> None:
    file = tmp_path / "shop.db"
    stream = (agent.tenant_id, agent.store_id)
    with Sequencer(server.url, BOOTSTRAP_KEY) as sequencer:
        with Outbox(file, AgentKey.load(key_file), *stream) as outbox:
            outbox.record("order", "O-1", "order.created", {})
        new = rotate_key(key_file, sequencer, agent.tenant_id, grace_seconds=3600)
        assert (new.key_id, AgentKey.load(key_file)) == (2, new)
        with Outbox(file, new, *stream) as outbox:
            outbox.record("order", "O-2", "order.created", {})
            assert push(outbox, sequencer, TRUST).accepted == 2
            outbox.record("order", "O-3", "order.created", {})
            newest = rotate_key(key_file, sequencer, agent.tenant_id, grace_seconds=0)
            assert push(outbox, sequencer, TRUST).refused == 1
            [held] = outbox.refused()
            assert held.reason.startswith("agent_key_invalid: ")
        with Outbox(file, newest, *stream) as outbox:
            outbox.replace(held.event_id, held.event)
            assert push(outbox, sequencer, TRUST).accepted == 1


@pytest.mark.parametrize("lost", ["request", "answer", "rename"])
def test_an_interrupted_rotation_is_finished_by_a_repeat(
    server: Server, agent: Agent, key_file: Path, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sequencer(server.url, BOOTSTRAP_KEY) as sequencer:
        rotate = sequencer.rotate_agent_key

        def fail(*arguments: Any) -> Any:
            if lost == "answer":
                rotate(*arguments)
            raise ClientError(Exit.UNREACHABLE, "unreachable", "lost")

        with monkeypatch.context() as patch:
            if lost == "rename":
                patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError()))
            else:
                patch.setattr(sequencer, "rotate_agent_key", fail)
            with pytest.raises((ClientError, OSError)):
                rotate_key(key_file, sequencer, agent.tenant_id)
        assert AgentKey.load(key_file).key_id == 1
        draft = AgentKey.load(key_file.with_name("agent.json.next"))
        assert rotate_key(key_file, sequencer, agent.tenant_id) == draft == AgentKey.load(key_file)
        listed = sequencer.list_agent_keys(agent.tenant_id, agent.agent_id)
        assert [(key.key_id, key.public_key) for key in listed][1:] == [(2, draft.public_key.hex())]
    assert list(key_file.parent.glob("*.next")) == []


def test_a_new_key_is_encrypted_like_the_old_one(server: Server, agent: Agent, tmp_path: Path) -> None:
    path = tmp_path / "sealed.json"
    AgentKey(agent.agent_id, agent.key_id, agent.seed).save(path, passphrase=b"correct horse")
    with Sequencer(server.url, BOOTSTRAP_KEY) as sequencer:
        new = rotate_key(path, sequencer, agent.tenant_id, passphrase=b"correct horse")
    assert new.seed.hex() not in path.read_text()
    assert AgentKey.load(path, b"correct horse") == new


def test_a_number_that_is_taken_is_skipped_and_a_strange_draft_refused(
    server: Server, agent: Agent, key_file: Path
) -> None:
    with Sequencer(server.url, BOOTSTRAP_KEY) as sequencer:
        sequencer.register_agent_key(
            agent.tenant_id, agent.agent_id, 7, AgentKey.new(agent.agent_id, 7).public_key
        )
        assert rotate_key(key_file, sequencer, agent.tenant_id).key_id == 8
        AgentKey.new(agent.agent_id, 3).save(key_file.with_name("agent.json.next"))
        with pytest.raises(ClientError, match="is not the successor"):
            rotate_key(key_file, sequencer, agent.tenant_id)
