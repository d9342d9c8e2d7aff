"""Events on their way to one relay: queued, sent, held for authentication; each leaves with exactly one verdict.

Rules: an OK settles its event, whatever became of others (bug 76: one relay answers a rejected event with an empty
id, so a missing OK ends by its deadline and blocks nothing). Deadlines run in the session's listening time, from
the moment the text was handed to the socket. What was refused for want of authentication is held, and sent again
after it, TRIES_MAX times at most. A lost connection ends everything that was under way here with retry_later: the
owner has the event and posts it again.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from relay_client import messages
from relay_client.verdict import Answer, Verdict, of_ok, retry_later

TRIES_MAX: Final = 3
Settled = tuple[str, Verdict]


class Outgoing:
    """The events of one connection that wait for a verdict."""

    def __init__(self, *, posts_max: int, bytes_max: int, in_flight_max: int, ok_deadline_s: float) -> None:
        self._posts_max = posts_max
        self._bytes_max = bytes_max
        self._in_flight_max = in_flight_max
        self._ok_deadline_s = ok_deadline_s
        self._bytes = 0
        self._events: dict[str, str] = {}  # id -> JSON of everything without a verdict
        self._queued: deque[str] = deque()
        self._sent: dict[str, float] = {}  # id -> deadline; in order of sending, so in order of deadline
        self._held: list[str] = []
        self._tries: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._events)

    @property
    def has_queued(self) -> bool:
        """Whether texts() might give something."""
        return bool(self._queued)

    @property
    def in_flight(self) -> int:
        """How many events were sent and have no answer."""
        return len(self._sent)

    @property
    def room(self) -> int:
        """How many more events would be taken."""
        return 0 if self._bytes >= self._bytes_max else self._posts_max - len(self._events)

    def post(self, event_id: str, event_json: str) -> bool:
        """Queue an event. False: no room, or the same event is under way."""
        if self.room <= 0 or event_id in self._events:
            return False
        self._events[event_id] = event_json
        self._bytes += len(event_json)
        self._queued.append(event_id)
        return True

    def texts(self, messages_max: int, chars_max: int, listened: float) -> list[str]:
        """EVENT texts to hand to the socket now: about chars_max characters, so that bursts stay short."""
        texts: list[str] = []
        deadline = listened + self._ok_deadline_s
        messages_max = min(messages_max, self._in_flight_max - len(self._sent))
        while self._queued and len(texts) < messages_max and chars_max > 0:
            event_id = self._queued.popleft()
            event_json = self._events[event_id]
            self._sent[event_id] = deadline
            texts.append(messages.event(event_json))
            chars_max -= len(event_json)
        return texts

    def answered(self, event_id: str, accepted: bool, text: str) -> Verdict | None:
        """An OK came: its verdict, and the event is gone from here unless the verdict is NEEDS_AUTH (then call hold or
        settle).

        None: no such event is under way (an empty id, or an answer after the deadline).
        """
        if self._sent.pop(event_id, None) is None:
            return None
        verdict = of_ok(accepted, text)
        if verdict.answer is not Answer.NEEDS_AUTH:
            self.settle(event_id)
        return verdict

    def hold(self, event_id: str) -> bool:
        """Keep an event that was refused for want of authentication. False: it was refused often enough; settle it."""
        tries = self._tries.get(event_id, 1)
        if tries >= TRIES_MAX:
            return False
        self._tries[event_id] = tries + 1
        self._held.append(event_id)
        return True

    def release(self) -> None:
        """Authenticated: what was held goes first."""
        self._queued.extendleft(reversed(self._held))
        self._held.clear()

    def give_up_held(self, verdict: Verdict) -> list[Settled]:
        """Authentication failed: everything held ends with `verdict`."""
        held, self._held = self._held, []
        for event_id in held:
            self.settle(event_id)
        return [(event_id, verdict) for event_id in held]

    def expire(self, listened: float) -> list[Settled]:
        """Events whose OK did not come in time."""
        expired: list[Settled] = []
        for event_id, deadline in self._sent.items():
            if deadline > listened:
                break
            expired.append((event_id, retry_later("no OK in time", 10)))
        for event_id, _ in expired:
            del self._sent[event_id]
            self.settle(event_id)
        return expired

    def lost(self) -> list[Settled]:
        """The connection is gone: everything ends with retry_later."""
        ended = [(event_id, retry_later("disconnected")) for event_id in self._events]
        for waiting in (self._events, self._queued, self._sent, self._held, self._tries):
            waiting.clear()
        self._bytes = 0
        return ended

    def settle(self, event_id: str) -> None:
        """Forget an event that has its verdict."""
        self._bytes -= len(self._events.pop(event_id))
        self._tries.pop(event_id, None)
