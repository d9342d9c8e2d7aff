"""When to try again: full jitter under a ceiling that doubles, and starts afresh after a healthy time (bug 67).

Full jitter, because a relay that restarts must not meet all its clients in the same second.
"""

from __future__ import annotations

from typing import Final

from relay_client.dice import Dice

_DOUBLINGS_MAX: Final = 16
DELAY_S_MIN: Final = 0.1


class Backoff:
    """Counts failures in a row and says how many seconds to wait after each."""

    def __init__(self, first_s: float, max_s: float, rng: Dice) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._rng = rng
        self._failures = 0

    def failed(self) -> float:
        """Count a failure; seconds to wait now: at least DELAY_S_MIN, at most the ceiling, evenly spread below it."""
        ceiling = min(self._max_s, self._first_s * 2 ** min(self._failures, _DOUBLINGS_MAX))
        self._failures += 1
        return max(DELAY_S_MIN, self._rng.uniform(0.0, ceiling))

    def healthy(self) -> None:
        """Forget the failures."""
        self._failures = 0
