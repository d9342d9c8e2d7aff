"""What a customer is told of an entry, and who wants to hear it (protocol §7).

A private entry is its notice. A public one is published, and told beside that: in words, for its proof can be read by
everybody. Of what orders earn in public only those are told who asked for all: an order of anybody else costs nothing
more than its entry.
"""

from typing import Final

from ledger.book import Standing
from ledger.entry import NewEntry
from ledger.outbox import Promise
from nostr_loyalty.desk.facts import Dice, Movement
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import publications

IMPORTANT_TYPES: Final = frozenset({"redeemed", "expired", "revoked"})
"""Of these entries also customers want to hear who want to hear of little."""


def of_entry(
    spoken: ServedProgram, standing: Standing, entry: NewEntry, movement: Movement, dice: Dice
) -> list[Promise]:
    """The publication of an entry, and the word about it; `spoken`: in the customer's language."""
    public = publications.is_public(spoken, standing)
    by_order = movement.type == "earned" and movement.order_id is not None
    heard = wants(standing.notify, important=movement.type in IMPORTANT_TYPES, readable=public and by_order)
    if not heard and not public:
        return []
    said = movement.said(spoken) if movement.said is not None else None
    promises = [publications.entry(spoken, standing, entry, said, dice(32))]
    if heard and public:
        promises.append(publications.told(spoken, standing, entry, said, dice(32)))
    return promises


def wants(notify: str | None, *, important: bool, readable: bool = False) -> bool:
    """Whether a customer who chose "all", "important", "off" or nothing (None) wants a notice. `readable`: it is about
    what an order earned, and everybody can read that.
    """
    return notify == "all" or (notify == "important" and important) or (notify is None and not readable)
