"""Evaluates the part of PromQL that the alert rules use, on the text of successive scrapes.

Selectors with `=` and `=~`, ranges, `rate`, `increase`, `histogram_quantile`, `sum` and `max` with `by`, `/` and
comparisons with a number. A rate is the difference of the last and the first sample in the range over their distance.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Callable

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]

_TOKEN = re.compile(
    r"\s*([a-zA-Z_:][\w:]*|\d+(?:\.\d+)?[smhd]?|\"[^\"]*\"|=~|==|!=|>=|<=|[-+*/(){}\[\],=<>])"
)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}


def read(text: str, **labels: str) -> dict[str, Vector]:
    """The samples of a scrape by name; `labels` are those that Prometheus adds, such as `job`."""
    found: dict[str, Vector] = defaultdict(dict)
    written = set(re.findall(r"(?m)^\w+", text))
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            # The parser gives every counter the suffix of OpenMetrics; Prometheus keeps the name.
            name = sample.name if sample.name in written else sample.name.removesuffix("_total")
            found[name][frozenset({**sample.labels, **labels}.items())] = sample.value
    return found


@dataclass
class Scrapes:
    """Scrapes with their times in seconds, oldest first."""

    taken: list[tuple[float, dict[str, Vector]]]

    def evaluate(self, rule: str) -> Vector:
        """The samples for which a rule holds, at the time of the last scrape."""
        tokens = _TOKEN.findall(rule)
        assert "".join(tokens) == re.sub(r"\s", "", rule), f"not understood: {rule}"
        reader = _Reader(tokens, self)
        result = reader.comparison()
        assert not reader.left, f"not understood: {reader.left}"
        return result


class _Reader:
    """A recursive descent parser that evaluates as it reads."""

    def __init__(self, tokens: list[str], scrapes: Scrapes) -> None:
        self.left = tokens
        self._scrapes = scrapes.taken

    def _take(self, *wanted: str) -> str:
        token = self.left.pop(0)
        assert not wanted or token in wanted, f"{token} instead of {wanted}"
        return token

    def comparison(self) -> Vector:
        value = self._quotient()
        if not self.left or self.left[0] not in _COMPARE:
            return value
        holds, bound = _COMPARE[self._take()], float(self._take())
        return {labels: number for labels, number in value.items() if holds(number, bound)}

    def _quotient(self) -> Vector:
        value = self._term()
        while self.left and self.left[0] == "/":
            self._take()
            by = self._term()
            value = {
                labels: number / by[labels] for labels, number in value.items() if by.get(labels, 0) != 0
            }
        return value

    def _term(self) -> Vector:
        name = self._take()
        if name in ("sum", "max"):
            return self._aggregate(sum if name == "sum" else max)
        if name in ("rate", "increase"):
            self._take("(")
            value = self._change(per_second=name == "rate")
            self._take(")")
            return value
        if name == "histogram_quantile":
            self._take("(")
            share = float(self._take())
            self._take(",")
            value = _quantile(share, self._term())
            self._take(")")
            return value
        return self._select(name, self._matchers())[-1][1]

    def _aggregate(self, combine: Callable[[list[float]], float]) -> Vector:
        by: set[str] = set()
        if self.left[0] == "by":
            self._take()
            self._take("(")
            while self._add_name(by):
                continue
        self._take("(")
        groups: dict[Labels, list[float]] = defaultdict(list)
        for labels, number in self._term().items():
            groups[frozenset(pair for pair in labels if pair[0] in by)].append(number)
        self._take(")")
        return {labels: combine(numbers) for labels, numbers in groups.items()}

    def _add_name(self, names: set[str]) -> bool:
        names.add(self._take())
        return self._take(",", ")") == ","

    def _matchers(self) -> list[tuple[str, str]]:
        matchers = []
        if self.left and self.left[0] == "{":
            self._take()
            while self.left[0] != "}":
                label, kind, text = self._take(), self._take("=", "=~"), self._take().strip('"')
                matchers.append((label, re.escape(text) if kind == "=" else text))
                if self.left[0] == ",":
                    self._take()
            self._take("}")
        return matchers

    def _select(self, name: str, matchers: list[tuple[str, str]]) -> list[tuple[float, Vector]]:
        def fits(labels: Labels) -> bool:
            values = dict(labels)
            return all(re.fullmatch(pattern, values.get(label, "")) for label, pattern in matchers)

        return [
            (at, {labels: number for labels, number in samples.get(name, {}).items() if fits(labels)})
            for at, samples in self._scrapes
        ]

    def _change(self, *, per_second: bool) -> Vector:
        name = self._take()
        series = self._select(name, self._matchers())
        self._take("[")
        span = self._take()
        self._take("]")
        newest = series[-1][0]
        inside = [entry for entry in series if entry[0] >= newest - int(span[:-1]) * _UNITS[span[-1]]]
        (since, before), (_, now) = inside[0], inside[-1]
        if since == newest:
            return {}
        seconds = newest - since if per_second else 1.0
        return {labels: (now[labels] - before[labels]) / seconds for labels in now if labels in before}


def _quantile(share: float, buckets: Vector) -> Vector:
    """The upper bound of the bucket in which the quantile lies (Prometheus interpolates inside it)."""
    groups: dict[Labels, list[tuple[float, float]]] = defaultdict(list)
    for labels, count in buckets.items():
        bound = float(dict(labels)["le"])
        groups[frozenset(pair for pair in labels if pair[0] != "le")].append((bound, count))
    return {
        labels: next(bound for bound, count in sorted(found) if count >= share * max(c for _, c in found))
        for labels, found in groups.items()
        if max(count for _, count in found) > 0
    }
