"""Everything that a guest has, found at relays as any client of the guest's would find it (protocol section 7).

In clear for everybody: cards and entries that name the guest. With the guest's key: the notices in its gift wraps, each
with a signed entry as proof and the address of an encrypted card. Whoever writes a wrap is proven by its seal; a wrap
that does not open is somebody's junk and no fault of a program.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from kinds import card as cards
from kinds import entry as entries
from kinds import gift_wrap, nip44, registry
from kinds.card import Card
from kinds.errors import KindsError
from kinds.event import Event, Rumor, parse_event
from kinds.keys import SecretKey, npub_encode
from kinds.program_set import Item
from kinds.tags import value
from nostr_loyalty.clock import Clock
from nostr_loyalty.guest.holding import Holding, held
from nostr_loyalty.guest.messages import card_in, proof_in, proofs_in
from nostr_loyalty.guest.program_search import definitions
from nostr_loyalty.guest.relays import Relays
from relay_client.filter import Filter
from relay_client.subscription import Subscription

REWIND_S: Final = 2 * 86_400 + 7_200
LOOKS: Final = 3
"""A card follows its entries within a second or two: what does not agree is looked at again."""
LOOK_AGAIN_S: Final = 1.5
IDS_AT_ONCE: Final = 100


class Collection(NamedTuple):
    """What was found, by program; `faults` are those that belong to no program, `unopened` wraps that did not open."""

    holdings: tuple[Holding, ...]
    faults: tuple[str, ...]
    unopened: int


@dataclass(slots=True)
class _Opened:
    """What the wraps said so far: proofs by id, and the last notice of each program: (time, card's address)."""

    seen: set[str] = field(default_factory=set)
    proofs: dict[str, Event] = field(default_factory=dict)
    cards: dict[str, tuple[int, str]] = field(default_factory=dict)
    hints: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    faults: list[str] = field(default_factory=list)
    unopened: int = 0


class _Found(NamedTuple):
    """A card, when it was made, and whether only the guest and the issuer can read it."""

    at: int
    card: Card
    is_private: bool


def reads(guest: str, *, private: bool) -> tuple[Subscription, ...]:
    """What is read of a guest (public key, hex); `private`: its gift wraps too."""
    of_guest = {"#p": (guest,)}
    clear = (registry.CARD, registry.ENTRY)
    found = [Subscription(f"kind-{kind}", Filter(kinds=(kind,), tags=of_guest), REWIND_S) for kind in clear]
    if private:
        wanted = Filter(kinds=(registry.GIFT_WRAP,), tags=of_guest)
        found.append(Subscription("wraps", wanted, REWIND_S, protected=True))
    return tuple(found)


async def collect(relays: Relays, guest: str, key: SecretKey | None, clock: Clock) -> Collection:
    """Everything that these relays tell of a guest; `relays` read what `reads` says. Unavailable: none can be read."""
    await relays.read()
    opened = _Opened()
    collection = await _look(relays, guest, key, opened)
    for _ in range(LOOKS - 1):
        if not any(holding.faults or holding.is_unproven for holding in collection.holdings):
            break
        await clock.sleep(LOOK_AGAIN_S)
        collection = await _look(relays, guest, key, opened)
    return collection


async def _look(relays: Relays, guest: str, key: SecretKey | None, opened: _Opened) -> Collection:
    if key is not None:
        _open_all(relays.events.values(), key, opened)
    faults = list(opened.faults)
    lines: dict[str, dict[str, Event]] = defaultdict(dict)
    for event in (*relays.events.values(), *opened.proofs.values()):
        if event.kind == registry.ENTRY:
            try:
                entry = entries.parse(event)
            except KindsError as fault:
                faults.append(f"an entry that names you, by {npub_encode(event.pubkey)}, cannot be read: {fault}")
                continue
            lines[entry.program][event.id] = event
            opened.hints[entry.program].add(entry.relay)
    found = _public_cards(relays.events.values(), faults)
    private = {} if key is None else await _private_cards(relays, opened, key, faults)
    for program, one in private.items():  # a relay may keep both, of a guest or a program that changed: time decides
        if program not in found or one.at >= found[program].at:
            found[program] = one
    addresses = sorted({*lines, *found})
    in_force = await definitions(relays, _items(addresses, opened.hints))
    known = await _named_rules(relays, lines, in_force, opened.hints)
    holdings = (
        held(
            address, guest, lines=lines[address].values(), card=card, is_private=is_private,
            in_force=in_force.get(address), known=known, by_customer=key is not None,
        )
        for address in addresses
        for _, card, is_private in (found.get(address, (0, None, key is not None)),)
    )  # fmt: skip
    return Collection(tuple(holdings), tuple(faults), opened.unopened)


def _open_all(events: Iterable[Event], key: SecretKey, opened: _Opened) -> None:
    for wrap in events:
        if wrap.kind != registry.GIFT_WRAP or wrap.id in opened.seen:
            continue
        opened.seen.add(wrap.id)
        try:
            rumor = gift_wrap.unwrap(wrap, key)
        except KindsError:
            opened.unopened += 1
            continue
        if rumor.kind == registry.DIRECT_MESSAGE:
            for proof in proofs_in(rumor):
                if _is_entry(proof):
                    _keep(rumor, proof, key, opened)


def _keep(rumor: Rumor, proof: str, key: SecretKey, opened: _Opened) -> None:
    try:
        event, entry = proof_in(rumor, key.public, proof)
    except KindsError as fault:
        opened.faults.append(f"a message by {npub_encode(rumor.pubkey)} carries an entry that is none: {fault}")
        return
    opened.proofs[event.id] = event
    address = card_in(rumor)
    if address is not None and rumor.created_at >= opened.cards.get(entry.program, (0, ""))[0]:
        opened.cards[entry.program] = rumor.created_at, address


def _is_entry(proof: str) -> bool:
    """Whether what a message carries should be an entry: a proof may be something else, such as an attestation."""
    try:
        return parse_event(proof).kind == registry.ENTRY
    except KindsError:
        return True


def _public_cards(events: Iterable[Event], faults: list[str]) -> dict[str, _Found]:
    """The newest card of each program; one that says nothing is the last of a guest who chose to be private."""
    found: dict[str, tuple[Event, Card]] = {}
    for event in events:
        if event.kind != registry.CARD:
            continue
        try:
            card = cards.parse(event)
        except KindsError as fault:
            faults.append(f"a card that names you, by {npub_encode(event.pubkey)}, cannot be read: {fault}")
            continue
        before = found.get(card.program)
        if before is None or (event.created_at, before[0].id) > (before[0].created_at, event.id):
            found[card.program] = event, card
    return {program: _Found(event.created_at, card, False) for program, (event, card) in found.items() if card.seq}


async def _private_cards(relays: Relays, opened: _Opened, key: SecretKey, faults: list[str]) -> dict[str, _Found]:
    found = {}
    for program, (_, address) in opened.cards.items():
        kind, _, rest = address.partition(":")
        issuer, _, name = rest.partition(":")
        if kind != str(registry.CARD) or issuer != program.split(":")[1] or name.endswith(f":{key.public}"):
            continue
        wanted = Filter(kinds=(registry.CARD,), authors=(issuer,), tags={"#d": (name,)})
        events = await relays.ask(wanted) or await relays.ask_at(opened.hints[program], wanted)
        for event in sorted(events, key=lambda each: (-each.created_at, each.id))[:1]:
            try:
                text = nip44.decrypt(event.content, nip44.conversation_key(key, issuer))
                found[program] = _Found(event.created_at, cards.parse_private(text, issuer), True)
            except KindsError as fault:
                faults.append(f"your card by {npub_encode(issuer)} cannot be read: {fault}")
    return found


async def _named_rules(
    relays: Relays, lines: Mapping[str, Mapping[str, Event]], in_force: Mapping[str, Event],
    hints: Mapping[str, Iterable[str]],
) -> dict[str, Event]:  # fmt: skip
    """What entries name as their rules, by id, as far as it is found."""
    known = {event.id: event for event in in_force.values()}
    for program, events in lines.items():
        for at_hints in (False, True):
            wanted = list(
                dict.fromkeys(value(event.tags, "rev") or "" for event in events.values()).keys() - known.keys()
            )
            for start in range(0, len(wanted), IDS_AT_ONCE):
                asked = Filter(ids=tuple(wanted[start : start + IDS_AT_ONCE]))
                answered = await (relays.ask_at(hints[program], asked) if at_hints else relays.ask(asked))
                known |= {event.id: event for event in answered}
    return known


def _items(addresses: Iterable[str], hints: Mapping[str, Iterable[str]]) -> list[Item]:
    return [Item(address, next(iter(sorted(filter(None, hints.get(address, ())))), "")) for address in addresses]
