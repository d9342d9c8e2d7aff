"""The door: what is looked at before a signature is checked, and what a stranger may cost us.

Whatever does not pass is dropped, counted by its code and *not* remembered: an id does not commit to its signature, so
a tampered copy must never shadow the genuine event (Bug 66).
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from kinds import registry
from kinds.event import Claimed
from nostr_loyalty.programs import ServedPrograms

STRANGERS_PER_MINUTE: Final = 60
"""Orders by keys that no program lists, and letters by keys that no ledger knows, which are read and answered."""

CODES: Final[Mapping[str, str]] = {
    "unexpected-kind": "A relay sent a kind that was not asked for; dropped.",
    "not-for-us": "An event that names none of our keys; dropped.",
    "too-little-work": "A wrap by a stranger without the proof of work that the program asks for; dropped.",
    "too-many-strangers": "A message by a key that nobody knows, above the allowance for strangers; dropped.",
}


class Allowance:
    """So many a minute, refilled evenly."""

    def __init__(self, per_minute: int) -> None:
        """`per_minute`: what it holds at most, and how much of it comes back in a minute."""
        self._per_minute = per_minute
        self._left = float(per_minute)
        self._refilled_at: float | None = None

    def spend(self, monotonic: float) -> bool:
        """Whether there was one left; it is gone now. `monotonic` in seconds."""
        elapsed = monotonic - (monotonic if self._refilled_at is None else self._refilled_at)
        self._refilled_at = monotonic
        self._left = min(self._per_minute, self._left + elapsed * self._per_minute / 60)
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Door:
    """Decides which claimed events are worth a signature check, and which strangers' letters are worth our time.

    Orders in clear and letters have allowances of their own, letters one for each relay: who floods one relay takes
    nothing from guests at another one.
    """

    def __init__(
        self, issuers: Collection[str], sources: Collection[str], *, strangers_per_minute: int = STRANGERS_PER_MINUTE,
        kinds: Collection[int] = (registry.PAID_ORDER, registry.GIFT_WRAP),
    ) -> None:  # fmt: skip
        """`issuers`: our public keys; `sources`: every public key that some program lists (hex)."""
        self._kinds = frozenset(kinds)
        self._issuers = frozenset(issuers)
        self._sources = frozenset(sources)
        self._strangers_per_minute = strangers_per_minute
        self._orders = Allowance(strangers_per_minute)
        self._letters: dict[str, Allowance] = {}
        self.dropped: Counter[str] = Counter()

    def admit(self, claimed: Claimed, monotonic: float) -> bool:
        """True: check its signature. False: drop it, already counted in `dropped`. `monotonic` in seconds."""
        code = self._objection(claimed, monotonic)
        if code is not None:
            self.drop(code)
        return code is None

    def hears(self, relay: str, monotonic: float) -> bool:
        """Whether one more letter by a stranger, from this relay, may be looked at now."""
        allowance = self._letters.get(relay) or self._letters.setdefault(relay, Allowance(self._strangers_per_minute))
        return allowance.spend(monotonic)

    def drop(self, code: str) -> None:
        """Count something that was dropped."""
        self.dropped[code] += 1

    def _objection(self, claimed: Claimed, monotonic: float) -> str | None:
        if claimed.kind not in self._kinds:
            return "unexpected-kind"
        if claimed.kind == registry.VANISH_REQUEST:
            return None  # it names nobody; the reception asks whether the ledger knows its author
        if not any(tag[1] in self._issuers for tag in claimed.tags if len(tag) > 1 and tag[0] == "p"):
            return "not-for-us"
        if (
            claimed.kind == registry.PAID_ORDER
            and claimed.pubkey not in self._sources
            and not self._orders.spend(monotonic)
        ):
            return "too-many-strangers"
        return None


def admitted(programs: ServedPrograms) -> tuple[int, ...]:
    """The kinds that these programs read."""
    kinds = (registry.PAID_ORDER, registry.GIFT_WRAP, registry.VANISH_REQUEST)
    return (*kinds, registry.ENCRYPTED_MESSAGE) if any(one.allows_nip04 for one in programs.all) else kinds
