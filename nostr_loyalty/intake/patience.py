"""How much one key may cost us: so many answers at once, and then so many an hour; and a welcome once. Pure.

Kept in memory only, for the keys that wrote last: a restart is generous. Operators and order systems are not asked.
"""

from collections import OrderedDict
from typing import Final

ANSWERS_AT_ONCE: Final = 20
ANSWERS_PER_HOUR: Final = 60
KEYS_MAX: Final = 10_000


class Patience:
    """A bucket of answers for each key."""

    def __init__(self, at_once: int = ANSWERS_AT_ONCE, per_hour: int = ANSWERS_PER_HOUR) -> None:
        """`at_once`: what a bucket holds; `per_hour`: how it fills up again."""
        self._at_once = at_once
        self._per_hour = per_hour
        self._buckets: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._welcomed: OrderedDict[tuple[str, str], None] = OrderedDict()

    def is_first_welcome(self, key: str, program: str) -> bool:
        """Whether this key (hex) has not had this program's (address) welcome; from now on it has."""
        is_first = (key, program) not in self._welcomed
        self._welcomed[key, program] = None
        while len(self._welcomed) > KEYS_MAX:
            self._welcomed.popitem(last=False)
        return is_first

    def allows(self, key: str, now: int) -> bool:
        """Whether this key (hex) gets one more answer now (unix seconds); it is then taken from its bucket.

        Counted in 3600ths of an answer, so that no float is needed.
        """
        full = self._at_once * 3_600
        left, at = self._buckets.pop(key, (full, now))
        left = min(full, left + max(0, now - at) * self._per_hour)
        allowed = left >= 3_600
        self._buckets[key] = (left - 3_600 if allowed else left, now)
        while len(self._buckets) > KEYS_MAX:
            self._buckets.popitem(last=False)
        return allowed
