"""What a guest has in one program: card, entries and rules as they were found, and whether they hold together. Pure.

A *fault* is something that cannot be true as it stands: somebody signed what contradicts itself, or a part is missing
that must be there. A *remark* is what could not be looked at, and why that may be in order. Signatures were checked
when the events were read.

Source: protocol sections 3, 4 and 7.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from kinds import entry as entries
from kinds import program as programs
from kinds.card import Card
from kinds.entry import Entry
from kinds.errors import CODES, ChainBroken, Unreadable
from kinds.event import Event
from kinds.program import Program
from nostr_loyalty.guest.program_search import address_of

Line = tuple[Event, Entry]
SHOWN_MAX: Final = 5
"""So many faults of one sort are told one by one."""


class Holding(NamedTuple):
    """`program` is the address, `definition` the rules in force (None: not found); `is_private`: only the guest and the
    issuer can read the card. `chain` is sorted by seq; it may begin later than with 1 (`begins`). `earlier`: entries of
    before this key was forgotten; when it came back, its chain began anew.
    """

    program: str
    definition: Program | None
    card: Card | None
    is_private: bool
    chain: tuple[Line, ...]
    faults: tuple[str, ...]
    remarks: tuple[str, ...]
    earlier: tuple[Line, ...] = ()

    @property
    def begins(self) -> int:
        """The number of the first entry that was found; 0: none was."""
        return self.chain[0][1].seq if self.chain else 0

    @property
    def is_unproven(self) -> bool:
        """There is a card, and not one of the entries that it is about."""
        return not self.chain and self.card is not None and self.card.seq > 0


def held(
    program: str, customer: str, *, lines: Iterable[Event], card: Card | None, is_private: bool,
    in_force: Event | None, known: Mapping[str, Event], by_customer: bool,
) -> Holding:  # fmt: skip
    """Put together what was found of one program, and look whether it is all true.

    `lines` are the customer's entries in any order, `in_force` the newest definition, `known` events that entries name
    as their rules, by id. `by_customer`: whoever looks has the customer's key, and has opened what only that opens.
    """
    every = sorted(((event, entries.parse(event)) for event in lines), key=lambda line: (line[1].seq, line[0].id))
    chain, earlier = since_the_newest_beginning(every, card)
    definition, unreadable = _read(in_force)
    missing = [line for line in every if line[1].rev not in known]
    faults = [
        *([unreadable] if unreadable else []),
        *(["the program's definition is on none of these relays"] if in_force is None else []),
        *_of_chain(chain, customer),
        *_of_earlier(earlier, chain, customer),
        *_of_rules(program, every, known),
        *_of_lost_rules(missing, in_force),
        *_of_card(card, customer, chain),
    ]
    remarks = []
    if missing and in_force is not None:
        remarks.append(
            f"{_entries(len(missing))} made under earlier rules, which these relays keep no more; the venue has them"
        )
    remarks += _of_the_beginning(chain, card, by_customer=by_customer)
    if earlier:
        count = "1 entry" if len(earlier) == 1 else f"{len(earlier)} entries"
        remarks.append(f"{count} of an earlier chain: this key was forgotten, and began anew; it counts no more")
    if card is None:
        remarks.append("no card was found")
    return Holding(program, definition, card, is_private, tuple(chain), tuple(faults), tuple(remarks), tuple(earlier))


def since_the_newest_beginning(every: Sequence[Line], card: Card | None) -> tuple[list[Line], list[Line]]:
    """The entries that belong to the newest beginning (entry 1), and those of before, both as they are sorted (by seq).

    What is linked to a beginning belongs to it; what is linked to none, because entries are missing, belongs to the
    newest one unless it is older than that.
    """
    beginnings: dict[str, str] = {}
    for event, entry in every:
        beginnings[event.id] = beginnings.get(entry.prev or "", event.id)
    firsts = [event for event, entry in every if entry.seq == 1]
    if not firsts:
        return list(every), []
    head = beginnings.get(card.head or "", "") if card is not None else ""
    newest = max(firsts, key=lambda event: (event.created_at, event.id == head, event.id))
    others = {event.id for event in firsts} - {newest.id}
    mine = {
        event.id for event, _ in every
        if beginnings[event.id] == newest.id
        or (beginnings[event.id] not in others and event.created_at >= newest.created_at)
        or (beginnings[event.id] in others and event.created_at > newest.created_at)  # then it is no earlier chain
    }  # fmt: skip
    return [line for line in every if line[0].id in mine], [line for line in every if line[0].id not in mine]


def _read(in_force: Event | None) -> tuple[Program | None, str | None]:
    if in_force is None:
        return None, None
    try:
        return programs.parse(in_force), None
    except Unreadable as fault:
        return None, f"the program's definition cannot be read: {fault.detail}"


def _of_chain(chain: Sequence[Line], customer: str) -> Iterator[str]:
    """The chain as a whole, and that it is this customer's."""
    if any(entry.customer != customer for _, entry in chain):
        yield "an entry is about somebody else"
    seqs = [entry.seq for _, entry in chain]
    first = min(seqs, default=1)
    missing = [(before + 1, after - 1) for before, after in pairwise(sorted(seqs)) if after > before + 1]
    unbroken = chain[: missing[0][0] - first] if missing else chain
    if unbroken:
        try:
            entries.verify_chain([event for event, _ in unbroken], whole=first == 1)
        except ChainBroken as broken:
            yield f"entry {chain[broken.at][1].seq}: {CODES[broken.code]}"
    if missing:
        yield (
            f"{_ranges(missing)} missing: not sent while notices were switched off, or these relays have them no more; "
            "ask the venue for your history"
        )


def _of_earlier(earlier: Sequence[Line], chain: Sequence[Line], customer: str) -> Iterator[str]:
    """What was signed before the key was forgotten was true as well. Of it much may be gone, as it should be."""
    told = {entry.key for _, entry in chain}
    again = [entry.seq for _, entry in earlier if entry.key in told]
    yield from _each(again, "of an earlier chain carries an idempotency key that came again")
    while earlier:
        own, earlier = since_the_newest_beginning(earlier, None)
        if any(entry.customer != customer for _, entry in own):
            yield "an entry of an earlier chain is about somebody else"
        first = own[0][1].seq
        unbroken = [line for place, line in enumerate(own) if line[1].seq == first + place]
        try:
            entries.verify_chain([event for event, _ in unbroken], whole=first == 1)
        except ChainBroken as broken:
            yield f"entry {unbroken[broken.at][1].seq} of an earlier chain: {CODES[broken.code]}"


def _of_the_beginning(chain: Sequence[Line], card: Card | None, *, by_customer: bool) -> Iterator[str]:
    """What stood in public once and was withdrawn, or was always private, is nowhere for everybody; and what was
    withdrawn, or not sent while notices were off, not for the customer either. Only a beginning is like that, or all.
    """
    last = chain[0][1].seq - 1 if chain else (card.seq if card else 0)
    if last < 1:
        return
    those = "entry 1 is" if last == 1 else f"the entries up to number {last} are"
    if by_customer:
        yield (
            f"{those} not here: withdrawn when you went private, or not sent while notices were off; "
            "ask the venue for your history"
        )
    else:
        yield f"{those} private"


def _of_rules(program: str, chain: Sequence[Line], known: Mapping[str, Event]) -> list[str]:
    """What an entry names as its rules is a definition of its program, which only the issuer can sign."""
    wrong = [entry.seq for _, entry in chain if entry.rev in known and address_of(known[entry.rev]) != program]
    return _each(wrong, "names as its rules what is no definition of this program by its issuer")


def _of_lost_rules(missing: Sequence[Line], in_force: Event | None) -> list[str]:
    """Relays keep the newest definition only. What was decided after it cannot have been decided under another."""
    if in_force is None:
        return []
    wrong = [entry.seq for event, entry in missing if event.created_at > in_force.created_at]
    return _each(wrong, "names rules that nobody has, although it is younger than the rules in force")


def _of_card(card: Card | None, customer: str, chain: Sequence[Line]) -> Iterator[str]:
    if card is None:
        return
    if card.customer != customer:
        yield "the card is about somebody else"
    if not chain:
        return  # every entry is private: see _of_the_beginning
    last = chain[-1]
    if card.seq != last[1].seq:
        yield f"the card is at entry {card.seq}, and the last entry that was found is {last[1].seq}"
    elif (card.head, card.points) != (last[0].id, last[1].balance):
        yield f"the card says {card.points}, and the last entry {last[1].balance}; or it names another last entry"


def _each(numbers: Sequence[int], says: str) -> list[str]:
    shown = [f"entry {seq} {says}" for seq in numbers[:SHOWN_MAX]]
    return shown + ([f"and {len(numbers) - SHOWN_MAX} more"] if len(numbers) > SHOWN_MAX else [])


def _ranges(ranges: Sequence[tuple[int, int]]) -> str:
    """First and last numbers as "entry 3 is", "entries 3 to 5, 8 are"; of many ranges the first few. They may be as
    wide as somebody who signed two numbers likes.
    """
    texts = [str(first) if first == last else f"{first} to {last}" for first, last in ranges[:SHOWN_MAX]]
    more = ", …" if len(ranges) > SHOWN_MAX else ""
    is_one = len(ranges) == 1 and ranges[0][0] == ranges[0][1]
    return f"entry {texts[0]} is" if is_one else f"entries {', '.join(texts)}{more} are"


def _entries(count: int) -> str:
    return "1 entry was" if count == 1 else f"{count} entries were"
