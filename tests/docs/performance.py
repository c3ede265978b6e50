"""The tables of README.md and docs/performance.md that are made from the newest results of `make bench`.

`make generate` writes them between their markers; test_reference.py fails when one is stale.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any, Final

from tests.bench.results import number

ROOT: Final = Path(__file__).parents[2]
RESULTS: Final = ROOT / "tests" / "bench" / "results"
_UNITS: Final = {"events/s": "/s", "1/s": "/s", "ms": " ms", "times": " times", "percent": " %", "count": ""}
_PHASES: Final = ("batch100", "batch10", "hot", "spread", "lone")
_BLOCK: Final = re.compile(r"(<!-- made by `make generate`: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

_RECENT: Final = dt.timedelta(days=3)

Report = dict[str, Any]


def pages() -> dict[Path, str]:
    """The two files with their tables as they should be."""
    reports = newest()
    figures = {name: figure for report in reports for name, figure in report["figures"].items()}
    made = {
        "conditions": "".join([conditions(report) for report in reports]),
        "speed": "\n".join([speed(report) for report in reports]),
        "path": path(figures),
        "growth": growth(figures),
    }
    found = {}
    for file in (ROOT / "README.md", ROOT / "docs" / "performance.md"):
        text = file.read_text(encoding="utf-8")
        found[file] = _BLOCK.sub(lambda block: block[1] + "\n" + made[block[2]] + "\n" + block[3], text)
    return found


def newest() -> list[Report]:
    """The results of the last days, newest first, each with its name and with the figures that no newer one has."""
    files = sorted(RESULTS.glob("*.json"), reverse=True)
    found: list[Report] = []
    seen: set[str] = set()
    for file in files:
        report = json.loads(file.read_text(encoding="utf-8"))
        report["name"] = file.name
        report["figures"] = {
            figure["name"]: figure for figure in report["figures"] if figure["name"] not in seen
        }
        if found and _began(found[0]) - _began(report) > _RECENT:
            break
        if report["figures"]:
            found.append(report)
            seen |= report["figures"].keys()
    return found


def _began(report: Report) -> dt.datetime:
    return dt.datetime.fromisoformat(report["started_at"])


def conditions(report: Report) -> str:
    """Where and how it was measured: an item of a list."""
    machine, settings, yardstick = report["machine"], report["server_settings"], report["yardstick"]
    return (
        f"* `{report['name']}`: {report['started_at'][:10]}, commit {machine['git_commit'][:8]}, {machine['cores']} cores of"
        f" {machine['processor']}, V = {yardstick['V']:,} (PyNaCl itself does"
        f" {yardstick['pynacl_verifications_per_s'] / yardstick['V']:.1f} V); PostgreSQL {settings['server_version']},"
        f" fsync {settings['fsync']}, synchronous_commit {settings['synchronous_commit']}, full_page_writes"
        f" {settings['full_page_writes']}, {settings['wal_sync_method']}.\n"
    )


def speed(report: Report) -> str:
    """Every figure of a result with its bar."""
    lines = [f"| {report['name']} | measured | bar |", "|---|---|---|"]
    for figure in report["figures"].values():
        value = number(figure["value"]) + _UNITS.get(figure["unit"], " " + figure["unit"])
        if ratio := figure.get("ratio"):
            value += f" = {ratio['value']:.2f}·{'c·V' if ratio['of'] == 'cV' else ratio['of']}"
        bar = figure.get("bar", {}).get("text", "")
        missed = " (missed)" if figure["verdict"] == "below" else ""
        lines.append(f"| {figure['title']} | {value} | {bar}{missed} |")
    return "\n".join(lines) + "\n"


def path(figures: dict[str, Any]) -> str:
    """Microseconds of CPU an event by process, and the floor, for each load of the whole product."""
    found = [(name, figures[f"product_{name}"]) for name in _PHASES if f"product_{name}" in figures]
    if not found:
        return _ABSENT
    lines = [
        "| load | events/s | p50 ms | front | API | PostgreSQL | workers | all | until quiet | floor | WAL bytes |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, figure in found:
        cpu, details = figure["cpu_us_per_event"], figure["details"]
        groups = [cpu[group] for group in ("front", "api", "postgres", "workers")]
        cells = [details["events_per_s"], details["request_latency_ms"]["p50"], *groups, sum(groups)]
        cells += [sum(details["cpu_us_until_quiet"].values())]
        floor = f"{details['floor_percent_of_cpu']} %"
        lines.append(
            f"| {name} | {' | '.join(number(cell) for cell in cells)} | {floor} | {details['wal_bytes_per_event']:,} |"
        )
    floor_us = found[0][1]["details"]["floor_us"]
    return (
        "\n".join(lines)
        + "\n\n"
        + (
            f"The floor in the same run: verifying {floor_us['verify']} µs, signing {floor_us['sign']} µs, hashing"
            f" {floor_us['hash']} µs an event; a flush of one page takes {floor_us['flush']:,.0f} µs and is shared by all events"
            " of a transaction.\n"
        )
    )


def growth(figures: dict[str, Any]) -> str:
    """How much dearer an event is at the end of a growing history than at its beginning."""
    found = [figure for name, figure in figures.items() if "growth" in name]
    lines = ["| history | last tenth against the first | bar |", "|---|---|---|"]
    lines += [
        f"| {figure['title']} | {figure['value']:+.0f} % | {figure.get('bar', {}).get('text', '')} % |"
        for figure in found
    ]
    return "\n".join(lines) + "\n" if found else _ABSENT


_ABSENT: Final = "No result in the repository has these figures yet; `make bench` writes one.\n"
