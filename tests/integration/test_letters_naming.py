"""People by their NIP-05 names in letters: looked up first, then done as if the key had been written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kinds.keys import SecretKey
from nostr_loyalty.letters.naming import WaitingForNames
from nostr_loyalty.reaching.names import Known
from tests.unit.nostr_loyalty.correspondence import Answered, answered, letter
from tests.unit.nostr_loyalty.house import House, house, npub
from tests.unit.nostr_loyalty.test_letters_proving import AUDIENCE, read
from tests.venue import new_key

BOB, CAROL = new_key(), new_key()


class NameBook:
    """Passes for `Names`: what is in it is found when it was asked for, and `asked` says what was."""

    def __init__(self, **keys: SecretKey) -> None:
        self.keys = {f"{name}@example.com": key.public for name, key in keys.items()}
        self.asked: list[str] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def known(self, name: str) -> Known | None:
        """What was asked for before."""
        return Known(self.keys.get(name)) if name in self.asked else None

    async def resolve(self, names: Iterable[str]) -> dict[str, str | None]:
        """After the others had their turn."""
        await self.may_answer.wait()
        self.asked += list(names)
        return {name: self.keys.get(name) for name in self.asked}


@asynccontextmanager
async def named(folder: Path, **more: int) -> AsyncIterator[tuple[House, NameBook]]:
    """The house, where names are looked up in a book."""
    async with house(folder, manager=more or None) as place:
        book = NameBook(bob=BOB, carol=CAROL, guest=place.guest)
        place.served.path._naming = WaitingForNames(book, place.served.programs.people)  # type: ignore[arg-type] # it passes for Names
        yield place, book


async def say(place: House, who: SecretKey, text: str, *, nip04: bool = False) -> Answered:
    """A letter that may have to wait, and its answer."""
    served = place.served
    served.later(seconds=1)
    to, at = served.venue.issuer.public, served.clock.now()
    await served.deliver(letter(who, text, to=to, at=at, nip04=nip04))
    return await answer_to(place, who)


async def answer_to(place: House, who: SecretKey) -> Answered:
    """The next answer to somebody."""
    for _ in range(300):
        sealed = await place.served.sealed()
        place.served.others = [one for one in sealed if one[1].label != "letter"]
        found = [event for event, promised in sealed if promised.label == "letter"]
        if found:
            return answered(found[0], who)
        await asyncio.sleep(0.01)
    raise AssertionError("no answer came")


@pytest.mark.parametrize("nip04", [False, True], ids=["wrap", "kind-4"])
async def test_an_operator_names_guests(tmp_path: Path, nip04: bool) -> None:
    """Grant, revoke, balance, redeem, freeze, each by name; the answer is as always."""
    async with house(tmp_path, nip04=nip04) as place:
        book = NameBook(bob=BOB, guest=place.guest)
        place.served.path._naming = WaitingForNames(book, place.served.programs.people)  # type: ignore[arg-type] # it passes for Names
        answer = await say(place, place.owner, "grant bob@example.com 50 for the band", nip04=nip04)
        assert answer.carrier.kind == (4 if nip04 else 1059)
        assert await place.served.moved(BOB.public) == [50]
        await say(place, place.owner, "revoke Bob@Example.com 20", nip04=nip04)
        assert "60" in (await say(place, place.staff, "balance guest@example.com", nip04=nip04)).text
        await say(place, place.owner, "freeze guest@example.com", nip04=nip04)
        assert await place.served.moved(BOB.public) == [50, -20]
        assert (await place.served.standing()).frozen == 1
        assert book.asked == ["bob@example.com", "guest@example.com"], "each is asked for once"
        await place.served.assert_clean()


async def test_two_names_in_one_command(tmp_path: Path) -> None:
    """A relink from one name to another."""
    async with named(tmp_path) as (place, _):
        assert (await say(place, place.owner, "relink guest@example.com carol@example.com")).code == "done"
        assert await place.served.balance(CAROL.public) == 60


async def test_a_name_without_a_key(tmp_path: Path) -> None:
    """The answer says which name it was, and nothing moves."""
    async with named(tmp_path) as (place, _):
        for text in ("grant nobody@example.com 5", "relink guest@example.com nobody@example.com"):
            answer = await say(place, place.owner, text)
            assert answer.text == "No key was found under the name nobody@example.com; give an npub."
        assert await place.served.moved() == [40, 20]


async def test_guests_name_friends_and_readers(tmp_path: Path) -> None:
    """`refer` and `prove … to` by name."""
    async with named(tmp_path) as (place, book):
        book.keys["bar@example.com"] = AUDIENCE.public
        assert (await say(place, place.guest, "refer carol@example.com")).code == "done"
        answer = await say(place, place.guest, "prove tier silver to bar@example.com")
        assert read(place, answer).audience == AUDIENCE.public


async def test_a_name_does_not_give_more_than_a_key(tmp_path: Path) -> None:
    """Bug 62: a guest gets nothing of others by naming them, nor by naming an operator; each role has its limits."""
    async with named(tmp_path, points=10) as (place, _):
        for text in ("balance bob@example.com", "grant guest@example.com 5", "history carol@example.com"):
            assert (await say(place, place.guest, text)).code == "command-not-allowed"
        answer = await say(place, place.manager, "grant guest@example.com 11")
        assert answer.code == "waits-for-owner"
        assert await place.served.moved() == [40, 20]


async def test_a_repeated_letter_waits_once(tmp_path: Path) -> None:
    """Bug 9: the same letter in two wraps, both waiting for a name, is done once."""
    async with named(tmp_path) as (place, book):
        served = place.served
        book.may_answer.clear()
        to, at = served.venue.issuer.public, served.clock.now()
        letters = [letter(place.owner, "grant bob@example.com 50", to=to, at=at) for _ in range(3)]
        await served.deliver(letters[0], letters[1])
        await served.deliver(letters[2])
        book.may_answer.set()
        await answer_to(place, place.owner)
        await served.deliver(*letters)
        assert await served.moved(BOB.public) == [50]


async def test_nobody_waits_for_another_ones_names(tmp_path: Path) -> None:
    """While a name is looked up, orders are taken and others are answered."""
    async with named(tmp_path) as (place, book):
        served = place.served
        book.may_answer.clear()
        to, at = served.venue.issuer.public, served.clock.now()
        await served.deliver(letter(place.owner, "grant bob@example.com 50", to=to, at=at))
        await served.take(served.order("order-3", "1000"))
        assert (await place.says("guest", "balance")).tag("balance") == "61"
        assert await place.code("manager", f"grant {npub(place.guest)} 1") == "done"
        book.may_answer.set()
        assert (await answer_to(place, place.owner)).code == "done"
