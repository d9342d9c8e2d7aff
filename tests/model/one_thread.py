"""SQLite without its own thread: a statement is executed where it is asked for.

`aiosqlite` hands each statement to a thread and waits for it to come back, which costs more than most statements. The
file, the statements and the transactions are the same without it; so a machine of one core plays three times as many.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiosqlite import core


class _AtOnce:
    """Passes for the queue to the thread, and does at once what is put into it."""

    def put_nowait(self, item: tuple[Any, Callable[[], Any]]) -> None:
        """`item`: a future (or None) and what it is the future of."""
        future, function = item
        try:
            result = function()
        except BaseException as fault:
            if future is not None:
                future.set_exception(fault)
        else:
            if future is not None:
                future.set_result(result)


class _NoThread:
    """Passes for the thread."""

    def start(self) -> None:
        """There is nothing to start."""


@contextmanager
def in_one_thread() -> Iterator[None]:
    """Connections that are made inside this block have no thread of their own."""
    with_thread = core.Connection.__init__

    def without(self: core.Connection, *arguments: Any, **more: Any) -> None:
        with_thread(self, *arguments, **more)
        self._tx = _AtOnce()  # type: ignore[assignment] # it passes for the queue
        self._thread = _NoThread()  # type: ignore[assignment] # and for the thread

    core.Connection.__init__ = without  # type: ignore[method-assign] # put back below
    try:
        yield
    finally:
        core.Connection.__init__ = with_thread  # type: ignore[method-assign] # as it was
