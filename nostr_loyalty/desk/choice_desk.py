"""What a customer chooses for itself: who sees its entries and card, which notices come, in which language, forgetting.

Going public publishes what was private so far: the same signed entries. Going private asks the relays to delete what
was
public (NIP-09): a relay may not obey, and what somebody has copied stays copied. The customer's choice always wins over
the program's.
"""

from collections.abc import Sequence

from kinds import deletion
from kinds.event import author, canonical_of
from kinds.registry import CARD, ENTRY
from ledger.book import Standing
from ledger.entry import Entry
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import publications


def share(
    copy: WorkingCopy, program: ServedProgram, standing: Standing, shares: str, entries: Sequence[Entry]
) -> Standing:  # fmt: skip
    """Show everything to everybody, or to nobody else; `entries`: the customer's whole chain."""
    before = publications.is_public(program, standing)
    if (shares == "public") == before:
        return choose(copy, standing._replace(shares=shares))
    standing = _take_down(copy, program, standing, entries if before else ())
    standing = choose(copy, standing._replace(shares=shares))
    if shares == "public":
        for entry in entries:
            copy.promise(publications.shown(program, entry.document, copy.dice(32)))
    return copy.put_standing(program, standing)


def choose(copy: WorkingCopy, standing: Standing) -> Standing:
    """Write down a choice."""
    copy.facts.standings[standing.id] = standing
    copy.slip.choices[standing.id] = standing
    return standing


def withdraw(copy: WorkingCopy, program: ServedProgram, standing: Standing, entries: Sequence[Entry]) -> None:
    """Ask the relays to delete whatever of a customer was ever published in clear, and its card."""
    was_public = publications.is_public(program, standing) or standing.shares is not None
    _take_down(copy, program, standing, entries if was_public else ())


def _take_down(
    copy: WorkingCopy, program: ServedProgram, standing: Standing, entries: Sequence[Entry]
) -> Standing:  # fmt: skip
    """Ask relays to delete the card as it was published last, and these entries.

    A public card's address ends with the customer's key, and a request to delete stays public for ever: so a last card
    is put in its place, and deleted by its id.
    """
    gone = {entry.ref: ENTRY for entry in entries}
    addresses = []
    if standing.card_at and publications.is_public(program, standing):
        standing = standing._replace(card_at=max(copy.now, standing.card_at + 1))
        last = author(publications.last_card(program, standing), program.issuer)
        copy.promise(publications.withdrawal(program, canonical_of(last), copy.dice(32)))
        gone[last.id] = CARD
        standing = copy.put_standing(program, standing)
    elif standing.card_at:
        addresses.append(publications.card_address(program, standing))
    for template in deletion.templates(gone, copy.now, addresses=addresses):
        document = canonical_of(author(template, program.issuer))
        copy.promise(publications.withdrawal(program, document, copy.dice(32)))
    return standing
