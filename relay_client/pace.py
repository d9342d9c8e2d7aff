"""How many messages a minute one relay bears. Unlimited until the relay teaches otherwise.

Two teachers:
 - "rate-limited:" halves the pace, at most once in ten seconds (many answers belong to one burst); it recovers by a
   tenth a minute and is forgotten when it reaches twice what was sent in the minute before the first complaint.
 - Two sockets in an hour, each cut without a close frame after about N >= 100 messages within a minute (bug 75), set
   a limit of 0.9 * N, which lasts. Because an outage looks the same, a cut counts only if the relay is there again at
   the first attempt, and only if the relay has never borne N messages a minute for five seconds and more. When the
   limit has been felt for ten minutes without another cut it is raised by a quarter, each time after twice as long a
   wait, so that a wrong lesson wears off.

Messages are counted in seconds' buckets over the last 60 seconds, and never more than the pace lie in any such
window: that suits relays with a fixed window and relays with a bucket alike. All messages count, for the relay
counts them all.
"""

from __future__ import annotations

from collections import deque
from typing import Final

WINDOW_S: Final = 60
UNLIMITED: Final = 1 << 30
CUT_MESSAGES_MIN: Final = 100
CUT_SHARE: Final = 0.9
CUT_MEMORY_S: Final = 3_600.0
CUT_LIKENESS: Final = 0.7
"""Two cuts are alike if the smaller count is at least this share of the larger."""
BORNE_AFTER_S: Final = 5
PACE_MIN: Final = 30.0
HALVE_EVERY_S: Final = 10.0
RAISE_AFTER_S: Final = 600.0
RAISE_AFTER_S_MAX: Final = 86_400.0


class Pace:
    """The count of the last minute, and the limits learned. Times are monotonic seconds."""

    def __init__(self, learned: float | None) -> None:
        """learned: the limit in messages a minute that an earlier life reported, or None."""
        self._buckets: deque[tuple[int, int]] = deque()
        self._sent = 0
        self._sent_since_opened = 0
        self._limit = learned
        self._felt_since: float | None = None
        self._raise_after_s = RAISE_AFTER_S
        self._cut_at: int | None = None
        self._cut_before: tuple[int, float] | None = None  # messages, when
        self._cut_when = 0.0
        self._counts: deque[tuple[int, int]] = deque()  # second, messages of this socket in the minute up to it
        self._borne = 0
        self._soft: float | None = None
        self._soft_end = 0.0
        self._soft_at = 0.0

    @property
    def per_minute(self) -> float | None:
        """Messages a minute that are sent at most now; None: no limit."""
        limits = [limit for limit in (self._limit, self._soft) if limit is not None]
        return min(limits, default=None)

    def sent(self, messages: int, now: float) -> None:
        """Count messages handed to the socket."""
        second = int(now)
        if self._buckets and self._buckets[-1][0] == second:
            messages_before = self._buckets.pop()[1]
            self._buckets.append((second, messages_before + messages))
        else:
            self._buckets.append((second, messages))
        self._sent += messages
        self._sent_since_opened += messages
        if not self._counts or self._counts[-1][0] < second:
            self._counts.append((second, min(self._sent, self._sent_since_opened)))
            self._bear(second)

    def allowed(self, now: float) -> int:
        """How many messages may be sent now."""
        per_minute = self.per_minute
        if per_minute is None:
            return UNLIMITED
        allowed = max(0, int(per_minute) - self._last_minute(now))
        if allowed == 0 and self._limit == per_minute and self._felt_since is None:
            self._felt_since = now
        return allowed

    def rate_limited(self, now: float) -> bool:
        """The relay said so. True if the pace is lower now."""
        if self._soft is not None and now - self._soft_at < HALVE_EVERY_S:
            return False
        used = max(PACE_MIN, float(self._last_minute(now)))
        if self._soft is None:
            self._soft_end = 2 * used
        self._soft = max(PACE_MIN, (self.per_minute or used) / 2)
        self._soft_at = now
        return True

    def cut(self, now: float, unanswered: int) -> None:
        """The socket ended without a close frame. A lesson perhaps: see reopened and unreachable.

        unanswered: messages sent without an answer so far; the relay may not even have read them.
        """
        messages = min(self._last_minute(now), self._sent_since_opened)  # relays count each connection by itself
        self._bear(int(now))
        self._cut_when = now
        answered = max(messages - unanswered, messages // 2)
        self._cut_at = answered if messages >= CUT_MESSAGES_MIN and answered > self._borne else None

    def unreachable(self) -> None:
        """The relay is not there: the cut was an outage and teaches nothing."""
        self._cut_at = None

    def reopened(self) -> float | None:
        """Connected again at the first attempt: the limit learned from the cuts before it, in messages a minute, or
        None.
        """
        self._sent_since_opened = 0
        self._counts.clear()
        cut_at, self._cut_at = self._cut_at, None
        if cut_at is None:
            return None
        before, self._cut_before = self._cut_before, (cut_at, self._cut_when)
        if before is None or self._cut_when - before[1] > CUT_MEMORY_S:
            return None
        fewer, more = sorted((cut_at, before[0]))
        if fewer < CUT_LIKENESS * more or fewer <= self._borne:
            return None
        self._limit = max(PACE_MIN, CUT_SHARE * min(fewer, self._limit or UNLIMITED))
        self._felt_since = None
        return self._limit

    def recover(self, now: float) -> float | None:
        """Let limits wear off; call it every now and then. The lasting limit if it was raised just now, else None."""
        if self._soft is not None and now - self._soft_at >= WINDOW_S:
            self._soft_at = now
            self._soft *= 1.1
            if self._soft >= self._soft_end:
                self._soft = None
        if self._limit is None or self._felt_since is None or now - self._felt_since < self._raise_after_s:
            return None
        self._limit *= 1.25
        self._felt_since = None
        self._raise_after_s = min(RAISE_AFTER_S_MAX, 2 * self._raise_after_s)
        return self._limit

    def _bear(self, second: int) -> None:
        """What was sent in a minute, and was not answered by a cut within five seconds, the relay bears."""
        while self._counts and self._counts[0][0] <= second - BORNE_AFTER_S:
            self._borne = max(self._borne, self._counts.popleft()[1])

    def _last_minute(self, now: float) -> int:
        buckets = self._buckets
        while buckets and buckets[0][0] < int(now) - WINDOW_S:
            self._sent -= buckets.popleft()[1]
        return self._sent
