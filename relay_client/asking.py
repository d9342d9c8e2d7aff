"""Who waits for which answer: the half of `queries` that knows the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from relay_client.filter import Filter
from relay_client.queries import Answered, Queries

NOTHING = Answered(0, [], complete=False)


class Askers:
    """The tasks that wait for an answer on one connection."""

    def __init__(self, queries: Queries, monotonic: Callable[[], float], flow: Callable[[], None]) -> None:
        """flow: called when there is something to send, or an answer to hand on."""
        self._queries = queries
        self._monotonic = monotonic
        self._flow = flow
        self._waiting: dict[int, asyncio.Future[Answered]] = {}

    async def ask(self, wanted: Filter, deadline_s: float) -> Answered:
        """Ask, and wait for the answer; it comes in `deadline_s` whatever becomes of the connection."""
        deadline = self._monotonic() + deadline_s
        number = self._queries.ask(wanted, deadline)
        if number is None:
            return NOTHING
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answered] = loop.create_future()
        self._waiting[number] = answer
        timer = loop.call_later(deadline_s, self._overdue, deadline)
        loop.call_soon(self._flow)
        try:
            return await answer
        finally:
            timer.cancel()
            del self._waiting[number]

    def hand_on(self) -> None:
        """Give the answers that are there to those who wait for them."""
        for answered in self._queries.answered():
            answer = self._waiting.get(answered.question)
            if answer is not None and not answer.done():
                answer.set_result(answered)

    def end(self) -> None:
        """There will be no more answers."""
        self._queries.lost()
        self.hand_on()

    def _overdue(self, deadline: float) -> None:
        self._queries.tick(deadline)
        self._flow()
