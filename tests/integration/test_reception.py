"""Whose message may take our time: guests are heard whatever strangers do, and nobody is lost for having come late."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from kinds import direct_message, vanish
from kinds.event import sign
from kinds.keys import npub_encode
from nostr_loyalty.intake.recognition import Message
from nostr_loyalty.letters.naming import WaitingForNames, names_in
from nostr_loyalty.reaching.hosts import Hosts
from nostr_loyalty.reaching.names import Names
from tests.clock import settle
from tests.unit.nostr_loyalty import correspondence
from tests.unit.nostr_loyalty.served import Served, rules
from tests.venue import new_key


async def test_requests_to_vanish_by_nobody_take_nothing_from_guests(tmp_path: Path) -> None:
    """A hundred NIP-62 requests by keys that no ledger knows, then a claim by a new guest: it is answered."""
    async with Served(tmp_path) as served:
        (answer,) = await served.take(served.order("order-1", customer=None))
        noise = [sign(vanish.template(["wss://nobody.example"], served.clock.now()), new_key()) for _ in range(100)]
        await served.deliver(*noise)
        (said,) = await served.write(new_key(), f"claim {answer.claim}")
        assert said.tag("answer") == "done"


async def test_a_stranger_who_comes_late_waits_and_is_answered(tmp_path: Path) -> None:
    """Of seventy strangers who write at once sixty are answered at once, and the others as the minute goes by."""
    async with Served(tmp_path) as served:
        letters = [
            correspondence.letter(new_key(), "help", to=served.venue.issuer.public, at=served.clock.now())
            for _ in range(70)
        ]
        await served.deliver(*letters[:35])
        await served.deliver(*letters[35:])
        first = [one for one in await served.promises() if one.label == "letter"]
        second = []
        for _ in range(30):
            await served.clock.advance(1)
            await asyncio.sleep(0.01)
            second += [one for one in await served.promises() if one.label == "letter"]
        assert len(first) // 60 == 1
        assert len(first) + len(second) >= 70


async def test_a_customer_needs_no_allowance(tmp_path: Path) -> None:
    """When strangers have used it up, somebody whom the ledger knows is answered at once."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1"))
        to, at = served.venue.issuer.public, served.clock.now()
        for _ in range(3):
            await served.deliver(*(correspondence.letter(new_key(), "help", to=to, at=at) for _ in range(30)))
        await served.promises()
        assert await served.write(served.guest, "balance")


class Lookups:
    """What hosts were looked up; each look-up fails, once it may."""

    def __init__(self) -> None:
        self.hosts: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.hosts.append(host)
        raise OSError("no such host")


async def test_names_are_looked_up_for_people_whom_we_know(tmp_path: Path) -> None:
    """A stranger's letter makes us ask nobody; an operator's command makes us ask for the names it is about, once."""
    operator = new_key()
    async with Served(tmp_path, extra=rules(operators=[npub_encode(operator.public)])) as served:
        lookups = Lookups()
        names = Names(Hosts(look_up=lookups), served.clock)
        served.path._naming = WaitingForNames(names, served.programs.people)
        await served.write(new_key(), "refer bob@example.com")
        assert lookups.hosts == []
        many = " ".join(f"bob{number}@example{number}.com" for number in range(10))
        await served.deliver(correspondence.letter(operator, f"grant bob@example.com 5 {many}",
                             to=served.venue.issuer.public, at=served.clock.now()))  # fmt: skip
        for _ in range(50):
            await settle()
            await asyncio.sleep(0.01)
            if any(one.label == "letter" for one in await served.promises()):
                break
        assert lookups.hosts == ["example.com"]


async def test_what_an_author_writes_meanwhile_waits_behind(tmp_path: Path) -> None:
    """`undo` after a command that waits for a name does not undo the command before it."""
    operator = new_key()
    async with Served(tmp_path, extra=rules(operators=[npub_encode(operator.public)])) as served:
        names = Names(Hosts(look_up=Lookups()), served.clock)
        served.path._naming = WaitingForNames(names, served.programs.people)
        await served.write(operator, f"grant {npub_encode(served.guest.public)} 5")
        to, at = served.venue.issuer.public, served.clock.now()
        await served.deliver(correspondence.letter(operator, "grant bob@example.com 50", to=to, at=at))
        await served.deliver(correspondence.letter(operator, "balance", to=to, at=at))
        texts: list[str] = []
        for _ in range(100):
            await settle()
            await asyncio.sleep(0.01)
            texts += await served.told(operator)
            if len(texts) == 2:
                break
        assert "bob@example.com" in texts[0]
        assert "bob@example.com" not in texts[1]


def test_only_the_names_of_a_command_count() -> None:
    """Small talk with addresses in it names nobody; a command does, also behind a program's name."""

    def said(text: str) -> list[str]:
        writer = new_key().public
        rumor = direct_message.compose(writer, [new_key().public], text, (), 1)
        return names_in(Message(rumor.id, writer, 1, rumor))

    assert said("feedback write to me at a@b.example or c@d.example") == []
    assert said("cafe-sol balance bob@example.com") == ["bob@example.com"]
    assert said("balance bob@example.com") == ["bob@example.com"]
