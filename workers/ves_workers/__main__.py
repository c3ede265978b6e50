"""`python -m ves_workers [commit|receipts|keys ...]`: run the named workers, all of them by default."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

from ves_workers.commit.worker import CommitWorker
from ves_workers.keys.worker import KeysWorker
from ves_workers.receipts.worker import ReceiptsWorker
from ves_workers.runtime.gateway import Gateway
from ves_workers.runtime.log import configure_log, get_log
from ves_workers.runtime.loop import run_workers
from ves_workers.runtime.settings import Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ves_workers.runtime.loop import Worker

WORKERS: dict[str, Callable[[Gateway, Settings], Worker]] = {
    CommitWorker.name: CommitWorker,
    ReceiptsWorker.name: ReceiptsWorker,
    KeysWorker.name: KeysWorker,
}
EXIT_USAGE = 2


def build_workers(names: Sequence[str], settings: Settings) -> list[Worker]:
    """Make the named workers, each with a connection of its own."""
    return [
        WORKERS[name](
            Gateway(
                settings.database_url,
                application_name=f"ves-worker-{name}",
                statement_timeout_ms=settings.statement_timeout_ms,
            ),
            settings,
        )
        for name in names
    ]


def main(arguments: Sequence[str]) -> int:
    """Run until told to stop; 0 after SIGTERM, 2 for a wrong name or setting."""
    if {"-h", "--help"} & set(arguments):
        sys.stdout.write(
            f"python -m ves_workers [{'|'.join(WORKERS)} ...]: run the named workers, all by default\n"
        )
        return 0
    names = list(dict.fromkeys(arguments)) or list(WORKERS)
    unknown = [name for name in names if name not in WORKERS]
    if unknown:
        sys.stderr.write(f"unknown worker {', '.join(unknown)}; there are: {', '.join(WORKERS)}\n")
        return EXIT_USAGE
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_USAGE
    configure_log(settings.log_format)
    get_log("main").info("process.started", workers=",".join(names), pid=os.getpid(), **settings.masked())
    asyncio.run(run_workers(build_workers(names, settings), heartbeat_secs=settings.heartbeat_secs))
    get_log("main").info("process.stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
