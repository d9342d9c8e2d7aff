"""What a customer chooses for itself: who sees its entries and card, and being forgotten.

Going public publishes what was private so far: the same signed entries. Going private asks the relays to delete what
was public (NIP-09), awards of badges too: a relay may not obey, and what somebody has copied stays copied. A relay that
does obey takes what was deleted never again: those entries stay private for good (`withdrawn_seq`). The customer's
choice always wins over the program's.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from kinds import deletion
from kinds.event import author, canonical_of
from kinds.registry import BADGE_AWARD, CARD, ENTRY
from ledger.book import Standing
from ledger.entry import Entry
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import publications

_PROTECTED: Final = b'["-"]'
"""Stands in the document of every entry that was private when it was booked; no text can hold it, its quotes would be
escaped."""


def share(
    copy: WorkingCopy, program: ServedProgram, standing: Standing, shares: str, entries: Sequence[Entry],
    badges: Sequence[str],
) -> Standing:  # fmt: skip
    """Show everything to everybody, or to nobody else; `entries`: the customer's whole chain; `badges`: the ids of
    awards, which go with what was public.
    """
    before = publications.is_public(program, standing)
    shown = _shown(program, standing, entries)
    if shares == "public":
        if before:
            return choose(copy, standing._replace(shares=shares))
        standing = _take_down_private_card(copy, program, standing)
        standing = choose(copy, standing._replace(shares=shares))
        for entry in entries:
            if entry.seq > standing.withdrawn_seq:
                copy.promise(publications.shown(program, standing, entry, copy.dice(32)))
        return copy.put_standing(program, standing)
    if badges:
        standing = drop_badges(copy, program, standing, badges)
    if not before and not shown:
        return choose(copy, standing._replace(shares=shares))
    standing = _take_down(copy, program, standing, shown)
    withdrawn_seq = max([standing.withdrawn_seq, *(entry.seq for entry in shown)])
    standing = choose(copy, standing._replace(shares=shares, withdrawn_seq=withdrawn_seq))
    return copy.put_standing(program, standing)


def choose(copy: WorkingCopy, standing: Standing) -> Standing:
    """Write down a choice."""
    copy.facts.standings[standing.id] = standing
    copy.slip.choices[standing.id] = standing
    return standing


def drop_badges(copy: WorkingCopy, program: ServedProgram, standing: Standing, badges: Sequence[str]) -> Standing:
    """No badges any more: relays are asked to delete the awards of these ids."""
    _delete(copy, program, dict.fromkeys(badges, BADGE_AWARD))
    return choose(copy, standing._replace(badge=0))


def withdraw(
    copy: WorkingCopy, program: ServedProgram, standing: Standing, entries: Sequence[Entry], badges: Sequence[str]
) -> None:  # fmt: skip
    """Ask the relays to delete whatever of a customer was ever published in clear, and its card; `badges`: the ids of
    awards.
    """
    shown = _shown(program, standing, entries)
    if shown or publications.is_public(program, standing):
        standing = _take_down(copy, program, standing, shown)
    _delete(copy, program, dict.fromkeys(badges, BADGE_AWARD))
    _take_down_private_card(copy, program, standing)


def _shown(program: ServedProgram, standing: Standing, entries: Sequence[Entry]) -> list[Entry]:
    """Those that everybody could see, as far as that is not over: all of them, or what was booked before the program
    itself became a private one.
    """
    entries = [one for one in entries if one.seq > standing.withdrawn_seq]
    if publications.is_public(program, standing):
        return entries
    return [] if standing.shares == "private" else [one for one in entries if _PROTECTED not in one.document]


def _take_down(
    copy: WorkingCopy, program: ServedProgram, standing: Standing, entries: Sequence[Entry]
) -> Standing:  # fmt: skip
    """Ask relays to delete the public card, and these entries.

    A public card's address ends with the customer's key, and a request to delete stays public for ever: so a last card
    is put in its place, and deleted by its id.
    """
    gone = {entry.ref: ENTRY for entry in entries}
    if standing.card_at:
        standing = standing._replace(card_at=max(copy.now, standing.card_at + 1))
        last = author(publications.last_card(program, standing), program.issuer)
        copy.promise(publications.withdrawal(program, canonical_of(last), copy.dice(32)))
        gone[last.id] = CARD
        standing = copy.put_standing(program, standing)
    _delete(copy, program, gone, until=standing.card_at)
    return standing


def _take_down_private_card(copy: WorkingCopy, program: ServedProgram, standing: Standing) -> Standing:
    """Ask relays to delete the card that only the customer can read; the next one gets another name."""
    if standing.card_name is None or not standing.card_at:
        return standing
    address = publications.private_card_address(program, standing.card_name)
    _delete(copy, program, {}, until=standing.card_at, addresses=[address])
    return standing._replace(card_name=None)


def _delete(
    copy: WorkingCopy, program: ServedProgram, events: Mapping[str, int], *, until: int = 0,
    addresses: Sequence[str] = (),
) -> None:  # fmt: skip
    """Promise the requests. `until`: the date of a card that goes, which may be ahead of the clock."""
    for template in deletion.templates(events, max(copy.now, until), addresses=addresses):
        document = canonical_of(author(template, program.issuer))
        copy.promise(publications.withdrawal(program, document, copy.dice(32)))
