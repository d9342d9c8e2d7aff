"""What a stranger, the guests and the tills find on the relay, held against the tills' own book.

Input is every event of the relay, verified, as any client can read them. Each check gives one sentence: what holds, or
what differs. The stranger has no key: what it must not learn about private guests is looked for in all that it sees.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from kinds import card as cards
from kinds import entry as entries
from kinds import nip44, registry
from kinds import program as programs
from kinds.answer import Answer
from kinds.card import Card
from kinds.direct_message import parse as parse_message
from kinds.entry import Entry
from kinds.errors import KindsError
from kinds.event import Event
from kinds.tags import value
from nostr_loyalty.demo import letters
from nostr_loyalty.demo.book import Book
from nostr_loyalty.demo.cast import REWARD, TIER, Cast, Guest, Venue
from nostr_loyalty.demo.letters import Reply
from nostr_loyalty.guest.messages import answer_in, card_in, opened, proof_in


class _Differs(Exception):
    """Something on the relay is not what it must be; the text says what."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found out, as a sentence for people."""

    holds: bool
    sentence: str


@dataclass(slots=True)
class Seen:
    """The relay's events, sorted by what they are; messages opened by those they are for."""

    events: Sequence[Event]
    definitions: dict[str, Event] = field(default_factory=dict)
    chains: defaultdict[str, dict[str, tuple[Event, Entry]]] = field(default_factory=lambda: defaultdict(dict))
    """Guest's public key to entry id to entry."""
    cards: dict[str, Event] = field(default_factory=dict)
    card_of: dict[str, str] = field(default_factory=dict)
    """Guest's public key to the address of the guest's card."""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    """Order's event or rumor id to its answers."""
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    """Letter's id to its answers."""

    def chain(self, guest: Guest) -> list[tuple[Event, Entry]]:
        """A guest's entries, oldest first."""
        return sorted(self.chains[guest.key.public].values(), key=lambda pair: pair[1].seq)


def read_back(events: Iterable[Event], cast: Cast, book: Book) -> list[Finding]:
    """Every check, in the order in which a newcomer would make them."""
    try:
        seen = _sorted(list(events), cast)
    except KindsError as fault:
        return [Finding(False, f"something on the relay cannot be read: {fault}")]
    findings = []
    checks: tuple[Callable[[Seen, Cast, Book], str], ...] = (
        _definitions, _chains, _balances, _cards, _answers, _letters, _nothing_in_clear,
    )  # fmt: skip
    for check in checks:
        try:
            findings.append(Finding(True, check(seen, cast, book)))
        except (_Differs, KindsError) as differs:
            findings.append(Finding(False, str(differs)))
    return findings


# -- sorting ----------------------------------------------------------------------------------------------------------


def _sorted(events: list[Event], cast: Cast) -> Seen:
    seen = Seen(events)
    guests = cast.guests
    issuers = {venue.issuer.public: venue for venue in cast.venues}
    for event in sorted(events, key=lambda each: each.created_at):
        if event.kind == registry.PROGRAM and event.pubkey in issuers:
            seen.definitions[programs.parse(event).address] = event
        elif event.kind == registry.ENTRY and event.pubkey in issuers:
            line = entries.parse(event)
            seen.chains[line.customer][event.id] = event, line
        elif event.kind == registry.CARD and event.pubkey in issuers:
            seen.cards[f"{registry.CARD}:{event.pubkey}:{value(event.tags, 'd')}"] = event
        elif (message := opened(event, cast.readers)) is not None:
            addressee, rumor = message
            if rumor.pubkey not in issuers:
                continue
            if (reply := letters.reply_in(rumor)) is not None:
                seen.replies.setdefault(reply.to, []).append(reply)
            elif addressee in guests and value(rumor.tags, "proof") is not None:
                proof, line = proof_in(rumor, addressee)
                seen.chains[addressee][proof.id] = proof, line
                seen.card_of[addressee] = card_in(rumor) or ""
            elif addressee in cast.tills:
                order_id = parse_message(rumor).reply_to or ""
                seen.answers.setdefault(order_id, []).append(answer_in(rumor, rumor.pubkey))
    for venue in cast.venues:
        if not venue.is_private:
            for guest in venue.guests:
                name = f"{registry.CARD}:{venue.issuer.public}:{venue.slug}:{guest.key.public}"
                seen.card_of[guest.key.public] = name
    return seen


# -- checks -----------------------------------------------------------------------------------------------------------


def _definitions(seen: Seen, cast: Cast, _book: Book) -> str:
    """Each program is published by its issuer, as it was configured."""
    for venue in cast.venues:
        event = seen.definitions.get(venue.address)
        if event is None:
            raise _Differs(f"no definition of {venue.title} by its issuer is on the relay")
        program = programs.parse(event)
        if (program.visibility, program.sources) != (venue.visibility, (venue.till.public,)):
            raise _Differs(f"the definition of {venue.title} is not what was configured")
    titles = " and ".join(f"{venue.title} ({venue.visibility})" for venue in cast.venues)
    return f"{titles}: each program's rules are on the relay, signed by its own key."


def _chains(seen: Seen, cast: Cast, book: Book) -> str:
    """Every entry is signed by the issuer, linked to the one before, and names the rules of its day."""
    total = chains = 0
    for venue in cast.venues:
        for guest in venue.guests:
            chain = seen.chain(guest)
            expected = book.entries[guest.key.public]
            if len(chain) != expected:
                raise _Differs(f"{guest.name} should have {expected} entries, and {len(chain)} were found")
            if not chain:
                continue
            entries.verify_chain([event for event, _ in chain])
            rule = seen.definitions[venue.address].id
            if any(line.program != venue.address or line.rev != rule for _, line in chain):
                raise _Differs(f"an entry of {guest.name} names another program, or rules that were not published")
            total, chains = total + len(chain), chains + 1
    return (
        f"{total} entries in {chains} chains: every signature, number, link and sum holds, "
        "and each entry names the rules that it was decided under."
    )


def _balances(seen: Seen, cast: Cast, book: Book) -> str:
    """The last entry of every chain says what the tills' own book says."""
    said = []
    for venue in cast.venues:
        for guest in venue.guests:
            chain = seen.chain(guest)
            balance = chain[-1][1].balance if chain else 0
            if balance != book.balance(guest):
                raise _Differs(f"{guest.name} has {balance} points; the till's book says {book.balance(guest)}")
            said.append(f"{guest.name} {balance}")
    return f"Balances are what the tills' own books come to: {', '.join(said)}."


def _cards(seen: Seen, cast: Cast, book: Book) -> str:
    """Every guest with entries has a card that agrees with the last one, and says the tier that the guest has earned;
    private cards open for their guest only.
    """
    counted: Counter[str] = Counter()
    for venue in cast.venues:
        for guest in venue.guests:
            chain = seen.chain(guest)
            if not chain:
                continue
            event = seen.cards.get(seen.card_of.get(guest.key.public, ""))
            if event is None:
                raise _Differs(f"{guest.name} has no card on the relay")
            card, (head, line) = _card(event, venue, guest), chain[-1]
            if (card.customer, card.points, card.seq, card.head) != (guest.key.public, line.balance, line.seq, head.id):
                raise _Differs(f"the card of {guest.name} does not agree with entry {line.seq}")
            if card.tier != (TIER if guest.key.public in book.regulars else None):
                raise _Differs(f"the card of {guest.name} says the tier {card.tier}; the till's book says another")
            counted[venue.visibility] += 1
    return (
        f"{counted.total()} cards agree with their chains: {counted['public']} for everybody, "
        f"{counted['private']} that only their guest can open; {len(book.regulars)} of them say “{TIER}”."
    )


def _card(event: Event, venue: Venue, guest: Guest) -> Card:
    if not venue.is_private:
        return cards.parse(event)
    text = nip44.decrypt(event.content, nip44.conversation_key(guest.key, venue.issuer.public))
    return cards.parse_private(text, event.pubkey)


def _answers(seen: Seen, _cast: Cast, book: Book) -> str:
    """Every order was answered once, with the result and the points that its till expects."""
    results: Counter[str] = Counter()
    for message_id, expected in book.expected.items():
        answers = seen.answers.get(message_id, [])
        if len(answers) != 1:
            raise _Differs(f"an order was answered {len(answers)} times, not once")
        answer = answers[0]
        if (answer.result, answer.points) != (expected.result, expected.points):
            raise _Differs(
                f"order {answer.order_id} was answered {answer.result} {answer.points}; "
                f"its till expects {expected.result} {expected.points}"
            )
        results[answer.result] += 1
    counted = ", ".join(f"{count} {result}" for result, count in results.items())
    return f"{results.total()} orders, {results.total()} answers, each as its till expects: {counted}."


def _letters(seen: Seen, _cast: Cast, book: Book) -> str:
    """Every letter was answered once, and done; a reward's entry names the hash of the code that its guest was told,
    and the barista used that code.
    """
    codes: dict[str, set[str]] = {"redeem": set(), "use": set()}
    for message_id, letter in book.letters.items():
        replies = seen.replies.get(message_id, [])
        if [reply.code for reply in replies] != ["done"]:
            raise _Differs(f"“{letter.text}” was answered {', '.join(reply.code for reply in replies) or 'by nobody'}")
        if letter.verb == "redeem":
            codes["redeem"].add(_hash(replies[0].voucher or ""))
        elif letter.verb == "use":
            codes["use"].add(_hash(letter.word))
    chains = [line for chain in seen.chains.values() for _, line in chain.values()]
    named = {line.voucher for line in chains if line.type == "redeemed" and line.reward == REWARD}
    if not named == codes["redeem"] == codes["use"]:
        raise _Differs("the entries of rewards do not name the codes that guests were told and the barista used")
    counted = Counter(letter.verb for letter in book.letters.values())
    return (
        f"{counted.total()} letters, {counted.total()} answers: {counted['claim']} receipts claimed, "
        f"{counted['redeem']} rewards redeemed and handed out; each entry names the hash of its code."
    )


def _hash(code: str) -> str:
    return hashlib.sha256(code.replace("-", "").encode()).hexdigest()


def _nothing_in_clear(seen: Seen, cast: Cast, book: Book) -> str:
    """A private guest's key is nowhere but on the address of a wrap; no private order or amount is anywhere."""
    private = [venue for venue in cast.venues if venue.is_private]
    guests = {guest.key.public: guest for venue in private for guest in venue.guests}
    orders = {order_id for order_id, sale in book.sales.items() if sale.venue in private}
    amounts = {amount for venue in private for amount in book.amounts[venue.slug]}
    for event in seen.events:
        address = ("p", value(event.tags, "p") or "")
        words = [event.content, *(word for tag in event.tags for word in tag)]
        if event.kind == registry.GIFT_WRAP and event.tags == (address,):
            words = [event.content]
        if any(pubkey in word for pubkey in guests for word in (*words, event.pubkey)):
            raise _Differs(f"an event of kind {event.kind} names a private guest in clear")
        if any(order_id in word for order_id in orders for word in words):
            raise _Differs(f"an event of kind {event.kind} names a private order in clear")
        if amounts.intersection(words):
            raise _Differs(f"an event of kind {event.kind} tells a private amount in clear")
    titles = " and ".join(venue.title for venue in private)
    return (
        f"{len(seen.events)} events are on the relay. None tells an order or an amount of {titles}, and its guests' "
        "keys stand nowhere but on the outside of sealed messages to them."
    )
