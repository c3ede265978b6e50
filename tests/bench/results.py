"""What was measured, how it compares with its bar, and how it is written down."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from rich.table import Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

Unit = Literal["events/s", "ms", "times", "percent", "1/s", "count", "MiB", "bytes"]
Of = Literal["cV", "V", "1", "1/V"]

_SYMBOLS = {"cV": "c·V", "V": "V", "1/V": "1/V"}


@dataclass(frozen=True)
class Yardstick:
    """The machine's own speed: V = Ed25519 verifications per second and core, c = cores."""

    v: float
    cores: int

    def scale(self, of: Of) -> float:
        """What a bar's factor is multiplied with; 1/V is milliseconds of one verification."""
        return {"cV": self.v * self.cores, "V": self.v, "1": 1.0, "1/V": 1000 / self.v}[of]


@dataclass(frozen=True)
class Bar:
    """At least (or at most) `factor` times c·V, V, one or the time of a verification; a stretch is reported, never required."""

    factor: float
    of: Of = "1"
    sense: Literal["least", "most"] = "least"
    stretch: float | None = None

    def limit(self, yardstick: Yardstick) -> float:
        return self.factor * yardstick.scale(self.of)

    def met(self, value: float, yardstick: Yardstick) -> bool:
        limit = self.limit(yardstick)
        return value >= limit if self.sense == "least" else value <= limit

    def text(self, yardstick: Yardstick) -> str:
        sign = "≥" if self.sense == "least" else "≤"
        if self.of == "1":
            return f"{sign} {number(self.factor)}" + (f" ({number(self.stretch)})" if self.stretch else "")
        stretch = f" ({self.stretch:.2f})" if self.stretch else ""
        return f"{sign} {self.factor:.2f}{stretch}·{_SYMBOLS[self.of]} = {number(self.limit(yardstick))}"


@dataclass
class Figure:
    """One measured figure. `cpu_us` is CPU microseconds per event by process group; `profile` says where it went."""

    name: str
    title: str
    value: float
    unit: Unit
    bar: Bar | None = None
    limited_by: str = ""
    cpu_us: dict[str, float] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)

    @property
    def total_cpu_us(self) -> float:
        return sum(self.cpu_us.values())

    def verdict(self, yardstick: Yardstick) -> Literal["PASS", "below", "-"]:
        if self.bar is None:
            return "-"
        return "PASS" if self.bar.met(self.value, yardstick) else "below"

    def as_json(self, yardstick: Yardstick) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "value": round(self.value, 4),
            "unit": self.unit,
            "verdict": self.verdict(yardstick),
            "limited_by": self.limited_by,
        }
        if self.bar is not None:
            shown["bar"] = {"text": self.bar.text(yardstick), "limit": round(self.bar.limit(yardstick), 4)}
            if self.bar.of != "1":
                shown["ratio"] = {
                    "of": self.bar.of,
                    "value": round(self.value / yardstick.scale(self.bar.of), 4),
                }
        if self.cpu_us:
            shown["cpu_us_per_event"] = {
                **{group: round(us, 2) for group, us in self.cpu_us.items()},
                "total": round(self.total_cpu_us, 2),
            }
            if self.unit == "events/s":
                shown["events_per_s_if_all_cores_were_ours"] = round(
                    yardstick.cores * 1e6 / self.total_cpu_us
                )
        return shown | {"details": self.details, "profile": self.profile}


def number(value: float) -> str:
    """Three significant digits, thousands separated."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(figures: Sequence[Figure], yardstick: Yardstick) -> Table:
    """The figures with their bars."""
    shown = Table(
        title=f"V = {yardstick.v:,.0f} verifications/s and core, c = {yardstick.cores}", show_lines=True
    )
    shown.add_column("figure", ratio=3)
    shown.add_column("measured", justify="right", no_wrap=True)
    shown.add_column("bar", no_wrap=True)
    shown.add_column("", no_wrap=True)
    shown.add_column("limited by", ratio=4)
    colours = {"PASS": "[green]PASS[/]", "below": "[red]below[/]", "-": ""}
    for figure in figures:
        unit = {
            "events/s": "/s",
            "1/s": "/s",
            "ms": " ms",
            "times": "x",
            "percent": " %",
            "count": "",
            "MiB": " MiB",
            "bytes": " B",
        }[figure.unit]
        ratio = ""
        if figure.bar is not None and figure.bar.of != "1":
            ratio = f"\n{figure.value / yardstick.scale(figure.bar.of):.2f}·{_SYMBOLS[figure.bar.of]}"
        shown.add_row(
            figure.title,
            number(figure.value) + unit + ratio,
            figure.bar.text(yardstick) if figure.bar else "",
            colours[figure.verdict(yardstick)],
            figure.limited_by,
        )
    return shown


def file_name(moment: dt.datetime, host: str) -> str:
    """`<date>T<time>-<short host>.json`, safe on any file system."""
    short = re.sub(r"[^A-Za-z0-9-]", "-", host.partition(".")[0]) or "host"
    return f"{moment:%Y-%m-%dT%H%M%S}-{short}.json"


def write(folder: Path, name: str, report: dict[str, Any]) -> Path:
    """Write a report; the file appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(path)
    return path
