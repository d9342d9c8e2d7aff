"""What a relay holds after all that it was sent, by NIP-01 and NIP-09; and what a stranger finds there."""

from __future__ import annotations

from collections.abc import Iterable

from kinds import deletion, registry
from kinds.event import Event, to_json
from kinds.tags import value


class Shelf:
    """Newest of what is replaced, nothing of what its author had deleted, also where it comes again: see `refused`."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self._deleted: set[tuple[str, str]] = set()
        self._until: dict[str, int] = {}
        self.ever: list[Event] = []
        self.refused: list[Event] = []

    def put(self, events: Iterable[Event]) -> None:
        """Take these in, one after another."""
        for event in events:
            self.ever.append(event)
            if event.kind == registry.DELETION:
                self._delete(event)
            if event.id not in self.events and self._is_deleted(event):
                self.refused.append(event)
            elif not self._refuses(event):
                self.events[event.id] = event

    def of(self, *kinds: int) -> list[Event]:
        """What it holds of these kinds."""
        return [event for event in self.events.values() if event.kind in kinds]

    def names(self, key: str) -> list[Event]:
        """What names a public key to everybody, but for the `p` of wraps (one has to be found by whom it is for)."""
        wraps = (registry.GIFT_WRAP, registry.EPHEMERAL_GIFT_WRAP)
        return [event for event in self.events.values() if event.kind not in wraps and key in to_json(event)]

    def _delete(self, event: Event) -> None:
        asked = deletion.parse(event)
        self._deleted |= {(event.pubkey, id_) for id_ in asked.events}
        for address in asked.addresses:
            self._until[address] = max(self._until.get(address, 0), event.created_at)
        self.events = {id_: one for id_, one in self.events.items() if not self._is_deleted(one)}

    def _refuses(self, event: Event) -> bool:
        if event.kind < 30_000:
            return False
        rivals = [one for one in self.events.values() if _address(one) == _address(event)]
        if any((one.created_at, event.id) > (event.created_at, one.id) for one in rivals):
            return True
        for one in rivals:
            del self.events[one.id]
        return False

    def _is_deleted(self, event: Event) -> bool:
        if (event.pubkey, event.id) in self._deleted:
            return True
        return event.kind >= 30_000 and event.created_at <= self._until.get(_address(event), -1)


def _address(event: Event) -> str:
    return f"{event.kind}:{event.pubkey}:{value(event.tags, 'd')}"
