"""A queue of which keys (tenants) take turns: many things of one delay what another waits for by one of them."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


def _anybody(_: Hashable) -> bool:
    return True


class Rounds(Generic[T]):
    """Things by key, all of them different: round robin over the keys, within a key in the order of arrival."""

    def __init__(self) -> None:
        # things by their ids: not all can be hashed
        self._keys: OrderedDict[Hashable, OrderedDict[int, T]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._keys)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._keys

    def add(self, key: Hashable, thing: T) -> None:
        """Queue a thing; a new key comes last."""
        self._keys.setdefault(key, OrderedDict())[id(thing)] = thing

    def put_back(self, key: Hashable, thing: T) -> None:
        """Queue a thing that was taken as the next one of all."""
        self.add(key, thing)
        self._keys[key].move_to_end(id(thing), last=False)
        self._keys.move_to_end(key, last=False)

    def take(self, may: Callable[[Hashable], bool] = _anybody) -> tuple[Hashable, T] | None:
        """Dequeue the first thing of the first key that may have a turn, which then comes last; None: there is none."""
        key = next(filter(may, self._keys), None)
        if key is None:
            return None
        _, thing = self._keys[key].popitem(last=False)
        self._keys.move_to_end(key)
        self._forget(key)
        return key, thing

    def discard(self, key: Hashable, thing: T) -> None:
        """Dequeue this thing, if it waits."""
        if key in self._keys:
            self._keys[key].pop(id(thing), None)
            self._forget(key)

    def _forget(self, key: Hashable) -> None:
        if not self._keys[key]:
            del self._keys[key]
