"""How much one key may cost us: so many answers at once, and then so many an hour. Pure.

What somebody asks and what somebody does are counted apart: a wallet that asks for the balance all day takes from its
owner no redeeming and no cancelling, which the ledger's own limits bound; its wide bucket only ends loops.

Kept in memory only, for the keys that wrote last: a restart is generous. Operators and order systems are not asked.
"""

from collections import OrderedDict
from typing import Final

ANSWERS_AT_ONCE: Final = 20
ANSWERS_PER_HOUR: Final = 60
DEEDS_AT_ONCE: Final = 10 * ANSWERS_AT_ONCE
DEEDS_PER_HOUR: Final = 10 * ANSWERS_PER_HOUR
TOLD_EVERY_S: Final = 600
"""So seldom is one key told that it gets no answer."""
KEYS_MAX: Final = 10_000


class Bucket:
    """So many for each key, refilled evenly."""

    def __init__(self, at_once: int, per_hour: int) -> None:
        """`at_once`: what a bucket holds; `per_hour`: how it fills up again."""
        self._at_once = at_once
        self._per_hour = per_hour
        self._buckets: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._decided: OrderedDict[str, bool] = OrderedDict()

    def allows(self, key: str, now: int, ref: str) -> bool:
        """Whether this key (hex) gets one for the message `ref` now (unix seconds).

        It is taken from the key's bucket once, however often a transaction is tried again. Counted in 3600ths of one,
        so that no float is needed.
        """
        if ref in self._decided:
            return self._decided[ref]
        allowed = self._decided[ref] = self._take(key, now)
        while len(self._decided) > KEYS_MAX:
            self._decided.popitem(last=False)
        return allowed

    def next_at(self, key: str, now: int) -> int:
        """From when on (unix seconds) this key gets the next one."""
        left, at = self._buckets.get(key, (3_600, now))
        return max(now, at + max(0, -((left - 3_600) // self._per_hour)))

    def _take(self, key: str, now: int) -> bool:
        full = self._at_once * 3_600
        left, at = self._buckets.pop(key, (full, now))
        left = min(full, left + max(0, now - at) * self._per_hour)
        allowed = left >= 3_600
        self._buckets[key] = (left - 3_600 if allowed else left, now)
        while len(self._buckets) > KEYS_MAX:
            self._buckets.popitem(last=False)
        return allowed


class Patience:
    """What each key is answered."""

    def __init__(self) -> None:
        self._questions = Bucket(ANSWERS_AT_ONCE, ANSWERS_PER_HOUR)
        self._deeds = Bucket(DEEDS_AT_ONCE, DEEDS_PER_HOUR)
        self._told: OrderedDict[str, tuple[int, str]] = OrderedDict()

    def allows(self, key: str, now: int, ref: str, *, deed: bool) -> bool:
        """Whether this key (hex) is heard with the message `ref` now (unix seconds); `deed`: it is a customer and wants
        something to be done.
        """
        return self._of(deed=deed).allows(key, now, ref)

    def next_at(self, key: str, now: int, *, deed: bool) -> int:
        """From when on (unix seconds) it is heard again with its like."""
        return self._of(deed=deed).next_at(key, now)

    def is_to_be_told(self, key: str, now: int, ref: str) -> bool:
        """Whether this key is told, in answer to the message `ref`, that it is not heard: once in a while."""
        at, with_ref = self._told.get(key, (now - TOLD_EVERY_S, ref))
        if with_ref != ref and now - at < TOLD_EVERY_S:
            return False
        if with_ref != ref or key not in self._told:
            self._told.pop(key, None)
            self._told[key] = (now, ref)
        while len(self._told) > KEYS_MAX:
            self._told.popitem(last=False)
        return True

    def _of(self, *, deed: bool) -> Bucket:
        return self._deeds if deed else self._questions
