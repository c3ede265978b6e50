"""`ves fsck` and `ves commit`: verification and commitment of streams."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
import typer

from ves_api.cli.database import OperatorDatabase
from ves_api.cli.frame import Answer
from ves_api.cli.settings import layers
from ves_client.commands.options import Store, Tenant
from ves_client.commands.output import progress
from ves_client.errors import Exit, usage
from ves_edge.gen import sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from ves_edge.gen.records import ListStreamsRow

Json = dict[str, Any]
# Checks that report data which could not be recomputed: notes, not findings.
NOTES = frozenset(
    {
        "before_first_commitment",
        "clock_went_back",
        "engine_copied",
        "core_mode",
        "payload_key_dropped",
        "payload_shredded",
    }
)
NOT_OPENED = "payload_not_opened"
_NO_TENANT = UUID(int=0)
_CHAINS = frozenset({"audit", "changes"})
_HASH_BYTES = 32
AUDIT_CHAIN = "audit_chain"
_STEP = 20_000  # events: seconds of a core, so jobs end together and progress moves


def select_streams(db: OperatorDatabase, tenant: str | None, store: str | None) -> list[ListStreamsRow]:
    """Return all streams, those of one tenant, or one stream. Exit code 2 when the named one does not exist."""
    streams = sync.list_streams(
        db,
        tenant_id=None if tenant is None else layers().need_uuid("VES_TENANT_ID", tenant),
        store_id=None if store is None else layers().need_uuid("VES_STORE_ID", store),
    )
    if not streams and store is not None:
        raise usage("there is no such stream")
    return streams


def _check(tenant: str | None, store: str | None) -> None:
    if store is not None and tenant is None:
        raise usage("--store needs --tenant")


def fsck(
    db: OperatorDatabase,
    *,
    tenant: Tenant = None,
    store: Store = None,
    from_sequence: Annotated[
        int | None,
        typer.Option(
            "--from", min=1, help="First number to check; needs --store. Only events and commitments."
        ),
    ] = None,
    to_sequence: Annotated[
        int | None, typer.Option("--to", min=1, help="Last number; needs --store.")
    ] = None,
    jobs: Annotated[
        int,
        typer.Option(
            min=1, max=64, help="Connections that check at the same time: one core of the server each."
        ),
    ] = 1,
    allow_unopened: Annotated[
        bool,
        typer.Option("--allow-unopened", help="The server has no key ring: unopened payloads are notes."),
    ] = False,
    expect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CHAIN:NUMBER:HASH",
            help="A head that was kept elsewhere (ves.list_chain_heads): audit or changes, of --tenant; repeatable.",
        ),
    ] = None,
    as_json: bool = False,
) -> Answer:
    """Recompute every hash, signature, number, receipt, tree and state root; exit code 1 if anything is wrong.

    All streams by default, and unless one store is named the audit log of the same tenants. Without a tenant also the
    engine's objects and grants against the last installation. Events that are appended meanwhile are not checked.
    """
    _check(tenant, store)
    if store is None and (from_sequence or to_sequence):
        raise usage("--from and --to need --store")
    heads = [_read_head(text) for text in expect or ()]
    started = time.monotonic()
    streams = select_streams(db, tenant, store)
    steps = [step for stream in streams for step in _steps(stream, from_sequence, to_sequence)]
    events = sum(step.events for step in steps)
    with progress("fsck", events, "events", quiet=as_json) as advance:
        rows = _run(db, steps, jobs, advance)
    if store is None:
        rows += audit_findings(db, tenant)
    if tenant is None:
        rows += _engine_findings(db)
    rows += [row for head in heads for row in _head_findings(db, tenant, *head)]
    if tenant is not None and not (streams or rows or heads or _is_known(db, tenant)):
        raise usage("nothing is stored of this tenant")
    not_wrong = NOTES | {NOT_OPENED} if allow_unopened else NOTES
    return _verdict(rows, not_wrong, len(streams), events, time.monotonic() - started)


def _verdict(
    rows: Sequence[Json], not_wrong: AbstractSet[str], streams: int, events: int, seconds: float
) -> Answer:
    findings = [row for row in rows if row["check_name"] not in not_wrong]
    notes = sorted({row["finding"] for row in rows if row["check_name"] in not_wrong})
    verdict = f"{len(findings)} FINDINGS" if findings else "CLEAN"
    rate = f"{events / seconds:,.0f} events/s" if seconds else ""
    return Answer(
        {
            "clean": not findings,
            "streams": streams,
            "events": events,
            "seconds": round(seconds, 3),
            "findings": findings,
            "not_checked": notes,
        },
        [*map(_line, findings), f"{verdict}: {streams} streams, {events:,} events, {seconds:.1f} s, {rate}"],
        Exit.CHECK_FAILED if findings else Exit.FINE,
        notes,
    )


class _Step(NamedTuple):
    """A range of a stream; without one, what only the whole stream shows."""

    tenant_id: UUID
    store_id: UUID
    first: int = 1
    last: int = 0

    @property
    def events(self) -> int:
        return self.last - self.first + 1

    def run(self, db: OperatorDatabase) -> list[Json]:
        where = {"tenant_id": self.tenant_id, "store_id": self.store_id}
        found = (
            sync.verify_stream(db, **where, from_sequence=self.first, to_sequence=self.last)
            if self.events
            else sync.verify_stream_totals(db, **where)
        )
        return [{**where, **msgspec.structs.asdict(row)} for row in found]


def _steps(stream: ListStreamsRow, first: int | None, last: int | None) -> Iterator[_Step]:
    """Split a stream, or the range that is asked for, into steps of up to _STEP events."""
    place = (stream.tenant_id, stream.store_id)
    if first is None and last is None:
        yield _Step(*place)
    end = min(last or stream.head_sequence, stream.head_sequence)
    for start in range(first or 1, end + 1, _STEP):
        yield _Step(*place, start, min(start + _STEP - 1, end))


def _run(
    db: OperatorDatabase, steps: Sequence[_Step], jobs: int, advance: Callable[[int], None]
) -> list[Json]:
    """Return the findings of all steps in their order, each once: neighbours may both report a commitment.

    The work is the server's, so a thread with a connection of its own is a job.
    """
    waiting = iter(enumerate(steps))
    found: dict[int, list[Json]] = {}
    with ExitStack() as stack:
        connections = [
            db,
            *(stack.enter_context(OperatorDatabase(db.url)) for _ in range(1, min(jobs, len(steps)))),
        ]

        def work(connection: OperatorDatabase) -> None:
            while (step := next(waiting, None)) is not None:
                found[step[0]] = step[1].run(connection)
                advance(step[1].events)

        with ThreadPoolExecutor(len(connections)) as pool:
            for done in [pool.submit(work, connection) for connection in connections]:
                done.result()
    return list({tuple(row.values()): row for place in sorted(found) for row in found[place]}.values())


def _line(row: Json) -> str:
    number = row["sequence_number"]
    place = row["batch_id"] or "" if number is None else f"#{number}"
    return (
        f"{row['tenant_id']}/{row['store_id'] or 'audit_log'} {place} {row['check_name']}: {row['finding']}"
    )


def audit_findings(db: OperatorDatabase, tenant: str | None) -> list[Json]:
    """Return the findings about the audit log of one or all tenants, in the format of a stream's findings."""
    tenant_id = None if tenant is None else layers().need_uuid("VES_TENANT_ID", tenant)
    return [
        _finding(row.tenant_id, AUDIT_CHAIN, row.finding, row.number)
        for row in sync.verify_audit(db, tenant_id=tenant_id)
    ]


def _read_head(text: str) -> tuple[str, int, bytes]:
    chain, number, digest = [*text.split(":"), "", ""][:3]
    try:
        head = (chain, int(number), bytes.fromhex(digest))
    except ValueError:
        head = ("", 0, b"")
    if head[0] not in _CHAINS or len(head[2]) != _HASH_BYTES:
        raise usage("--expect needs audit:NUMBER:HASH or changes:NUMBER:HASH, the hash in 64 hex digits")
    return head


def _head_findings(
    db: OperatorDatabase, tenant: str | None, chain: str, number: int, digest: bytes
) -> list[Json]:
    tenant_id = _NO_TENANT if tenant is None else layers().need_uuid("VES_TENANT_ID", tenant)
    if sync.get_chain_hash(db, tenant_id=tenant_id, chain=chain, number=number) == digest:
        return []
    finding = f"entry {number} of the chain {chain} is not the expected one: the chain was rewritten or cut"
    return [_finding(tenant_id, "expected_head", finding, number)]


def _is_known(db: OperatorDatabase, tenant: str) -> bool:
    return bool(sync.list_chain_heads(db, tenant_id=layers().need_uuid("VES_TENANT_ID", tenant)))


def _engine_findings(db: OperatorDatabase) -> list[Json]:
    """Differences from the last installation. A copy of a database lacks the grants on the database itself: a note."""
    return [
        _finding(
            _NO_TENANT,
            "engine_copied" if (row.kind, row.identity) == ("grants", "database") else "engine",
            f"{row.kind} {row.identity}: {row.state} since the last installation (`ves engine install` repairs it)",
        )
        for row in sync.list_engine_differences(db)
    ]


def _finding(tenant_id: UUID, check_name: str, finding: str, number: int | None = None) -> Json:
    return {
        "tenant_id": tenant_id,
        "store_id": None,
        "check_name": check_name,
        "sequence_number": number,
        "batch_id": None,
        "finding": finding,
    }


def commit(
    db: OperatorDatabase,
    *,
    tenant: Tenant = None,
    store: Store = None,
    max_events: Annotated[
        int, typer.Option(min=1, max=1_048_576, help="Most events in one commitment.")
    ] = 1024,
    as_json: bool = False,
) -> Answer:
    """Commit all sequenced, uncommitted events; all streams by default."""
    _check(tenant, store)
    made = []
    streams = select_streams(db, tenant, store)
    waiting = sum(stream.head_sequence - (stream.committed_to or 0) for stream in streams)
    with progress("commit", waiting, "events", quiet=as_json) as advance:
        for stream in streams:
            where = {"tenant_id": stream.tenant_id, "store_id": stream.store_id}
            while found := sync.commit_next(db, **where, max_events=max_events):
                made += found
                advance(found[0].leaf_count)
    lines = [
        f"{row.tenant_id}/{row.store_id} {f'{row.sequence_start}..{row.sequence_end}':>17} {row.batch_id}"
        f" root {row.merkle_root.hex()}"
        for row in made
    ]
    document = {"commitments": made, "count": len(made)}
    return Answer(document, [*lines, f"{len(made)} commitments" if made else "nothing to commit"])
