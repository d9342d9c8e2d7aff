"""When to catch up: after every connect, every few minutes, once a day over the sweep, and after bursts (bug 74).

Rules: a burst of live events, or a pause in our reading, calls for a catch-up once things are quiet and the owner has
done with them; a catch-up of that sort may pause our reading by itself and does not call for the next one. Nothing
begins while the owner has still to confirm the last CaughtUp, for some time at most.
"""

from __future__ import annotations

from relay_client.dice import Dice
from relay_client.settings import PoolSettings


class Schedule:
    """The times of one subscription's catch-ups, in monotonic seconds."""

    def __init__(self, settings: PoolSettings, rng: Dice, *, sweeps: bool) -> None:
        self._settings = settings
        self._rng = rng
        self._sweeps = sweeps
        self._sweep_at: float | None = None
        self._catch_up_at = 0.0
        self._unconfirmed: int | None = None
        self._unconfirmed_until = 0.0
        self._burst = False
        self._calming = False  # the catch-up that is due or under way follows a burst
        self._live_events = 0
        self._window_at = 0.0

    def now_due(self, now: float) -> None:
        """A catch-up is due at once: connected, or a live subscription opened again."""
        self._catch_up_at = min(self._catch_up_at, now)
        if self._sweep_at is None:
            self._sweep_at = now + self._settings.sweep_first_s

    def begins(self, now: float) -> bool | None:
        """None: nothing is due. Otherwise a catch-up begins now, and True says that it is a sweep."""
        if self._unconfirmed is not None and now < self._unconfirmed_until:
            return None
        sweep = self._sweeps and self._sweep_at is not None and now >= self._sweep_at
        if not sweep and now < self._catch_up_at:
            return None
        if sweep:
            self._sweep_at = now + self._settings.sweep_every_s
        self._catch_up_at = now + self._settings.catch_up_every_s * self._rng.uniform(0.9, 1.1)
        return sweep

    def completed(self, asked_at: int, now: float) -> None:
        """A catch-up is complete and the owner was told."""
        self._calming = False
        self._unconfirmed = asked_at
        self._unconfirmed_until = now + self._settings.confirm_wait_s

    def given_up(self) -> None:
        """A catch-up failed; the next one comes when it is due."""
        self._calming = False

    def confirmed(self, asked_at: int) -> bool:
        """The owner handled the CaughtUp with this time. False: it is not the one that counts any more."""
        if asked_at != self._unconfirmed:
            return False
        self._unconfirmed = None
        return True

    def forget_unconfirmed(self) -> None:
        """The last CaughtUp claimed too much; its confirmation must not count."""
        self._unconfirmed = None

    def live_event(self) -> None:
        """Count an event of the live subscription."""
        self._live_events += 1

    def reading_paused(self) -> None:
        """The socket is not read for a while: the relay may drop live events meanwhile."""
        if not self._calming:
            self._burst = True

    def watch(self, now: float, owner_busy: bool) -> None:
        """Look at the last second: does a burst go on, or is it over?"""
        if now < self._window_at + 1.0:
            return
        goes_on = self._live_events >= self._settings.burst_events
        self._live_events = 0
        self._window_at = now
        if goes_on:
            self._burst = True
        elif self._burst and not owner_busy:
            self._burst = False
            self._calming = True
            self._catch_up_at = min(self._catch_up_at, now + self._settings.burst_quiet_s)
