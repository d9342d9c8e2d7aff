"""The naive fold over a chain's entries: the second opinion on what the book keeps as a cache. Pure.

It knows no lots and no deficits; it adds up, and it looks whether each entry continues the one before it. Written
without a look at the book or at `lot`, so that a mistake there does not repeat itself here.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.entry import CREDITS, EntryType


@dataclass(frozen=True, slots=True)
class Line:
    """What the fold needs of an entry. `reversed_type` is the type of the entry that this one reverses."""

    id: int
    seq: int
    type: EntryType
    points: int
    balance: int
    prev_id: int | None
    recorded_at: int
    reversed_type: EntryType | None = None


@dataclass(slots=True)
class Fold:
    """Where the entries added so far lead to. `lifetime`: credits, less what was reversed of them."""

    seq: int = 0
    balance: int = 0
    lifetime: int = 0
    head_id: int | None = None
    last_at: int = 0

    def add(self, line: Line) -> list[str]:
        """Adds the next entry of the chain; what is wrong with it, by code."""
        faults = []
        if line.seq != self.seq + 1:
            faults.append("seq-gap")
        if line.prev_id != self.head_id:
            faults.append("prev-differs")
        if line.balance != self.balance + line.points:
            faults.append("balance-differs")
        if line.recorded_at < self.last_at:
            faults.append("time-decreases")
        self.seq += 1
        self.balance += line.points
        if line.type in CREDITS or (line.type == "revoked" and line.reversed_type in CREDITS):
            self.lifetime += line.points
        self.head_id, self.last_at = line.id, line.recorded_at
        return faults
