"""What the guard noticed about orders, until an operator has looked at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from ledger.bulk import packed_rows
from ledger.database import Read, Write


class Flag(NamedTuple):
    """An order that was one too many: of its customer, or of its source for this customer. `orders` were counted on
    that day, this one included. `held`: 1 where its points wait for the operator. `id` is 0 before it is stored.
    """

    id: int
    program_id: int
    standing_id: int
    order_id: int
    what: Literal["customer", "source"]
    orders: int
    held: int
    flagged_at: int
    settled: Literal["released", "dropped"] | None


async def open_flags(r: Read, program_id: int) -> list[Flag]:
    """The program's flags that nobody has settled yet, oldest first."""
    rows = await r.rows(
        "SELECT id, program_id, standing_id, order_id, what, orders, held, flagged_at, settled FROM flag "
        "WHERE program_id = ? AND settled IS NULL ORDER BY id",
        program_id,
    )
    return [Flag(*row) for row in rows]


async def record(w: Write, flags: Sequence[Flag]) -> None:
    """Stores new flags; the ledger gives them their ids."""
    if flags:
        await w.run(
            "INSERT INTO flag (program_id, standing_id, order_id, what, orders, held, flagged_at, settled) "
            "SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, "
            "value ->> 7 FROM json_each(?1)",
            packed_rows([tuple(flag[1:]) for flag in flags]),
        )


async def move(w: Write, old_standing_id: int, new_standing_id: int) -> None:
    """The held orders of the one standing are the other's from now on."""
    await w.run("UPDATE flag SET standing_id = ? WHERE standing_id = ? AND held = 1", new_standing_id, old_standing_id)


async def settle(w: Write, settled: Sequence[tuple[int, Literal["released", "dropped"]]]) -> None:
    """Writes down what became of orders' open flags: (order id, how)."""
    if settled:
        await w.run(
            "UPDATE flag SET settled = value ->> 1 FROM json_each(?1) WHERE flag.order_id = value ->> 0 "
            "AND flag.settled IS NULL",
            packed_rows(settled),
        )
