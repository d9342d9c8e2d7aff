"""Somebody who has seen everything that the daemon published, holds every reader's key, and adds it all up.

Nothing of the daemon is used for it: events are verified, wraps opened and chains replayed with `kinds` alone, as any
stranger's client would. The naive model of what ought to be there is `Expected`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from kinds import direct_message, gift_wrap, registry
from kinds import entry as entries
from kinds.answer import Answer, parse_answer
from kinds.entry import Entry
from kinds.event import Event, parse_event, verify
from kinds.keys import SecretKey
from kinds.tags import value

Chain = tuple[str, str]
"""A program's address and a customer."""


class Witness:
    """Give it every text the relays received; then ask."""

    def __init__(self, readers: Iterable[SecretKey]) -> None:
        """`readers`: the keys of the tills and the guests."""
        self._readers = {key.public: key for key in readers}
        self.texts: dict[str, set[str]] = defaultdict(set)
        self.entries: dict[str, Event] = {}
        self.answers: dict[str, dict[str, Answer]] = defaultdict(dict)
        self.cards: dict[str, Event] = {}
        self.notices: dict[str, set[str]] = defaultdict(set)

    def see_all(self, texts: Iterable[str]) -> None:
        """The texts of the events that relays were sent, repetitions included."""
        for text in texts:
            self.see(text)

    def see(self, text: str) -> None:
        """One event as it was sent, in JSON."""
        event_id = json.loads(text)["id"]
        is_new = event_id not in self.texts
        self.texts[event_id].add(text)
        if is_new:
            self._read(verify(parse_event(text)))

    def _read(self, event: Event) -> None:
        match event.kind:
            case registry.ENTRY:
                self.entries[event.id] = event
            case registry.CARD:
                self.cards[event.id] = event
            case registry.GIFT_WRAP:
                reader = value(event.tags, "p")
                assert reader is not None
                if reader in self._readers:
                    self._unwrap(event, self._readers[reader])

    def _unwrap(self, event: Event, reader: SecretKey) -> None:
        rumor = gift_wrap.unwrap(event, reader)
        message = direct_message.parse(rumor)
        proof = value(message.tags, "proof")
        if proof is not None:
            entry = verify(parse_event(proof))
            assert entry.pubkey == rumor.pubkey
            self.entries[entry.id] = entry
            self.notices[entry.id].add(event.id)
        elif not any(tag[0] == "notice" for tag in message.tags):  # else words alone, about an entry that is public
            answer = parse_answer(rumor)
            self.answers[answer.to_event][rumor.id] = answer

    def chains(self) -> dict[Chain, list[Entry]]:
        """Every chain of entries, in order; ChainBroken where one does not hold together."""
        found: dict[Chain, list[Event]] = defaultdict(list)
        for event in self.entries.values():
            entry = entries.parse(event)
            found[entry.program, entry.customer].append(event)
        chains = {}
        for name, events in found.items():
            events.sort(key=lambda event: entries.parse(event).seq)
            entries.verify_chain(events)
            chains[name] = [entries.parse(event) for event in events]
        return chains


@dataclass
class Expected:
    """What should be there, added up as simply as possible: by order, never by event."""

    points: dict[Chain, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    taken_back: dict[Chain, set[str]] = field(default_factory=lambda: defaultdict(set))
    messages: set[str] = field(default_factory=set)

    def order(self, chain: Chain, order_id: str, points: int, message: str) -> None:
        """An order was reported, perhaps again, by this event or rumor id."""
        self.points[chain][order_id] = points
        self.messages.add(message)

    def refund(self, chain: Chain, order_id: str, message: str) -> None:
        """All of an order was paid back, or the order was canceled."""
        self.taken_back[chain].add(order_id)
        self.messages.add(message)

    def balance(self, chain: Chain) -> int:
        """What the customer ought to have."""
        back = self.taken_back[chain]
        return sum(points for order_id, points in self.points[chain].items() if order_id not in back)

    def movements(self, chain: Chain) -> list[int]:
        """The deltas that ought to be in the chain, sorted."""
        points, back = self.points[chain], self.taken_back[chain]
        deltas = [*points.values(), *(-points[order_id] for order_id in back if order_id in points)]
        return sorted(delta for delta in deltas if delta)


def assert_all_is_there(witness: Witness, expected: Expected) -> None:
    """Every order has exactly one entry, every message exactly one answer, every id one form, every chain holds."""
    changed = {event_id for event_id, texts in witness.texts.items() if len(texts) > 1}
    assert not changed, f"{len(changed)} events were sent in two forms: {sorted(changed)[:3]}"
    assert witness.answers.keys() == expected.messages, (
        f"unanswered: {len(expected.messages - witness.answers.keys())}, "
        f"answers to nothing: {len(witness.answers.keys() - expected.messages)}"
    )
    several = [message for message, answers in witness.answers.items() if len(answers) != 1]
    assert not several, f"{len(several)} messages were answered more than once"
    twice = [entry_id for entry_id, wraps in witness.notices.items() if len(wraps) > 1]
    assert not twice, f"{len(twice)} entries were told in more than one wrap"
    chains = witness.chains()
    for chain in expected.points:
        found = chains.get(chain, [])
        assert sorted(entry.points for entry in found) == expected.movements(chain), chain
        assert (found[-1].balance if found else 0) == expected.balance(chain), chain
    assert chains.keys() <= expected.points.keys(), "points for somebody who ordered nothing"
