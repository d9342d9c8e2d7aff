"""Everybody at once: asks a relay for everything it has, again and again, and opens what the given keys can open.

For tests of what comes out of the daemon. It uses a bare WebSocket and `kinds`, and nothing of the daemon.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Self, TypeVar

from kinds import card as cards
from kinds import entry as entries
from kinds import gift_wrap, nip44, registry, relay_auth
from kinds.answer import Answer, parse_answer
from kinds.card import Card
from kinds.entry import Entry
from kinds.event import Event, Rumor, claim, parse_event, sign, verify
from kinds.keys import SecretKey
from kinds.tags import value
from tests.relays.client import BareClient
from tests.venue import Venue

WAIT_S_MAX = 15.0
LOOK_S = 0.03

T = TypeVar("T")


class Line(NamedTuple):
    """A guest's entry as it came out: signed, parsed, and the notice's text and card address where it was private."""

    event: Event
    entry: Entry
    text: str | None
    card: str


class Reply(NamedTuple):
    """A till's answer: its tags as a value, and the line for the order monitor."""

    answer: Answer
    text: str


class Observer:
    """`async with Observer(url) as observer`."""

    def __init__(self, url: str, *, login: SecretKey | None = None) -> None:
        """`login`: whose name is given to a relay that asks for one when somebody connects (NIP-42)."""
        self._client = BareClient(url)
        self._login = login

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        if self._login is not None:
            _, challenge = await self._client.next_of("AUTH")
            answer = sign(relay_auth.template(self._client.url, challenge, int(time.time())), self._login)
            await self._client.send("AUTH", _as_object(answer))
            said = await self._client.next_of("OK", answer.id)
            assert said[2] is True, said
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.__aexit__()

    async def send(self, *events: Event) -> None:
        """Publish each; the relay must take it."""
        for event in events:
            said = await self._client.publish(_as_object(event))
            assert said[2] is True, said

    async def events(self) -> list[Event]:
        """Everything on the relay, verified, each once. The filter says something: the Python relay answers an empty
        one with nothing, and gives an event twice now and then.
        """
        found = await self._client.query({"since": 1, "limit": 500})
        return [verify(claim(each)) for each in {each["id"]: each for each in found}.values()]

    async def until(self, pick: Callable[[list[Event]], T | None]) -> T:
        """What `pick` makes of the relay's events, once it makes something of them."""
        deadline = time.monotonic() + WAIT_S_MAX
        while (found := pick(await self.events())) is None:
            assert time.monotonic() < deadline, "what was waited for did not come"
            await asyncio.sleep(LOOK_S)
        return found

    async def replies(self, till: SecretKey, *message_ids: str) -> list[Reply]:
        """The answers to these messages (event or rumor ids), in this order, once all have come."""

        def pick(events: list[Event]) -> list[Reply] | None:
            found = {}
            for rumor in messages(events, till):
                answer = parse_answer(rumor)
                assert found.setdefault(answer.to_event, Reply(answer, rumor.content)).text == rumor.content
            return [found[each] for each in message_ids] if found.keys() >= set(message_ids) else None

        return await self.until(pick)

    async def chain(self, venue: Venue, guest: SecretKey, number: int) -> list[Line]:
        """A guest's entries once there are `number`, oldest first, as a chain that was verified."""

        def pick(events: list[Event]) -> list[Line] | None:
            found = lines(events, venue, guest)
            return found if len(found) >= number else None

        chain = await self.until(pick)
        assert len(chain) == number
        entries.verify_chain([line.event for line in chain])
        return chain

    async def card(self, venue: Venue, guest: SecretKey, line: Line) -> Card:
        """The guest's card once it has reached this entry."""

        def pick(events: list[Event]) -> Card | None:
            for event in events:
                if f"{event.kind}:{event.pubkey}:{value(event.tags, 'd')}" == line.card:
                    card = _card(event, venue, guest)
                    return card if card.seq >= line.entry.seq else None
            return None

        return await self.until(pick)

    async def definition(self, venue: Venue) -> Event:
        """The program's definition."""
        return await self.until(
            lambda events: next((each for each in events if (each.kind, each.pubkey, value(each.tags, "d"))
                                 == (registry.PROGRAM, venue.issuer.public, venue.slug)), None)
        )  # fmt: skip


def messages(events: list[Event], key: SecretKey) -> list[Rumor]:
    """What lies in the wraps for this key."""
    wraps = [event for event in events if event.kind == registry.GIFT_WRAP and value(event.tags, "p") == key.public]
    return [gift_wrap.unwrap(event, key) for event in wraps]


def lines(events: list[Event], venue: Venue, guest: SecretKey) -> list[Line]:
    """A guest's entries at a venue, oldest first, each once: in clear, or proofs from the guest's messages."""
    public_card = f"{registry.CARD}:{venue.issuer.public}:{venue.slug}:{guest.public}"
    found = [Line(event, entries.parse(event), None, public_card) for event in events if event.kind == registry.ENTRY]
    for rumor in messages(events, guest):
        if ("notice",) in rumor.tags:  # about an entry that is public, or about none
            continue
        proof = verify(parse_event(value(rumor.tags, "proof") or ""))
        assert proof.pubkey == rumor.pubkey
        found.append(Line(proof, entries.parse(proof), rumor.content, value(rumor.tags, "card") or ""))
    own = {
        line.event.id: line
        for line in found
        if (line.entry.program, line.entry.customer) == (venue.address, guest.public)
    }
    return sorted(own.values(), key=lambda line: line.entry.seq)


def _card(event: Event, venue: Venue, guest: SecretKey) -> Card:
    if venue.visibility == "public":
        return cards.parse(event)
    text = nip44.decrypt(event.content, nip44.conversation_key(guest, venue.issuer.public))
    return cards.parse_private(text, event.pubkey)


def _as_object(event: Event) -> dict[str, Any]:
    return event._asdict()
