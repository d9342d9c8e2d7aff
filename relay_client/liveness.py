"""Is the relay still there? Listening time, silence, pings. Source: RFC 6455 §5.5.2; bug 67.

Listening time stands still while the socket is not read on purpose: what a relay sent meanwhile waits in buffers,
and its silence is ours. A connection that has brought nothing for a while is pinged; if that brings nothing either
it is half-open, and dead.
"""

from __future__ import annotations


class Liveness:
    """The ear of one connection. All times in seconds."""

    def __init__(self, ping_after_s: float, ping_deadline_s: float) -> None:
        self._ping_after_s = ping_after_s
        self._dead_after_s = ping_after_s + ping_deadline_s
        self._heard_at = 0.0
        self._pinged = False
        self._paused_at: float | None = None
        self._paused_s = 0.0

    def opened(self, now: float) -> None:
        """A new socket, which is read."""
        self.resumed(now)
        self.heard(now)

    def listened(self, now: float) -> float:
        """Listening time at `now`: without the time in which the socket was not read."""
        return (now if self._paused_at is None else self._paused_at) - self._paused_s

    def heard(self, now: float) -> None:
        """Bytes came, of whatever sort."""
        self._heard_at = self.listened(now)
        self._pinged = False

    def ping_due(self, now: float) -> bool:
        """Whether to send a ping now: True once per silence."""
        if self._pinged or self.listened(now) - self._heard_at < self._ping_after_s:
            return False
        self._pinged = True
        return True

    def is_dead(self, now: float) -> bool:
        """Whether the silence has gone on beyond the deadline of a ping."""
        return self.listened(now) - self._heard_at >= self._dead_after_s

    def paused(self, now: float) -> None:
        """The socket is not read from now on."""
        if self._paused_at is None:
            self._paused_at = now

    def resumed(self, now: float) -> None:
        """The socket is read again."""
        if self._paused_at is not None:
            self._paused_s += now - self._paused_at
            self._paused_at = None
