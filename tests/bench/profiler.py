"""Where the time goes: statements by pg_stat_statements, Python frames by py-spy."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.clocks import Span
    from tests.bench.system import Bench, Store

_TOP = 15
_FULL = 85  # percent of the machine from which on CPU is what limits
_STATEMENTS = """
select
  regexp_replace(left(s.query, 160), '\\s+', ' ', 'g') as statement,
  s.toplevel, s.calls, s.rows, round(s.total_exec_time::numeric, 1) as total_ms,
  s.shared_blks_hit, s.shared_blks_read, s.wal_records, s.wal_bytes
from pg_stat_statements as s
join pg_database as d on d.oid = s.dbid and d.datname = current_database()
where s.query not like '%pg_stat_statements%'
order by s.total_exec_time desc
limit 12
"""


def reset_statements(store: Store) -> None:
    with store.connect() as connection:
        connection.execute("select pg_stat_statements_reset()")


def statements(store: Store, events: int) -> list[dict[str, Any]]:
    """The dearest statements since the reset; times and WAL also per event."""
    with store.connect() as connection:
        cursor = connection.execute(_STATEMENTS)
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        row["total_ms"] = float(row["total_ms"])
        row["us_per_event"] = round(row["total_ms"] * 1000 / events, 2)
        row["wal_bytes_per_event"] = round(float(row.pop("wal_bytes")) / events, 1)
    return rows


@contextlib.contextmanager
def nested_statements(bench: Bench, store: Store) -> Iterator[None]:
    """Within: pg_stat_statements also looks inside functions (which costs a little, so never in a timed part)."""
    _track(bench, "all")
    reset_statements(store)
    try:
        yield
    finally:
        _track(bench, "top")


def _track(bench: Bench, value: str) -> None:
    with bench.cluster.connect() as connection:
        connection.execute(f"alter system set pg_stat_statements.track = '{value}'")
        connection.execute("select pg_reload_conf()")


class PySpy:
    """Samples the Python processes below `pid` while the load runs; nothing when py-spy is not there."""

    def __init__(self, pid: int, output: Path, *, idle: bool = False) -> None:
        program = shutil.which("py-spy") or str(Path(sys.executable).with_name("py-spy"))
        self._output = output
        self._process = None
        if Path(program).exists():
            command = [
                program,
                "record",
                "--pid",
                str(pid),
                "--subprocesses",
                "--nonblocking",
                "--rate",
                "200",
                "--duration",
                "600",
                "--format",
                "raw",
                "--output",
                str(output),
            ]
            command += ["--idle"] if idle else []
            self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self) -> list[dict[str, Any]]:
        """The functions with the most samples of their own: share of all samples, in percent."""
        if self._process is None:
            return []
        self._process.send_signal(2)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if not self._output.exists():
            return []
        return self_times(self._output.read_text(encoding="utf-8", errors="replace"))


def self_times(collapsed: str, top: int = _TOP) -> list[dict[str, Any]]:
    """Self time by innermost function of collapsed stacks (`frame;frame;frame count` a line)."""
    own: Counter[str] = Counter()
    for line in collapsed.splitlines():
        stack, _, count = line.rpartition(" ")
        frame = stack.rpartition(";")[2]
        # A sample that holds no frame but the process is one that py-spy could not read.
        if frame and count.isdigit() and not frame.startswith("process "):
            own[_function(frame)] += int(count)
    total = sum(own.values())
    return [
        {"function": name, "percent": round(100 * count / total, 1)} for name, count in own.most_common(top)
    ]


def _function(frame: str) -> str:
    """`name (path/file.py:12)` as `name file.py`: lines of one function belong together."""
    name, _, place = frame.partition(" (")
    file = Path(place.rstrip(")").partition(":")[0]).name
    # Below this frame the worker's main thread runs compiled code only.
    return "event loop and HTTP parser" if (name, file) == ("run", "runners.py") else f"{name} {file}".strip()


def limit_text(span: Span, cpu_us: dict[str, float], generator: float = 0.0, hint: str = "") -> str:
    """One line: how busy the machine was, and which group of processes spent what per event."""
    shares = span.shares(generator)
    groups = ", ".join(f"{group} {us:.0f}" for group, us in sorted(cpu_us.items(), key=lambda item: -item[1]))
    kind = "CPU" if shares["machine"] >= _FULL else "waiting"
    text = (
        f"{kind}: machine {shares['machine']:.0f} % busy, others {shares['others']:.0f} %; µs/event: {groups}"
    )
    return f"{text}; {hint}" if hint else text


def hint_of(functions: list[dict[str, Any]], count: int = 3) -> str:
    """The dearest functions in a few words."""
    shown = [f"{item['function']} {item['percent']:.0f} %" for item in functions[:count]]
    return f"top: {', '.join(shown)}" if shown else ""
