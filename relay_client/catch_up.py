"""Paging through what a relay holds, newest first. Source: NIP-01 (limit), docs/protocol.md §11; bug 70.

A relay gives at most so many events per REQ (500, mostly) and does not say that there are more. So each next page
asks for the oldest second seen once more, since that second may go on; what was seen of it already is recognised.
NIP-01 means `until` to be inclusive, and some relays take it to be exclusive: hence a page asks `until` one second
after the oldest, as long as the relay has not shown that it is inclusive by an event of that very second. A page that
brings nothing new is followed by one that ends a second earlier, and another: empty at the true end, and if it is
not, the second between held more events than a page does. Only an empty page ends a catch-up. `until` never rises, so
it ends.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final, NamedTuple

_TIME_MAX: Final = 2**53


class Step(Enum):
    """What follows a page."""

    NEXT = auto()
    DONE = auto()
    FAILED = auto()


class Page(NamedTuple):
    """The window of a REQ; both ends inclusive, None: open."""

    since: int | None
    until: int | None


class CatchUp:
    """One reading of the past, page after page; it survives a reconnect, for it does not depend on the socket."""

    def __init__(self, since: int | None, asked_at: int, *, pages_max: int, page_texts_max: int) -> None:
        """since: unix seconds or None; asked_at: our clock when the first page is asked for."""
        self.asked_at = asked_at
        self.crowded: list[int] = []  # seconds of which some events may be out of reach; the owner clears it
        self._since = since
        self._until: int | None = None
        self._seen: set[str] = set()  # ids of the oldest second seen and the one after it, from earlier pages
        self._pages_left = pages_max
        self._page_texts_max = page_texts_max
        self._suspect: int | None = None
        self._inclusive = False  # whether the relay was seen to take `until` so
        self.restart_page()

    def page(self) -> Page:
        """The page to ask for now."""
        return Page(self._since, self._until)

    def restart_page(self) -> None:
        """Forget what came of the present page: it will be asked for again."""
        self._texts = 0
        self._oldest: int | None = None
        self._ids: dict[int, set[str]] = {}  # second -> ids, from this page
        self._fresh = False

    def saw(self, created_at: int, event_id: str) -> bool:
        """An event of the present page. False: it lies outside the page, and the relay was not asked for it."""
        self._texts += 1
        if self._until is not None and created_at > self._until:
            return False
        if self._since is not None and created_at < self._since:
            return False
        self._inclusive = self._inclusive or created_at == self._until
        self._fresh = self._fresh or event_id not in self._seen
        self._oldest = created_at if self._oldest is None else min(created_at, self._oldest)
        self._ids.setdefault(created_at, set()).add(event_id)
        return True

    def saw_rejected(self, claimed: object) -> None:
        """Something on the present page that we do not admit: it must not end the paging before what lies behind it."""
        if isinstance(claimed, dict):
            created_at, event_id = claimed.get("created_at"), claimed.get("id")
            if type(created_at) is int and 0 <= created_at <= _TIME_MAX and isinstance(event_id, str):
                self.saw(created_at, event_id)
                return
        self._texts += 1

    @property
    def overflowing(self) -> bool:
        """Whether the present page is longer than any page may be: a relay that never comes to an end."""
        return self._texts > self._page_texts_max

    def ended(self, limit: int) -> Step:
        """The relay said EOSE to a page of at most `limit` events. FAILED: nothing readable in it, or too many
        pages.
        """
        if self._texts == 0:
            return Step.DONE
        if self._suspect is not None:
            self.crowded.append(self._suspect)
            self._suspect = None
        if self._oldest is None:
            return Step.FAILED
        if self._fresh:
            kept = self._seen if self._until is not None and self._oldest >= self._until - 1 else set()
            self._seen = self._ids[self._oldest] | self._ids.get(self._oldest + 1, set()) | kept
            until = self._oldest if self._inclusive else self._oldest + 1
            self._until = until if self._until is None else min(self._until, until)
        else:
            self._close_second(self._oldest, limit)
        if self._since is not None and self._until is not None and self._until < self._since:
            return Step.DONE
        self._pages_left -= 1
        self.restart_page()
        return Step.NEXT if self._pages_left > 0 else Step.FAILED

    def _close_second(self, second: int, limit: int) -> None:
        """Nothing new on this page: step back by a second, first up to the oldest one and then behind it."""
        if self._until is not None and self._until > second:
            self._until -= 1
            return
        ids = self._ids[second]
        if len(ids) >= limit:
            self.crowded.append(second)
        elif len(ids) > 1:
            self._suspect = second  # crowded after all, if the relay has older ones that it did not put on this page
        self._until = second - 1
        self._seen = set()
