"""Commitments get into Bitcoin blocks through calendars, which may lie (chain 8)."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.sql.legacy_support import Legacy, Writer
from tests.sql.support import Agent, Edge, scalar
from tests.support.calendar import FIRST_HEIGHT
from tests.support.calendars import LocalCalendar, calendar
from ves.anchors import ots_file
from ves.errors import ProtocolError
from ves_client.timestamps import TimestampDocument, attested_heights, check_timestamp
from ves_edge.environment import Environment, SettingsError
from ves_workers.runtime.database import WorkerDatabase
from ves_workers.settings.process import Settings
from ves_workers.settings.timestamps import TimestampSettings
from ves_workers.timestamps.worker import NoCalendarError, TimestampWorker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.conftest import Database

NIL = uuid.UUID(int=0)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCalendar]:
    with calendar(tmp_path_factory.mktemp("calendar")) as made:
        yield made


@pytest.fixture
def local(served: LocalCalendar) -> LocalCalendar:
    served.lie("")
    served.mine()
    return served


class Stamping:
    """Commitments in a database whose policy has OpenTimestamps, and a worker that tests step by hand."""

    def __init__(self, database: Database, *calendars: LocalCalendar) -> None:
        self.database, self.superuser = database, database.connect()
        urls = tuple(one.url for one in calendars)
        self.settings = TimestampSettings(urls, urls[0], interval_secs=0, upgrade_secs=0, timeout_secs=0.5)
        self.workers: list[TimestampWorker] = []
        with database.connect("ves_admin") as admin:
            admin.execute("select ves.set_anchor_policy('{chain,opentimestamps}', 1)")

    def commit(self, count: int) -> list[uuid.UUID]:
        """Commit each event of a new stream by itself."""
        agent = Agent()
        with self.database.connect("ves_api") as api:
            agent.register(api)
            Edge.open(api).ingest(agent, *agent.events(count))
            one = "select batch_id from ves.create_commitment(%s, %s, %s, %s)"
            return [scalar(api, one, [agent.tenant_id, agent.store_id, n, n]) for n in range(1, count + 1)]

    def worker(self, **changes: Any) -> TimestampWorker:
        self.superuser.execute(
            "update ves_store.leases set expires_at = now() where name = 'timestamps' and holder is not null"
        )
        settings = Settings(
            database_url=self.database.url("ves_worker"), timestamps=replace(self.settings, **changes)
        )
        self.workers.append(TimestampWorker(WorkerDatabase(settings, "ves-worker-test"), settings))
        return self.workers[-1]

    def statuses(self, batches: list[uuid.UUID]) -> list[str]:
        rows = self.superuser.execute(
            "select batch_id, status from ves_store.commitment_anchors"
            " where anchor = 'opentimestamps' and batch_id = any(%s)",
            [batches],
        ).fetchall()
        found: dict[uuid.UUID, str] = dict(rows)
        return [found[batch] for batch in batches]

    def document(self, batch: uuid.UUID) -> TimestampDocument:
        row = self.superuser.execute(
            "select tenant_id, store_id, encode(events_root, 'hex'), encode(new_state_root, 'hex'), sequence_start,"
            " sequence_end, event_count, proof_path, proof from ves.get_timestamp(%s, %s)",
            [NIL, batch],
        ).fetchone()
        assert row is not None
        document = TimestampDocument(batch, *row[:7], ots="")
        ots = base64.b64encode(ots_file(document.digest(), *row[7:])).decode()
        return msgspec.structs.replace(document, ots=ots)

    async def close(self) -> None:
        for worker in self.workers:
            await worker.close()
        self.superuser.close()


@pytest.fixture
async def stamping(database: Database, local: LocalCalendar) -> AsyncIterator[Stamping]:
    made = Stamping(database, local)
    yield made
    await made.close()


async def test_commitments_share_one_digest_and_each_has_a_proof_that_leads_to_the_block(
    stamping: Stamping, local: LocalCalendar
) -> None:
    batches = stamping.commit(5)
    worker = stamping.worker()
    await worker.step()
    assert stamping.statuses(batches) == ["submitted"] * 5
    assert attested_heights(stamping.document(batches[0])) == {}
    await worker.step()
    assert stamping.statuses(batches) == ["submitted"] * 5, "no block has it yet"
    local.mine()
    await worker.step()
    assert stamping.statuses(batches) == ["anchored"] * 5
    assert scalar(stamping.superuser, "select count(*) from ves_store.timestamps") == 1
    for batch in batches:
        document = stamping.document(batch)
        [height] = attested_heights(document)
        block = check_timestamp(document, bytes.fromhex(local.header(height)))
        assert (block.height, block.time.year) == (height, 2023)
    assert worker.counters()["submitted"] == 5


async def test_one_commitment_alone_and_one_of_a_legacy_stream_have_proofs_too(
    stamping: Stamping, local: LocalCalendar
) -> None:
    for batches in (stamping.commit(1), [legacy_commitment(stamping)]):
        worker = stamping.worker()
        await worker.step()
        local.mine()
        await worker.step()
        assert stamping.statuses(batches) == ["anchored"]
        document = stamping.document(batches[0])
        [height] = attested_heights(document)
        assert check_timestamp(document, bytes.fromhex(local.header(height))).height == height


def legacy_commitment(stamping: Stamping) -> uuid.UUID:
    with stamping.database.connect("ves_api") as api:
        writer = Writer(api)
        writer.ingest(Legacy(), Legacy(), Legacy())
        one = "select batch_id from ves.create_legacy_commitment(%s, %s, 1, 3)"
        made: uuid.UUID = scalar(api, one, writer.stream)
        return made


async def test_the_stock_program_reads_the_proof_file(
    stamping: Stamping, local: LocalCalendar, tmp_path: Path
) -> None:
    batches = stamping.commit(3)
    worker = stamping.worker()
    await worker.step()
    local.mine()
    await worker.step()
    document = stamping.document(batches[1])
    path = tmp_path / "commitment.ots"
    path.write_bytes(document.file())
    program = Path(sys.executable).with_name("ots")
    said = await asyncio.to_thread(subprocess.check_output, [program, "info", str(path)], text=True)
    assert f"File sha256 hash: {document.digest().hex()}" in said
    [height] = attested_heights(document)
    assert f"BitcoinBlockHeaderAttestation({height})" in said


@pytest.mark.parametrize(
    "lie",
    [
        "junk",
        "empty",
        "error",
        "redirect",
        "long",
        "endless",
        "slow",
        "deep",
        "metadata",
        "claims",
        "promises",
    ],
)
async def test_a_calendar_that_lies_about_taking_a_digest_is_refused_and_nothing_is_stored(
    stamping: Stamping, local: LocalCalendar, lie: str
) -> None:
    batches = stamping.commit(1)
    local.lie(lie)
    worker = stamping.worker()
    with pytest.raises(NoCalendarError, match=local.url):
        await worker.step()
    assert stamping.statuses(batches) == ["pending"]
    assert scalar(stamping.superuser, "select count(*) from ves_store.timestamps") == 0
    local.lie("")
    await worker.step()
    assert stamping.statuses(batches) == ["submitted"]


@pytest.mark.parametrize("lie", ["junk", "empty", "error", "redirect", "long", "endless", "slow"])
async def test_a_calendar_that_lies_later_is_asked_again(
    stamping: Stamping, local: LocalCalendar, lie: str
) -> None:
    batches = stamping.commit(1)
    worker = stamping.worker()
    await worker.step()
    local.mine()
    local.lie(lie)
    await worker.step()
    assert stamping.statuses(batches) == ["submitted"]
    local.lie("")
    await worker.step()
    assert stamping.statuses(batches) == ["anchored"]


@pytest.mark.parametrize("lie", ["other_block", "other_header"])
async def test_a_block_with_another_merkle_root_or_another_header_anchors_nothing(
    stamping: Stamping, local: LocalCalendar, lie: str
) -> None:
    batches = stamping.commit(1)
    worker = stamping.worker()
    await worker.step()
    local.lie(lie)
    local.mine()
    await worker.step()
    assert stamping.statuses(batches) == ["submitted"]
    assert worker.counters()["refused"] == 1


async def test_one_honest_calendar_of_two_is_enough(database: Database, tmp_path: Path) -> None:
    with calendar(tmp_path, "honest") as honest, calendar(tmp_path, "liar") as liar:
        stamping = Stamping(database, honest, liar)
        try:
            batches = stamping.commit(2)
            worker = stamping.worker()
            await worker.step()
            assert worker.counters()["refused"] == 0, "both have it"
            liar.lie("junk")
            liar.mine()
            honest.mine()
            await worker.step()
            assert stamping.statuses(batches) == ["anchored"] * 2
            document = stamping.document(batches[0])
            header = bytes.fromhex(honest.header(FIRST_HEIGHT))
            assert check_timestamp(document, header).height == FIRST_HEIGHT
        finally:
            await stamping.close()


async def test_a_promise_that_is_not_kept_expires_and_the_commitments_are_given_to_the_calendars_again(
    stamping: Stamping,
) -> None:
    batches = stamping.commit(2)
    await stamping.worker().step()
    await stamping.worker(expiry_secs=0).step()
    assert stamping.statuses(batches) == ["pending"] * 2
    await stamping.worker().step()
    assert stamping.statuses(batches) == ["submitted"] * 2
    states = "select array_agg(status order by created_at) from ves_store.timestamps"
    assert scalar(stamping.superuser, states) == ["expired", "submitted"]


async def test_a_calendar_is_asked_about_what_is_due_and_not_about_what_is_done(
    stamping: Stamping, local: LocalCalendar
) -> None:
    stamping.commit(20)
    worker = stamping.worker(upgrade_secs=3600)
    before = local.asked()
    for _ in range(3):
        await worker.step()
    assert local.asked() == before, "it is not due"
    stamping.superuser.execute("update ves_store.timestamps set due_at = now()")
    local.mine()
    for _ in range(3):
        await worker.step()
    assert local.asked() == before + 1, "one question for twenty commitments, and none once they are anchored"


async def test_of_two_workers_one_has_the_lease_and_a_stale_one_stores_nothing(stamping: Stamping) -> None:
    batches = stamping.commit(1)
    stale, other = stamping.worker(), None
    await stale.step()
    other = stamping.worker()
    await other.step()
    stamping.commit(1)
    with pytest.raises(Exception, match="lease"):
        await stale.step()
    assert stamping.statuses(batches) == ["submitted"]


async def test_a_proof_of_other_content_or_with_another_header_is_refused(
    stamping: Stamping, local: LocalCalendar
) -> None:
    first, second = stamping.commit(2)
    worker = stamping.worker()
    await worker.step()
    local.mine()
    await worker.step()
    document, other = stamping.document(first), stamping.document(second)
    [height] = attested_heights(document)
    header = bytes.fromhex(local.header(height))
    forged = [
        (msgspec.structs.replace(document, ots=other.ots), header),
        (msgspec.structs.replace(document, events_root="00" * 32), header),
        (msgspec.structs.replace(document, sequence_end=document.sequence_end + 1), header),
        (msgspec.structs.replace(document, tenant_id=uuid.uuid4()), header),
        (msgspec.structs.replace(document, ots=document.ots[:-8]), header),
        (msgspec.structs.replace(document, ots="!"), header),
        (document, header[:36] + bytes(32) + header[68:]),
        (document, header[:79]),
    ]
    for wrong, given in forged:
        with pytest.raises(ProtocolError):
            check_timestamp(wrong, given)
    assert check_timestamp(document, header).height == height


@pytest.mark.parametrize(
    ("calendars", "blocks"),
    [
        ("https://a.example", ""),
        ("", "https://b.example"),
        ("http://169.254.169.254", "https://b.example"),
        ("http://a.example", "https://b.example"),
        ("https://user:pw@a.example", "https://b.example"),
        ("https://a.example?x=1", "https://b.example"),
        ("https://a.example", "ftp://b.example"),
        (",".join(f"https://{n}.example" for n in range(7)), "https://b.example"),
    ],
)
def test_settings_that_would_ask_somebody_else_are_refused(calendars: str, blocks: str) -> None:
    given = {"VES_OTS_CALENDARS": calendars, "VES_OTS_BLOCKS_URL": blocks}
    with pytest.raises(SettingsError, match="VES_OTS_"):
        TimestampSettings.from_environment(Environment(given))


def test_it_is_off_without_calendars_and_on_with_calendars_and_an_explorer() -> None:
    assert not TimestampSettings.from_environment(Environment({})).is_on
    given = {
        "VES_OTS_CALENDARS": "https://a.example/, https://b.example:8443/x",
        "VES_OTS_BLOCKS_URL": "https://c.example/api/",
    }
    found = TimestampSettings.from_environment(Environment(given))
    assert found.is_on
    assert found.calendars == ("https://a.example", "https://b.example:8443/x")
    assert found.blocks_url == "https://c.example/api"
