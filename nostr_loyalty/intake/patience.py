"""How much one key may cost us: so many answers at once, and then so many an hour; and a welcome once. Pure.

Who has had all of them is told so with the first message that gets no other answer, once an hour.

Kept in memory only, for the keys that wrote last: a restart is generous. Operators and order systems are not asked.
"""

from collections import OrderedDict
from typing import Final

ANSWERS_AT_ONCE: Final = 20
ANSWERS_PER_HOUR: Final = 60
KEYS_MAX: Final = 10_000
TOLD_AGAIN_S: Final = 3_600


class Patience:
    """A bucket of answers for each key."""

    def __init__(self, at_once: int = ANSWERS_AT_ONCE, per_hour: int = ANSWERS_PER_HOUR) -> None:
        """`at_once`: what a bucket holds; `per_hour`: how it fills up again."""
        self._at_once = at_once
        self._per_hour = per_hour
        self._buckets: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._welcomed: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._decided: OrderedDict[str, bool] = OrderedDict()
        self._told: OrderedDict[str, tuple[str, int]] = OrderedDict()

    def is_first_welcome(self, key: str, program: str, ref: str) -> bool:
        """Whether this key (hex) has not had this program's (address) welcome; from now on it has, with the answer to
        the message `ref`, however often that is tried.
        """
        with_ref = self._welcomed.setdefault((key, program), ref)
        while len(self._welcomed) > KEYS_MAX:
            self._welcomed.popitem(last=False)
        return with_ref == ref

    def allows(self, key: str, now: int, ref: str) -> bool:
        """Whether this key (hex) gets an answer to the message `ref` now (unix seconds).

        It is taken from the key's bucket once, however often a transaction is tried again. Counted in 3600ths of an
        answer, so that no float is needed.
        """
        if ref in self._decided:
            return self._decided[ref]
        allowed = self._decided[ref] = self._take(key, now)
        while len(self._decided) > KEYS_MAX:
            self._decided.popitem(last=False)
        return allowed

    def tells(self, key: str, now: int, ref: str) -> int | None:
        """Of a message `ref` that gets no answer: in how many seconds its key (hex) will have one again, at least 1, if
        this is the message with which the key is told so. None: it was told lately.
        """
        with_ref, at = self._told.get(key, (ref, now))
        if with_ref != ref:
            if 0 <= now - at < TOLD_AGAIN_S:
                return None
            with_ref, at = ref, now
        self._told.pop(key, None)
        self._told[key] = with_ref, at
        while len(self._told) > KEYS_MAX:
            self._told.popitem(last=False)
        left, since = self._buckets.get(key, (0, now))
        return max(1, since - now - (left - 3_600) // self._per_hour)

    def _take(self, key: str, now: int) -> bool:
        full = self._at_once * 3_600
        left, at = self._buckets.pop(key, (full, now))
        left = min(full, left + max(0, now - at) * self._per_hour)
        allowed = left >= 3_600
        self._buckets[key] = (left - 3_600 if allowed else left, now)
        while len(self._buckets) > KEYS_MAX:
            self._buckets.popitem(last=False)
        return allowed
