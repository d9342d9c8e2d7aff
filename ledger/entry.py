"""One line of the ledger: as it is given to the book, and as it is read back. Pure.

Points are signed and never 0. `balance` is the sum of all points of the standing up to and with this entry. `seq`
counts from 1 without a gap within a standing. `ref` is the sha256 of `document`; `key` is the idempotency key, unique
for ever. Times are unix seconds: `occurred_at` when the thing happened (somebody says), `recorded_at` when we booked
it, which never decreases along a chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

EntryType = Literal["earned", "redeemed", "expired", "granted", "revoked"]
ENTRY_TYPES: Final[tuple[EntryType, ...]] = get_args(EntryType)
CREDITS: Final[frozenset[EntryType]] = frozenset({"earned", "granted"})


class NewEntry(NamedTuple):
    """An entry to append. `id` is given by the caller, ascending from `book.next_entry_id`."""

    id: int
    program_id: int
    standing_id: int
    seq: int
    type: EntryType
    points: int
    balance: int
    ref: str
    document: bytes
    key: str
    revision_id: int
    order_id: int | None
    reverses: int | None
    occurred_at: int
    recorded_at: int
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored entry, with the name of the one before it (None for the first) and of the customer."""

    id: int
    program_id: int
    standing_id: int
    customer: str
    seq: int
    type: EntryType
    points: int
    balance: int
    ref: str
    prev: str | None
    document: bytes
    key: str
    revision_id: int
    order_id: int | None
    reverses: int | None
    occurred_at: int
    recorded_at: int
    expires_at: int | None
