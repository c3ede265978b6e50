"""Columns of the trace and the boundary assertions of the statement (STARK 6, 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ves_stark.field import P, root_of_unity
from ves_stark.rescue import amount_limbs

ROWS = 16
WIDTH = 248
BLOWUP = 16
DOMAIN = ROWS * BLOWUP
COMPOSITION_COLUMNS = 8
HASH_ROUNDS_END = 14

STATE = range(12)
AMOUNT = range(12, 20)
LIMIT = range(20, 28)
FIRST_ROW_FLAG = 36
LAST_ROW_FLAG = 37
ROW_NUMBER = 38
PHASE = 39
AMOUNT_BITS = (range(40, 72), range(72, 104))
DIFFERENCE = range(105, 113)
BORROW = range(113, 121)
DIFFERENCE_BITS = (range(137, 169), range(169, 201))
INPUTS = range(201, 248)

TRACE_GENERATOR = root_of_unity(ROWS)
DOMAIN_GENERATOR = root_of_unity(DOMAIN)

TRANSITION_CONSTRAINTS = 157


@dataclass(frozen=True, slots=True)
class Statement:
    """The statement of a proof: `limit` (u64), the 47 public input elements, 4 commitment elements < P."""

    limit: int
    inputs: tuple[int, ...]
    commitment: tuple[int, ...]

    def elements(self) -> list[int]:
        """The 52 public elements that start the transcript (STARK 5)."""
        return [self.limit % P, *self.inputs, *self.commitment]


def assertions(statement: Statement) -> list[tuple[int, int, int]]:
    """The 80 assertions (row, column, value), in the order in which their coefficients are drawn (STARK 7)."""
    first = {8: 8, FIRST_ROW_FLAG: 1, ROW_NUMBER: 0, BORROW[1]: 0}
    for column in (*STATE[9:], *AMOUNT[2:], *DIFFERENCE[2:]):
        first[column] = 0
    first.update(zip(LIMIT, amount_limbs(statement.limit), strict=True))
    first.update(zip(INPUTS, statement.inputs, strict=True))
    result = [(0, column, value) for column, value in sorted(first.items())]
    result += [(HASH_ROUNDS_END, column, value) for column, value in enumerate(statement.commitment)]
    result += [(ROWS - 1, LAST_ROW_FLAG, 1), (ROWS - 1, ROW_NUMBER, ROWS - 1)]
    return result


ASSERTION_ROWS: Sequence[int] = (0, HASH_ROUNDS_END, ROWS - 1)
ASSERTION_COUNTS: Sequence[int] = (74, 4, 2)
ASSERTIONS = sum(ASSERTION_COUNTS)
