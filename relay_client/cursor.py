"""Where to resume reading. Source: docs/protocol.md §11; bugs 51, 64, 65.

A cursor is our own clock at the moment when the first page of a catch-up was asked for, and it moves only once that
catch-up is complete and its events are handled. It is never an event's time: a gift wrap is stamped up to two days
back, and a stranger may stamp anything.

Our clock may have been wrong when we asked. A cursor that lies ahead of the clock says nothing about what was read, so
a sweep is due; the cursor of that sweep is the clock's again, even though it goes back.
"""

from __future__ import annotations


def is_ahead(cursor: int | None, wall: int) -> bool:
    """Whether our clock was set back since the cursor was taken from it."""
    return cursor is not None and cursor > wall


def resume_since(cursor: int | None, rewind_s: int, wall: int) -> int | None:
    """The `since` of a catch-up in unix seconds, not later than rewind_s before now; None (from the beginning) when
    this relay was never read to the end.
    """
    return None if cursor is None else max(0, min(cursor, wall) - rewind_s)


def sweep_since(cursor: int | None, rewind_s: int, wall: int, sweep_s: int) -> int | None:
    """The `since` of a sweep: never later than that of a catch-up, so that a sweep is a catch-up too."""
    since = resume_since(cursor, rewind_s, wall)
    return None if since is None else max(0, min(since, wall - sweep_s))
