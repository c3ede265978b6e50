"""`python -m ves_workers [commit|receipts|keys|retention|projections|projectors|dead-letters|payments|settlement|anchoring|timestamps ...]`: run the named or all."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import ExitStack
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from ves_edge import log, tracing
from ves_edge.environment import Environment, SettingsError
from ves_edge.errors import ApiError
from ves_workers.commit.worker import CommitWorker
from ves_workers.dead_letters.worker import DeadLettersWorker
from ves_workers.keys.worker import KeysWorker
from ves_workers.payments.worker import PaymentsWorker
from ves_workers.projections.registered import ProjectorsWorker
from ves_workers.projections.worker import ProjectionsWorker
from ves_workers.receipts.worker import ReceiptsWorker
from ves_workers.retention.worker import RetentionWorker
from ves_workers.runtime.database import WorkerDatabase, await_engine
from ves_workers.runtime.loop import run_workers
from ves_workers.runtime.scrape import scraped_at
from ves_workers.settings.process import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ves_workers.runtime.loop import Worker


def _imported_late(path: str) -> Callable[[WorkerDatabase, Settings], Worker]:
    """Return what creates the worker `module:name`; its libraries are imported only where it runs."""

    def create(database: WorkerDatabase, settings: Settings) -> Worker:
        worker: Worker = resolve_name(path)(database, settings)
        return worker

    return create


SETTLEMENT, ANCHORING, TIMESTAMPS = "settlement", "anchoring", "timestamps"
WORKERS: dict[str, Callable[[WorkerDatabase, Settings], Worker]] = {
    CommitWorker.name: CommitWorker,
    ReceiptsWorker.name: ReceiptsWorker,
    KeysWorker.name: KeysWorker,
    RetentionWorker.name: RetentionWorker,
    PaymentsWorker.name: PaymentsWorker,
    ProjectionsWorker.name: ProjectionsWorker,
    ProjectorsWorker.name: ProjectorsWorker,
    DeadLettersWorker.name: DeadLettersWorker,
    SETTLEMENT: _imported_late("ves_workers.chain.settlement:SettlementWorker"),
    ANCHORING: _imported_late("ves_workers.chain.anchoring:AnchorWorker"),
    TIMESTAMPS: _imported_late("ves_workers.timestamps.worker:TimestampWorker"),
}
EXIT_USAGE, EXIT_REFUSED = 2, 4


def build_workers(names: Sequence[str], settings: Settings) -> list[Worker]:
    """Create the named workers, each with a connection of its own."""
    return [WORKERS[name](WorkerDatabase(settings, f"ves-worker-{name}"), settings) for name in names]


def main(arguments: Sequence[str]) -> int:
    """Run until a stop signal; return 0 after SIGTERM, 2 for an unknown worker or an invalid setting.

    The engine must be compatible with this release, as for the API; else the result is 4.
    """
    if {"-h", "--help"} & set(arguments):
        sys.stdout.write(
            f"python -m ves_workers [{'|'.join(WORKERS)} ...]: run the named workers, by default all that the settings allow\n"
        )
        return 0
    names = list(dict.fromkeys(arguments))
    unknown = [name for name in names if name not in WORKERS]
    if unknown:
        sys.stderr.write(f"unknown worker {', '.join(unknown)}; there are: {', '.join(WORKERS)}\n")
        return EXIT_USAGE
    try:
        settings = Settings.from_environment(Environment(os.environ))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_USAGE
    left_out = {
        SETTLEMENT: not settings.chain.settles,
        ANCHORING: not settings.chain.anchors,
        TIMESTAMPS: not settings.timestamps.is_on,
    }
    names = names or [name for name in WORKERS if not left_out.get(name)]
    log.configure(settings.log_level, as_json=settings.log_json)
    log.get_logger("workers", worker="main").info(
        "process.started", workers=",".join(names), pid=os.getpid(), **settings.masked()
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the loop handles it
    try:
        await_engine(settings)
    except ApiError as error:
        sys.stderr.write(f"{error.name}: {error.message}\n")
        return EXIT_REFUSED
    with ExitStack() as stack:
        try:
            workers = build_workers(names, settings)
            stack.enter_context(scraped_at(settings.metrics_bind))
        except SettingsError as error:
            sys.stderr.write(f"{error}\n")
            return EXIT_USAGE
        tracing.configure(settings.traces_endpoint, "workers")
        asyncio.run(run_workers(workers, heartbeat_secs=settings.heartbeat_secs))
    tracing.close()
    log.get_logger("workers", worker="main").info("process.stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
