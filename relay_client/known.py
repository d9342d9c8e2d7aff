"""What the owner has confirmed of one subscription, so that reading it again costs next to nothing.

Remembered is a hash of the event's bytes as the relay sent them, not its id: an id does not commit to its
signature, and a forged copy must not shadow the genuine event (bug 66). The same bytes again can only have the same
result. And remembered is only what came before a CaughtUp that the owner has confirmed: what it failed to handle is
delivered again. Python's hash of bytes is keyed with a random secret of the process, so nobody outside can aim at a
collision.
"""

from __future__ import annotations

from itertools import islice


class Known:
    """A bounded memory: hash of an event's bytes -> its created_at, which paging needs."""

    def __init__(self, entries_max: int) -> None:
        self._entries_max = entries_max
        self._confirmed: dict[int, int] = {}
        self._fresh: dict[int, int] = {}
        self._marked: dict[int, int] = {}
        self._marked_at = 0
        self._page: dict[int, int] = {}
        self._page_before: dict[int, int] = {}

    def created_at(self, fingerprint: int) -> int | None:
        """The created_at of an event that needs no delivery any more, or None."""
        created_at = self._confirmed.get(fingerprint)
        return self._page_before.get(fingerprint) if created_at is None else created_at

    def delivered(self, fingerprint: int, created_at: int, *, paged: bool) -> None:
        """An event went to the owner, from a page or live; beyond the bound it is simply not remembered."""
        if paged:
            self._page[fingerprint] = created_at
        if len(self._fresh) < self._entries_max:
            self._fresh[fingerprint] = created_at

    def page_ended(self, *, last: bool) -> None:
        """A page is complete; last: and with it the catch-up, or it was given up."""
        self._page_before = {} if last else self._page
        self._page = {}

    def caught_up(self, asked_at: int) -> None:
        """A CaughtUp went to the owner, behind everything delivered so far."""
        self._marked.update(self._fresh)
        self._marked_at = asked_at
        self._fresh = {}
        _trim(self._marked, self._entries_max)

    def confirm(self, asked_at: int) -> None:
        """The owner has handled that CaughtUp and everything before it."""
        if asked_at < self._marked_at:
            return
        self._confirmed.update(self._marked)
        self._marked = {}
        _trim(self._confirmed, self._entries_max)


def _trim(memory: dict[int, int], entries_max: int) -> None:
    for fingerprint in list(islice(memory, max(0, len(memory) - entries_max))):
        del memory[fingerprint]
