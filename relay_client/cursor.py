"""Where to resume reading. Source: docs/protocol.md §11; bugs 51, 64, 65.

A cursor is our own clock at the moment when the first page of a catch-up was asked for, and it moves only once that
catch-up is complete and its events are handled. It is never an event's time: a gift wrap is stamped up to two days
back, and a stranger may stamp anything.
"""

from __future__ import annotations


def resume_since(cursor: int | None, rewind_s: int) -> int | None:
    """The `since` of a catch-up in unix seconds; None (from the beginning) when this relay was never read to the
    end.
    """
    return None if cursor is None else max(0, cursor - rewind_s)


def sweep_since(cursor: int | None, rewind_s: int, wall: int, sweep_s: int) -> int | None:
    """The `since` of a sweep: never later than that of a catch-up, so that a sweep is a catch-up too."""
    since = resume_since(cursor, rewind_s)
    return None if since is None else max(0, min(since, wall - sweep_s))


def advance(cursor: int | None, asked_at: int) -> int:
    """The cursor after a completed catch-up. It never goes back, even if our clock did."""
    return asked_at if cursor is None else max(cursor, asked_at)
