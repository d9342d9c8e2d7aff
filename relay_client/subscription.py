"""What an owner wants to read from a relay: a filter with a name and its windows. Source: docs/protocol.md §11."""

from __future__ import annotations

from dataclasses import dataclass

from relay_client.filter import Filter


@dataclass(frozen=True, slots=True)
class Subscription:
    """One thing to read, for good: live, caught up on a schedule, and swept once a day if it has a sweep.

    name: chosen by the owner; unique per relay url, since the cursor is kept under (url, name).
    filter: kinds, authors and tags; never since, until or limit, which belong to the reading.
    rewind_s: how far behind the cursor a catch-up begins (1059: two days and two hours, because wraps are backdated).
    sweep_s: how far back the daily sweep looks, or None for no sweep.
    protected: kinds that relays guard by NIP-42 (1059); asked for after authentication, and asked for again after it.
    """

    name: str
    filter: Filter
    rewind_s: int
    sweep_s: int | None = None
    protected: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be meant (ValueError)."""
        if self.rewind_s < 0 or (self.sweep_s is not None and self.sweep_s < self.rewind_s):
            raise ValueError("rewind_s must be 0 or more, and sweep_s at least as long")
        if self.filter.since is not None or self.filter.until is not None or self.filter.limit is not None:
            raise ValueError("a subscription's filter has no since, until or limit: the reading sets them")
