"""The execution trace (STARK 6): 16 rows of 248 base elements."""

from __future__ import annotations

from ves_stark import layout
from ves_stark.layout import ROWS, WIDTH, Statement
from ves_stark.rescue import LIMB_BITS, amount_limbs, amount_states

# Filler for bit and borrow columns, which are unused after row 0.
_FILLER = 2


def _bits(limb: int) -> list[int]:
    return [limb >> place & 1 for place in range(LIMB_BITS)]


def _first_row(amount: int, limit: int) -> dict[int, int]:
    """Values of the columns that differ between row 0 and the rest, at row 0."""
    low, high, *_ = amount_limbs(amount)
    limit_low, limit_high, *_ = amount_limbs(limit)
    borrow = int(low > limit_low)
    differences = (limit_low - low + (borrow << LIMB_BITS), limit_high - high - borrow)
    row = {layout.FIRST_ROW_FLAG: 1, layout.BORROW[0]: borrow}
    row.update(zip(layout.AMOUNT, (low, high), strict=False))
    row.update(zip(layout.DIFFERENCE, differences, strict=False))
    bits = (*layout.AMOUNT_BITS, *layout.DIFFERENCE_BITS)
    for columns, limb in zip(bits, (low, high, *differences), strict=True):
        row.update(zip(columns, _bits(limb), strict=True))
    return row


def build(amount: int, statement: Statement) -> list[list[int]]:
    """The rows of the trace for an amount that is at most the statement's limit."""
    common = [0] * WIDTH
    for columns in (*layout.AMOUNT_BITS, *layout.DIFFERENCE_BITS, layout.BORROW[:2]):
        for column in columns:
            common[column] = _FILLER
    for columns, values in (
        (layout.LIMIT, amount_limbs(statement.limit)),
        (layout.INPUTS, statement.inputs),
    ):
        for column, value in zip(columns, values, strict=True):
            common[column] = value
    rows = [common.copy() for _ in range(ROWS)]
    states = amount_states(amount)
    for number, row in enumerate(rows):
        row[: len(layout.STATE)] = states[min(number, layout.HASH_ROUNDS_END)]
        row[layout.ROW_NUMBER] = number
    for column in layout.BORROW[:2]:
        rows[0][column] = 0
    for column, value in _first_row(amount, statement.limit).items():
        rows[0][column] = value
    rows[-1][layout.LAST_ROW_FLAG] = rows[-1][layout.PHASE] = 1
    return rows
