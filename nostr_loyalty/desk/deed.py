"""What a command did: for the record, for undoing it, and for the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.entry import NewEntry
from nostr_loyalty.commands.outcome import Fact, Outcome, done


@dataclass(frozen=True, slots=True)
class Deed:
    """`text` is for people, `facts` for programs; `entries` were booked for it, oldest first, among them those of the
    customer that it is about (`standing_id`).

    `points` (0 or more) count against the operator's limits of the day; `detail` is what undoing it needs; `undoes` is
    the id of the action that it takes back.
    """

    text: str
    standing_id: int | None = None
    entries: tuple[NewEntry, ...] = ()
    points: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    undoes: int | None = None

    @property
    def entry_refs(self) -> list[str]:
        """The event ids of its entries."""
        return [entry.ref for entry in self.entries]

    def outcome(self) -> Outcome:
        """The answer."""
        facts: dict[str, Fact] = dict(self.facts)
        own = [entry for entry in self.entries if entry.standing_id == self.standing_id]
        if own:
            facts |= {"points": sum(entry.points for entry in own), "balance": own[-1].balance}
        if self.entries:
            facts["entries"] = self.entry_refs
        return done(self.text, **facts)
