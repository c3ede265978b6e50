"""How figures meet their bars and are written down."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from tests.bench.profiler import self_times
from tests.bench.results import Bar, Figure, Yardstick, file_name, table, write
from tests.bench.wire import Reader

if TYPE_CHECKING:
    from pathlib import Path

YARDSTICK = Yardstick(v=10_000, cores=2)


def figure(value: float, bar: Bar | None) -> Figure:
    return Figure("name", "title", value, "events/s", bar, "the CPU", {"api": 100.0, "postgres": 60.0})


@pytest.mark.parametrize(
    ("bar", "value", "verdict"),
    [
        (Bar(0.40, "cV"), 8000, "PASS"),
        (Bar(0.40, "cV"), 7999, "below"),
        (Bar(0.80, "V"), 8000, "PASS"),
        (Bar(60, sense="most"), 60, "PASS"),
        (Bar(60, sense="most"), 60.1, "below"),
        (Bar(1.8), 1.79, "below"),
        (Bar(14, "1/V", "most", stretch=10), 1.4, "PASS"),
        (Bar(14, "1/V", "most", stretch=10), 1.41, "below"),
        (None, 0, "-"),
    ],
)
def test_a_figure_meets_its_bar_or_is_below_it(bar: Bar | None, value: float, verdict: str) -> None:
    assert figure(value, bar).verdict(YARDSTICK) == verdict


def test_a_figure_in_json_carries_its_ratio_and_what_all_cores_would_do() -> None:
    shown = figure(9000, Bar(0.40, "cV", stretch=0.5)).as_json(YARDSTICK)
    assert shown["verdict"] == "PASS"
    assert shown["bar"]["limit"] == 8000
    assert shown["ratio"] == {"of": "cV", "value": 0.45}
    assert shown["cpu_us_per_event"]["total"] == 160
    assert shown["events_per_s_if_all_cores_were_ours"] == 12_500


def test_the_table_shows_figure_bar_verdict_and_limit() -> None:
    console = Console(width=200, record=True, quiet=False, file=None)
    with console.capture() as captured:
        console.print(table([figure(9000, Bar(0.40, "cV", stretch=0.5))], YARDSTICK))
    for text in ("title", "9,000/s", "0.45·c·V", "≥ 0.40 (0.50)·c·V = 8,000", "PASS", "the CPU"):
        assert text in captured.get()


def test_a_result_file_is_named_by_time_and_short_host_and_leaves_no_draft(tmp_path: Path) -> None:
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    name = file_name(moment, "my_host.example.org")
    assert name == "2026-01-02T030405-my-host.json"
    path = write(tmp_path / "results", name, {"figures": [{"value": 1.5, "unit": "µs"}]})
    assert json.loads(path.read_text(encoding="utf-8")) == {"figures": [{"value": 1.5, "unit": "µs"}]}
    assert [entry.name for entry in path.parent.iterdir()] == [name]


def test_self_time_belongs_to_the_innermost_function_of_a_stack() -> None:
    collapsed = (
        "main (app.py:1);verify (crypto.py:10) 6\n"
        "main (app.py:2);verify (crypto.py:12) 2\n"
        "main (app.py:3) 2\n"
        'process 12:"python -m app" 90\n'
    )
    assert self_times(collapsed) == [
        {"function": "verify crypto.py", "percent": 80.0},
        {"function": "main app.py", "percent": 20.0},
    ]


def test_an_answer_is_read_whole_however_it_is_cut() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    for cut in range(1, len(raw)):
        reader = Reader()
        assert reader.feed(raw[:cut]) is None
        assert reader.feed(raw[cut:]) == (200, b"hello")
        assert reader.feed(raw) == (200, b"hello")
