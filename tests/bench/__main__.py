"""Entry point of `make bench`."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from tests.bench import machine, results, system
from tests.bench.scenarios import (
    agent,
    audit,
    event_plane,
    growth,
    hot_stream,
    http_batches,
    intents,
    outflow,
    product,
    product_growth,
    snapshot,
    sql_signed,
    stark,
    stark_load,
    trees,
    x402,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.results import Figure
    from tests.bench.system import Bench

SCENARIOS: dict[str, Callable[[Bench], list[Figure]]] = {
    "product": product.run,
    "product_growth": product_growth.run,
    "http": http_batches.run,
    "plane": event_plane.run,
    "agent": agent.run,
    "hot": hot_stream.run,
    "sql": sql_signed.run,
    "growth": growth.run,
    "outflow": outflow.run,
    "snapshot": snapshot.run,
    "trees": trees.run,
    "audit": audit.run,
    "stark": stark.run,
    "stark_load": stark_load.run,
    "intents": intents.run,
    "x402": x402.run,
}
_WIDTH = 160  # of the table, where the output is not a terminal
FOLDER = Path(__file__).parent / "results"


def main() -> int:
    """Measure, print, write. Exit code 1 when a figure is below its bar."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    scale = parser.add_mutually_exclusive_group()
    scale.add_argument(
        "--quick", dest="scale", action="store_const", const="quick", help="about a fifth of the work"
    )
    scale.add_argument(
        "--long",
        dest="scale",
        action="store_const",
        const="long",
        help="growth of the product to 10^6 events, 10^5 streams",
    )
    parser.set_defaults(scale="full")
    parser.add_argument("--only", action="append", choices=sorted(SCENARIOS), help="may be repeated")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder of the JSON result")
    arguments = parser.parse_args()
    chosen = arguments.only or list(SCENARIOS)
    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    started = dt.datetime.now(dt.UTC)
    report: dict[str, Any] = {
        "started_at": started.isoformat(timespec="seconds"),
        "quick": arguments.scale == "quick",
        "long": arguments.scale == "long",
        "machine": machine.describe(),
        "versions": machine.versions(),
        "load_generator": "on the same machine; its CPU is the group `generator`",
    }
    measured, figures = [machine.openssl_verifications()], []
    with tempfile.TemporaryDirectory(prefix="ves-bench-") as folder, system.private_server() as cluster:
        report["server_settings"] = system.server_settings(cluster)
        bench = system.Bench(cluster, os.cpu_count() or 1, Path(folder), arguments.scale)
        for name in chosen:
            began = time.monotonic()
            with console.status(f"measuring {name}"):
                figures += SCENARIOS[name](bench)
                measured.append(machine.openssl_verifications())
            console.print(f"{name}: {time.monotonic() - began:.0f} s")
    yardstick = results.Yardstick(sum(measured) / len(measured), os.cpu_count() or 1)
    report["yardstick"] = {
        "V": round(yardstick.v),
        "c": yardstick.cores,
        "V_measured_between_scenarios": [round(value) for value in measured],
        "pynacl_verifications_per_s": round(machine.libsodium_verifications()),
    }
    report["figures"] = [figure.as_json(yardstick) for figure in figures]
    console.print(results.table(figures, yardstick))
    console.print(
        f"PyNaCl (libsodium) itself: {report['yardstick']['pynacl_verifications_per_s']:,} verifications/s"
    )
    path = results.write(arguments.output, results.file_name(started, platform.node()), report)
    console.print(f"written: {path}")
    return 1 if any(figure.verdict(yardstick) == "below" for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
