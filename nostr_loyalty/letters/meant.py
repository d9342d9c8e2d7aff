"""Whose program a letter is for, and what is meant by the names in it: people, rewards."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from kinds import registry
from kinds.keys import naddr_decode
from kinds.program import address as address_of
from kinds.tags import value
from ledger import book, claim_attempts, confirmations, orders, vouchers
from ledger.confirmations import Confirmation
from ledger.database import Write
from ledger.orders import OrderRow
from ledger.vouchers import Voucher
from nostr_loyalty.commands.grammar import Asked, Misread
from nostr_loyalty.commands.questions import GuestOf, Named, Who
from nostr_loyalty.commands.readers import CLAIM_LINK
from nostr_loyalty.commands.words import fold
from nostr_loyalty.intake.recognition import Letter
from nostr_loyalty.letters.writer import Writer
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.rules import claiming
from nostr_loyalty.rules.authority import OperatorRole

OF_CODES: Final = frozenset({"use", "cancel", "confirm", "claim"})
"""Verbs whose code tells the program."""
_NADDR: Final = re.compile(r"naddr1[0-9a-z]+", re.ASCII)


async def program_for(
    w: Write, letter: Letter, served: Sequence[ServedProgram], writer: Writer, asked: Asked | Misread, now: int
) -> ServedProgram | None:
    """The program that is meant: named, the one that a code is of, the only one, or the only one that knows the author.
    None: ask which.

    A code that nothing has is of the nearest of them: the answer is the same. Whoever has guessed there too often finds
    no receipt of another one by guessing on. A letter that names a program which this key does
    not serve (by its `a` tag, or by the link of a receipt) is not for the one that it does serve.
    """
    if asked.slug is not None:
        return next(one for one in served if one.slug == asked.slug)
    named = _linked(letter.text) or value(letter.message.rumor.tags, "a")
    if named is not None and named.startswith(f"{registry.PROGRAM}:"):
        return next((one for one in served if one.address == named), None)
    if len(served) == 1:
        return served[0]
    near = writer.near(served)
    if len(near) == 1 and isinstance(asked, Misread):
        return near[0]
    if isinstance(asked, Misread):  # how a command is written is the same for all
        return (near or served)[0] if asked.fault is not None or asked.nearest is not None else None
    first = (near or served)[0]
    if asked.verb == "claim":
        wrong, _ = await claim_attempts.wrong(w, first.ledger_id, writer.key, now // 3_600)
        if wrong >= first.rules.claims.attempts_key:
            return first
    if asked.verb in OF_CODES:
        return await _of_code(w, served, asked) or first
    if asked.verb == "help" and asked.fields["topic"] is not None:
        return first
    return near[0] if len(near) == 1 else None


async def _of_code(w: Write, served: Sequence[ServedProgram], asked: Asked) -> ServedProgram | None:
    """The program of a voucher, of a receipt, or of what waits for an owner."""
    hashed = claiming.claim_hash(str(asked.fields["code"]))
    found: Confirmation | OrderRow | Voucher | None
    match asked.verb:
        case "confirm":
            found = await confirmations.by_hash(w, hashed)
        case "claim":
            found = next(iter((await orders.by_claim(w, [hashed])).values()), None)
        case _:
            found = (await vouchers.by_hash(w, [hashed])).get(hashed)
    return None if found is None else next((one for one in served if one.ledger_id == found.program_id), None)


def _linked(text: str) -> str | None:
    """The address of the program in a receipt's link: "nostr:naddr1…?claim=<code>"."""
    link = CLAIM_LINK.search(text)
    naddr = _NADDR.search(link[0]) if link is not None else None
    if naddr is None:
        return None
    try:
        found = naddr_decode(naddr[0])
    except ValueError:
        return None
    return address_of(found.pubkey, found.identifier) if found.kind == registry.PROGRAM else None


async def people(
    w: Write, program: ServedProgram, role: OperatorRole | None, asked: Asked, names: Mapping[str, str | None]
) -> dict[Who, str | None]:
    """Public keys of those who are named otherwise: by NIP-05, or as the guest of an order.

    Whose order it was is told to operators only: an answer that names the guest would give the key away.
    """
    found: dict[Who, str | None] = {}
    for who in asked.unknown:
        match who:
            case Named(name=name):
                found[who] = names.get(name)
            case GuestOf(order=reference) if role is not None:
                rows = await orders.by_reference(w, program.ledger_id, reference)
                ids = {row.standing_id for row in rows if row.standing_id is not None}
                guests = await book.standings_by_id(w, sorted(ids))
                known = [guest.customer for guest in guests.values() if not guest.forgotten]
                found[who] = known[0] if len(known) == 1 else None
    return found


def reward(program: ServedProgram, said: str) -> str:
    """The id of the reward that is meant, by its id or its title; what was said, where it is neither."""
    return next((one.id for one in program.rules.rewards if fold(said) in (fold(one.id), fold(one.title))), said)
