"""Typed access to the environment; every error names the variable (operations 1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

T = TypeVar("T")

_TRUE = frozenset({"1", "true", "on", "yes"})
_FALSE = frozenset({"0", "false", "off", "no"})
OFF = frozenset({"", "0", "false", "off"})
"""The words that turn a switch of the original off; any other word leaves it on."""


class SettingsError(Exception):
    """A setting is invalid; the message names the variable and the expected form."""


def masked_repr(settings: Any, secrets: frozenset[str]) -> str:
    """The repr of a dataclass with `***` for the named members that are set."""
    members = {f.name: getattr(settings, f.name) for f in fields(settings)}
    shown = (
        f"{name}={'***' if name in secrets and value else repr(value)}" for name, value in members.items()
    )
    return f"{type(settings).__name__}({', '.join(shown)})"


class Environment:
    """Typed access to a mapping of variables; every error names the variable."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.read: dict[str, object] = {}
        """Effective value of every variable that was read: its setting or the default."""

    def _note(self, name: str, value: T) -> T:
        self.read[name] = value
        return value

    def _raw(self, name: str) -> str:
        return self._values.get(name, "").strip()

    def text(self, name: str, default: str = "") -> str:
        """Return the trimmed value; an empty one counts as unset."""
        return self._note(name, self._raw(name) or default)

    def given(self, name: str, default: str) -> str:
        """As `text`, but an empty value counts as set."""
        return self._note(name, self._values.get(name, default).strip())

    def integer(self, name: str, default: int, *, low: int, high: int | None = None) -> int:
        """A whole number within `low`..`high`."""
        text = self.text(name)
        if not text:
            return self._note(name, default)
        try:
            value = int(text)
        except ValueError:
            raise SettingsError(f"{name}: {text!r} is not a whole number") from None
        if value < low or (high is not None and value > high):
            raise SettingsError(f"{name}: {value} is outside {low}..{'' if high is None else high}")
        return self._note(name, value)

    def positive(self, name: str, default: int) -> int:
        """A whole number of at least 1, never an error: 0 means 1, any other invalid value means the default."""
        text = self.text(name)
        return self._note(name, max(1, int(text)) if text.isdecimal() else default)

    def number(self, name: str, default: float, *, low: float) -> float:
        """A finite number of at least `low`."""
        text = self.text(name)
        if not text:
            return self._note(name, default)
        try:
            value = float(text)
        except ValueError:
            raise SettingsError(f"{name}: {text!r} is not a number") from None
        if not low <= value < float("inf"):
            raise SettingsError(f"{name}: {text} is below {low} or not finite")
        return self._note(name, value)

    def flag(self, name: str, *, default: bool) -> bool:
        """1/true/on/yes or 0/false/off/no, any case."""
        text = self.text(name).lower()
        if not text:
            return self._note(name, default)
        if text in _TRUE:
            return self._note(name, True)
        if text in _FALSE:
            return self._note(name, False)
        raise SettingsError(f"{name}: {text!r} is not one of 1/true/on/yes or 0/false/off/no")

    def choice(self, name: str, default: str, allowed: frozenset[str]) -> str:
        """One of `allowed`."""
        value = self.text(name, default)
        if value not in allowed:
            raise SettingsError(f"{name}: {value!r} is not one of {', '.join(sorted(allowed))}")
        return value

    def parsed(self, name: str, parse: Callable[[str], T]) -> T | None:
        """Parse the value with `parse`; its ValueError becomes a SettingsError with the same message."""
        text = self.text(name)
        if not text:
            return None
        try:
            return parse(text)
        except ValueError as error:
            raise SettingsError(f"{name}: {error}") from None
