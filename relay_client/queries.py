"""Questions to one relay: a REQ of its own for each, closed after what is stored, or at its deadline.

Rules: a question that is asked while no socket stands waits for one, until its deadline. A socket that ends, or cannot
be made, ends every question that waits for it: whoever asked has other relays to ask. What a relay refuses for want of
authentication is asked once more after it. What comes is bounded in number and in bytes; what is outside the filter is
left out, for a relay may send anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from kinds.errors import NotAdmitted
from kinds.event import Claimed, claim
from relay_client import messages
from relay_client.filter import Filter
from relay_client.verdict import Answer, Verdict

PREFIX: Final = "q"
"""Of the subscription ids on the wire; those of readings begin with a digit."""


class Answered(NamedTuple):
    """What a relay gave for a question. complete: it said that this is all it has."""

    question: int
    events: list[Claimed]
    complete: bool


@dataclass(slots=True)
class _Question:
    wanted: Filter
    deadline: float
    asked: bool = False
    tries: int = 0
    bytes: int = 0
    events: list[Claimed] = field(default_factory=list)


class Queries:
    """The questions of one connection. Times are monotonic seconds."""

    def __init__(self, send: Callable[[str], None], questions_max: int, bytes_max: int) -> None:
        """questions_max: at once; bytes_max: of one answer."""
        self._send = send
        self._questions_max = questions_max
        self._bytes_max = bytes_max
        self._serial = 0
        self._standing = False
        self._open: dict[int, _Question] = {}
        self._answered: list[Answered] = []

    def __len__(self) -> int:
        return len(self._open)

    def ask(self, wanted: Filter, deadline: float) -> int | None:
        """Ask; the number that the answer will bear. None: too many questions are open."""
        if len(self._open) >= self._questions_max:
            return None
        self._serial += 1
        self._open[self._serial] = _Question(wanted, deadline)
        if self._standing:
            self._request(self._serial)
        return self._serial

    def answered(self) -> list[Answered]:
        """The answers since the last call."""
        answered, self._answered = self._answered, []
        return answered

    def opened(self) -> None:
        """A socket stands."""
        self._standing = True
        for number in self._open:
            self._request(number)

    def lost(self) -> None:
        """The socket is gone, or did not come about."""
        self._standing = False
        for number in list(self._open):
            self._end(number, complete=False)

    def tick(self, now: float) -> None:
        """Time passes."""
        for number, question in list(self._open.items()):
            if now >= question.deadline:
                self._close(number)

    def knows(self, subscription: str) -> bool:
        """Whether an open question has this subscription id."""
        return self._number(subscription) is not None

    def event(self, subscription: str, claimed: object, size: int) -> bool:
        """An event for a question; decoded JSON of any shape, size in bytes. False: no question has this id."""
        number = self._number(subscription)
        if number is None:
            return False
        question = self._open[number]
        question.bytes += size
        if question.bytes > self._bytes_max:
            self._close(number)
            return True
        try:
            event = claim(claimed)
        except NotAdmitted:
            return True
        if question.wanted.matches(event):
            question.events.append(event)
        return True

    def end_of_stored(self, subscription: str) -> None:
        """EOSE."""
        number = self._number(subscription)
        if number is not None:
            self._send(messages.close(subscription))
            self._end(number, complete=True)

    def closed(self, subscription: str, verdict: Verdict, waits: bool, hopeless: bool) -> None:
        """CLOSED. waits: for the relay's word on our authentication; hopeless: there will be none."""
        number = self._number(subscription)
        if number is None:
            return
        question = self._open[number]
        question.asked = False
        if verdict.answer is not Answer.NEEDS_AUTH or hopeless or question.tries > 1:
            self._end(number, complete=False)
        elif not waits:
            self._request(number)

    def authenticated(self) -> None:
        """The relay accepted our authentication: ask what it refused."""
        for number, question in self._open.items():
            if not question.asked:
                self._request(number)

    def _number(self, subscription: str) -> int | None:
        text = subscription[len(PREFIX) :]
        if not subscription.startswith(PREFIX) or not (text.isascii() and text.isdigit()) or len(text) > 18:
            return None
        return int(text) if int(text) in self._open else None

    def _request(self, number: int) -> None:
        question = self._open[number]
        question.asked = True
        question.tries += 1
        self._send(messages.req(f"{PREFIX}{number}", question.wanted))

    def _close(self, number: int) -> None:
        if self._open[number].asked and self._standing:
            self._send(messages.close(f"{PREFIX}{number}"))
        self._end(number, complete=False)

    def _end(self, number: int, *, complete: bool) -> None:
        self._answered.append(Answered(number, self._open.pop(number).events, complete))
