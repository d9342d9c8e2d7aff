"""All subscriptions of one connection: which message belongs to which reading.

A subscription id on the wire is "<number of the reading>:<serial>", so that a message finds its reading, and a late
message of a REQ that is closed finds nothing and is only counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from relay_client import messages
from relay_client.dice import Dice
from relay_client.reading import Reading
from relay_client.settings import PoolSettings
from relay_client.subscription import Subscription
from relay_client.turn import Heard, Times, Voice


class Readings:
    """The readings of one connection, by number and by name."""

    def __init__(
        self,
        url: str,
        reads: Sequence[Subscription],
        cursors: Mapping[str, int],
        settings: PoolSettings,
        rng: Dice,
        voice: Voice,
    ) -> None:
        """cursors: subscription name -> unix seconds."""
        self._limit_max = settings.page_limit_max
        self._by_number = {
            str(number): Reading(url, each, f"{number}:", cursors.get(each.name), settings, rng, voice)
            for number, each in enumerate(reads)
        }
        self._by_name = {reading.subscription.name: reading for reading in self._by_number.values()}

    def __iter__(self) -> Iterator[Reading]:
        return iter(self._by_number.values())

    @property
    def caught_up(self) -> bool:
        """Whether every subscription was read to the end at least once."""
        return all(reading.caught_up for reading in self)

    def addressed(self, subscription_id: str) -> tuple[Reading, Heard] | None:
        """The reading that has this id on the wire now, and for which of its REQs."""
        reading = self._by_number.get(subscription_id.partition(":")[0])
        heard = None if reading is None else reading.heard(subscription_id)
        return None if reading is None or heard is None else (reading, heard)

    def is_known(self, text: bytes, listened: float) -> bool:
        """Whether an EVENT text holds what the owner has confirmed already. It is not parsed for that, and is
        done with.
        """
        quote = text.find(b'"', 8)  # ["EVENT","<id>",{...
        subscription_id = text[quote + 1 : text.find(b'"', quote + 1)].decode("latin-1")
        found = self.addressed(subscription_id)
        return found is not None and found[0].known_event(found[1], fingerprint(text), text, listened)

    def event(self, message: messages.EventMessage, text: bytes, listened: float) -> bool:
        """Give an event to its reading. False: to none, its REQ is closed."""
        found = self.addressed(message.subscription)
        if found is None:
            return False
        found[0].event(found[1], fingerprint(text), message.event, len(text), listened)
        return True

    def confirmed(self, subscription: str, asked_at: int) -> None:
        """The owner has handled a CaughtUp of the subscription with this name; others are ignored."""
        if subscription in self._by_name:
            self._by_name[subscription].confirmed(asked_at)

    def announced(self, limit: int) -> None:
        """The relay gives that many events per filter at most."""
        for reading in self:
            reading.page_limit = max(1, min(limit, self._limit_max))

    def authenticated(self, times: Times) -> None:
        """The relay accepted our authentication."""
        for reading in self:
            reading.authenticated(times)


def fingerprint(text: bytes) -> int:
    """A keyed hash of the event's bytes in an EVENT text, whatever the subscription id before it."""
    return hash(text[text.find(b"{") :])
