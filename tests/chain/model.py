"""A model of the outbox: every interleaving of two workers, crashes, a stolen lease and the chain, for small bounds.

Two payments parts at most exist: the second is planned when the first was ruled out. A worker first reads (the row and the
chain), later acts on what it read; anything may happen between the two. The contract's own protection against a second
payment is left out: the outbox alone must not pay twice.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a step of a row is called in the database.
FUNCTIONS = {
    ("", "planned"): "plan_transaction",
    ("planned", "signed"): "sign_transaction",
    ("planned", "replaced"): "step_transaction",
    ("broadcast", "signed"): "sign_transaction",
    ("signed", "broadcast"): "step_transaction",
    ("signed", "unknown"): "step_transaction",
    ("broadcast", "unknown"): "step_transaction",
    ("unknown", "broadcast"): "step_transaction",
    ("unknown", "replaced"): "step_transaction",
    ("mined", "broadcast"): "step_transaction",
    ("final", "broadcast"): "step_transaction",
    ("signed", "mined"): "mine_transaction",
    ("broadcast", "mined"): "mine_transaction",
    ("unknown", "mined"): "mine_transaction",
    ("mined", "final"): "finish_transaction",
    ("mined", "failed"): "finish_transaction",
}
# What the chain has at a nonce: nothing, our bytes in a pool or in a block (shallow or deep; it may have reverted there),
# or a transaction of somebody else.
PAID = {"mined", "deep"}
SHALLOW = {"mined": "deep", "reverted": "reverted deep", "foreign": "foreign deep"}
OURS = {"mined", "deep", "reverted", "reverted deep"}
NOT_OURS = {"absent", "foreign", "foreign deep"}


@dataclass(frozen=True)
class Act:
    """What a worker is about to do: send the stored bytes, or move a row; `token` is its lease's.

    `passes`: the row is signed with the nonce after the one that it read as used.
    """

    part: int
    before: str
    after: str
    token: int
    sends: bool = False
    passes: bool = False


@dataclass(frozen=True)
class World:
    """Rows and slots of the chain by part; `token` is the newest lease, `workers` what each is about to do.

    `passed` is the slot of a nonce that was passed over: while it is absent, nothing with a later nonce is mined.
    """

    rows: tuple[str, ...] = ("", "")
    slots: tuple[str, ...] = ("absent", "absent")
    passed: str = ""
    token: int = 0
    held: tuple[int, int] = (0, -1)
    workers: tuple[Act | None, Act | None] = (None, None)
    reorgs: int = 1
    deep_reorgs: int = 1
    foreign: int = 1
    reverts: int = 1
    bumps: int = 1
    leases: int = 2


@dataclass(frozen=True)
class Rules:
    """The rules that tests take away one by one."""

    is_fenced: bool = True
    is_compared: bool = True
    stores_before_sending: bool = True
    waits_for_depth: bool = True
    passes_final_only: bool = True


@dataclass
class Explored:
    """What was reached: the steps of rows, how many worlds, and what was wrong."""

    steps: set[tuple[str, str]] = field(default_factory=set)
    worlds: int = 0
    wrong: set[str] = field(default_factory=set)
    dead_ends: int = 0


def put(values: tuple[str, ...], part: int, value: str) -> tuple[str, ...]:
    return (*values[:part], value, *values[part + 1 :])


def chain_moves(world: World) -> Iterator[World]:
    """What the chain does by itself."""
    for part, slot in enumerate(world.slots):

        def slot_is(value: str, part: int = part, **spent: int) -> World:
            return replace(world, slots=put(world.slots, part, value), **spent)

        if slot == "pending":
            yield slot_is("absent")
            if world.passed != "absent":
                yield slot_is("mined")
                if world.reverts:
                    yield slot_is("reverted", reverts=world.reverts - 1)
        if slot in SHALLOW:
            if world.passed != "foreign":
                yield slot_is(SHALLOW[slot])
            if world.reorgs:
                yield slot_is("absent", reorgs=world.reorgs - 1)
                if slot != "foreign":
                    yield slot_is("pending", reorgs=world.reorgs - 1)
        if slot == "deep" and world.rows[part] == "final" and world.deep_reorgs:
            # Below the final depth a reorg may lose our bytes, not bring another outcome: that is not promised.
            yield slot_is("absent", deep_reorgs=world.deep_reorgs - 1, foreign=0, reverts=0)
        if slot in {"absent", "pending"} and world.rows[part] not in {"", "final"} and world.foreign:
            yield slot_is("foreign", foreign=world.foreign - 1)
    if world.passed == "foreign":
        yield replace(world, passed="foreign deep")
        if world.reorgs:  # it takes the later blocks with it
            slots = tuple("absent" if slot in SHALLOW else slot for slot in world.slots)
            yield replace(world, slots=slots, passed="absent", reorgs=world.reorgs - 1)


def decisions(world: World, part: int, rules: Rules) -> Iterator[tuple[str, bool]]:
    """What a worker that reads a part now may decide: the next state of the row, and whether it sends its bytes."""
    row, slot = world.rows[part], world.slots[part]
    is_next = part == 0 or world.rows[part - 1] in {"failed", "replaced"}
    if row == "" and is_next:
        yield "planned", False
    elif row == "planned":
        yield ("signed", False) if rules.stores_before_sending else ("signed", True)
        yield "replaced", False  # it needs more gas than a block has
    elif row in {"signed", "broadcast", "unknown"}:
        if slot in OURS:
            yield "mined", False
        elif slot.startswith("foreign"):
            if row != "unknown":
                yield "unknown", False
            elif slot == "foreign deep" or not rules.waits_for_depth:
                yield "replaced", False
        else:
            yield "broadcast", True
            if row == "broadcast" and world.bumps:
                yield "signed", False
        if row != "unknown":
            yield "unknown", False  # the nodes disagree
    elif row == "mined":
        if slot == "deep":
            yield "final", False
        elif slot == "reverted deep" or (slot == "reverted" and not rules.waits_for_depth):
            yield "failed", False
        elif slot not in OURS:
            yield "broadcast", False
    elif row == "final" and slot not in PAID:
        yield "broadcast", False


def may_pass(slot: str, rules: Rules) -> bool:
    return slot == "foreign deep" or (slot == "foreign" and not rules.passes_final_only)


def worker_moves(world: World, rules: Rules) -> Iterator[tuple[World, tuple[str, str] | None]]:
    """What workers do: read, act on what was read, die, take the lease over."""
    for number, act in enumerate(world.workers):

        def about_to(act: Act | None, number: int = number, of: World = world) -> World:
            pair = (act, of.workers[1]) if number == 0 else (of.workers[0], act)
            return replace(of, workers=pair)

        token = world.held[number]
        if act is None:
            if token >= 0:
                for part in range(len(world.rows)):
                    for after, sends in decisions(world, part, rules):
                        deciding = Act(part, world.rows[part], after, token, sends)
                        yield about_to(deciding), None
                        if deciding.before == "planned" and may_pass(world.slots[part], rules):
                            yield about_to(replace(deciding, passes=True)), None
            if world.leases and token != world.token:
                held = (world.token + 1, world.held[1]) if number == 0 else (world.held[0], world.token + 1)
                yield replace(world, token=world.token + 1, held=held, leases=world.leases - 1), None
            continue
        yield about_to(None), None  # it died before it acted
        sent = world
        if act.sends:
            if world.slots[act.part] == "absent":
                sent = replace(world, slots=put(world.slots, act.part, "pending"))
            yield about_to(None, of=sent), None  # it died after sending
        is_allowed = (act.token == world.token or not rules.is_fenced) and (
            world.rows[act.part] == act.before or not rules.is_compared
        )
        if is_allowed and world.rows[act.part] != act.after:
            bumps = world.bumps - (act.before == "broadcast" and act.after == "signed")
            moved = replace(sent, rows=put(world.rows, act.part, act.after), bumps=bumps)
            if act.passes:
                free = put(moved.slots, act.part, "absent")
                moved = replace(moved, passed=moved.slots[act.part], slots=free)
            yield about_to(None, of=moved), (world.rows[act.part], act.after)
        elif is_allowed:
            yield about_to(None, of=sent), None


def faults(world: World) -> Iterator[str]:
    """What must never be."""
    if sum(slot in PAID for slot in world.slots) > 1:
        yield "paid twice"
    for row, slot in zip(world.rows, world.slots, strict=True):
        if row in {"", "planned"} and slot not in NOT_OURS:
            yield "sent before it was stored"
        if row in {"failed", "replaced"} and slot in PAID | {"pending"}:
            yield "ruled out, and paid all the same"
        if row == "final" and slot not in {"deep", "absent", "pending", "mined"}:
            yield "told as settled, and not paid"


def is_over(world: World) -> bool:
    """The payment is made, or every part that the bounds allow was ruled out."""
    if all(row in {"failed", "replaced"} for row in world.rows):
        return True
    return any(pair == ("final", "deep") for pair in zip(world.rows, world.slots, strict=True))


def explore(rules: Rules, first: World = World(), *, until: str | None = None) -> Explored:
    """Visit every world, then look whether each can still end; stop early when the fault `until` was found."""
    found = Explored()
    seen, waiting = {first}, deque([first])
    before: dict[World, list[World]] = {}
    while waiting:
        world = waiting.popleft()
        found.wrong.update(faults(world))
        if until in found.wrong:
            return found
        moves = [(after, None) for after in chain_moves(world)]
        for after, step in [*moves, *worker_moves(world, rules)]:
            if step is not None:
                found.steps.add(step)
            before.setdefault(after, []).append(world)
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    found.worlds = len(seen)
    ending = deque(world for world in seen if is_over(world))
    reaches = set(ending)
    while ending:
        for world in before.get(ending.popleft(), ()):
            if world not in reaches:
                reaches.add(world)
                ending.append(world)
    found.dead_ends = len(seen) - len(reaches)
    return found
