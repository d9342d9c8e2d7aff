"""Several programs behind one key: which of them a letter is for, and what is never for the wrong one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kinds import gift_wrap
from kinds import order as wire
from kinds.answer import parse_answer
from kinds.event import sign
from kinds.keys import SecretKey, npub_encode
from kinds.order import Amount, PaidOrder
from ledger import book
from nostr_loyalty.config.load import load
from tests.unit.nostr_loyalty.correspondence import wish
from tests.unit.nostr_loyalty.served import Served, reward, rules
from tests.venue import Venue, add_program, new_key

SECOND = """
[[program]]
slug = "bar-luna"
title = "Bar Luna"
sources = ["{till}"]
operators = ["{operator}"]
language = "es"
{extra}
[[program.reward]]
id = "coffee"
title = "Café"
cost = 4
type = "item"
value = "un café"
[[program.earn]]
type = "spend"
points = 1
per = "1000 sat"
"""


class Street:
    """Two programs of one key: `sol` is the operator of Café Sol, `luna` that of Bar Luna, `both` of both."""

    def __init__(self, served: Served, sol: SecretKey, luna: SecretKey) -> None:
        self.served = served
        self.sol, self.luna, self.both = sol, luna, new_key()

    async def order(self, slug: str, order_id: str, customer: SecretKey, sat: int = 12_000) -> None:
        """An order in one of the programs."""
        venue, at = self.served.venue, self.served.clock.now()
        order = PaidOrder(
            order_id=order_id, program=f"37411:{venue.issuer.public}:{slug}", issuer=venue.issuer.public,
            source=venue.till.public, customer=customer.public, status="paid", amount=Amount(str(sat), "sat"),
            paid_at=at,
        )  # fmt: skip
        await self.served.take(sign(wire.template(order, at), venue.till))

    async def says(self, who: SecretKey, text: str, *tags: tuple[str, ...]) -> str:
        """What is answered."""
        self.served.later(seconds=1)
        (answer,) = await self.served.write(who, text, tags=tags)
        return answer.text

    async def balances(self, customer: SecretKey) -> dict[str, int]:
        """The customer's points, by program."""
        programs = {program.ledger_id: program.slug for program in self.served.programs.all}
        async with self.served.database.read() as r:
            found = await book.find_standings(r, [(id_, customer.public) for id_ in programs])
        return {programs[program_id]: standing.balance for (program_id, _), standing in found.items()}


@asynccontextmanager
async def street(folder: Path, *, second: str = "", first_tables: str = "") -> AsyncIterator[Street]:
    """Both programs, open as long as the block; the arguments are more lines of each."""
    sol, luna = new_key(), new_key()
    served = Served(folder, "private", extra=rules(reward(), first_tables, operators=[npub_encode(sol.public)]))
    config = folder / "config.toml"
    with config.open("a") as text:
        till = npub_encode(served.venue.till.public)
        text.write(SECOND.format(till=till, operator=npub_encode(luna.public), extra=second))
    served.config = load(config)
    async with served:
        yield Street(served, sol, luna)


async def test_the_slug_comes_first(tmp_path: Path) -> None:
    """The first word names the program; the command goes there and nowhere else."""
    async with street(tmp_path) as place:
        guest = place.served.guest
        await place.order("cafe-sol", "1", guest)
        await place.order("bar-luna", "1", guest, 20_000)
        assert "Balance at Café Sol: 12 points." in await place.says(guest, "cafe-sol balance")
        assert "Bar Luna: 20" in await place.says(guest, "Bar-Luna saldo")
        await place.says(guest, "bar-luna redeem coffee")
        assert await place.balances(guest) == {"cafe-sol": 12, "bar-luna": 16}


async def test_it_is_asked_back_where_it_is_ambiguous(tmp_path: Path) -> None:
    """A guest of both, and a stranger, are asked which; nothing is done."""
    async with street(tmp_path) as place:
        guest = place.served.guest
        await place.order("cafe-sol", "1", guest)
        await place.order("bar-luna", "1", guest)
        for who in (guest, new_key()):
            for text in ("balance", "redeem coffee", "share public", "forget me yes"):
                assert "cafe-sol, bar-luna" in await place.says(who, text)
        assert await place.balances(guest) == {"cafe-sol": 12, "bar-luna": 12}


async def test_the_only_one_that_knows_the_author(tmp_path: Path) -> None:
    """A guest of one program, and the operator of one, need name none; so does whoever answers with its `a` tag."""
    async with street(tmp_path) as place:
        guest = place.served.guest
        await place.order("bar-luna", "1", guest)
        assert "Bar Luna" in await place.says(guest, "balance")
        npub = npub_encode(guest.public)
        assert "+5" in await place.says(place.luna, f"grant {npub} 5")
        assert "+6" in await place.says(place.sol, f"grant {npub} 6")
        assert await place.balances(guest) == {"cafe-sol": 6, "bar-luna": 17}
        address = place.served.programs.all[0].address
        assert "Café Sol: 6" in await place.says(guest, "balance", ("a", address, "wss://relay.example"))


async def test_an_operator_of_another_program(tmp_path: Path) -> None:
    """Bug 62: whoever operates Bar Luna moves nothing at Café Sol, by slug or by tag."""
    async with street(tmp_path) as place:
        guest, npub = place.served.guest, npub_encode(place.served.guest.public)
        await place.order("cafe-sol", "1", guest)
        sol = place.served.programs.all[0].address
        for text, tags in (
            (f"cafe-sol grant {npub} 50", ()), (f"grant {npub} 50", (("a", sol),)), ("cafe-sol pause", ()),
            ("cafe-sol report", ()), (f"cafe-sol balance {npub}", ()), ("cafe-sol refund 1", ()),
        ):  # fmt: skip
            (answer,) = await place.served.write(place.luna, text, tags=tags)
            assert (answer.code, answer.tag("a")) == ("command-not-allowed", sol), text
        assert await place.balances(guest) == {"cafe-sol": 12}


async def test_an_address_of_somebody_else(tmp_path: Path) -> None:
    """A command that names a program which this key does not serve is done for none, even where only one is served."""
    async with Served(
        tmp_path, "private", extra=rules(operators=[npub_encode((operator := new_key()).public)])
    ) as served:
        npub = npub_encode(served.guest.public)
        elsewhere = f"37411:{new_key().public}:{served.venue.slug}"
        for at, tag in enumerate((elsewhere, f"37411:{served.venue.issuer.public}:other")):
            (answer,) = await served.write(operator, f"grant {npub} {50 + at}", tags=[("a", tag)])
            assert answer.text == f"Which program? Write its name before the command: {served.venue.slug}."
        assert await served.moved() == []
        (answer,) = await served.write(operator, f"grant {npub} 50", tags=[("a", "30023:x:y"), ("subject", "hi")])
        assert answer.code == "done"


async def test_a_code_of_another_program(tmp_path: Path) -> None:
    """Bug 45: a voucher, a receipt and an order of Café Sol mean nothing at Bar Luna, and nothing to its people."""
    async with street(tmp_path) as place:
        guest, served = place.served.guest, place.served
        await place.order("cafe-sol", "1", guest)
        await place.order("bar-luna", "2", guest)
        (answer,) = await served.write(guest, "cafe-sol redeem coffee")
        code = answer.tag("voucher")
        assert code is not None
        (receipt,) = await served.take(served.order("r", "9000", customer=None))
        for verb in ("use", "cancel"):
            (answer,) = await served.write(place.luna, f"bar-luna {verb} {code}")
            assert answer.code == "voucher-unknown"
            (answer,) = await served.write(place.luna, f"{verb} {code}")
            assert (answer.code, answer.tag("a")) == (
                "command-not-allowed" if verb == "use" else "voucher-of-another", served.programs.all[0].address
            )  # fmt: skip
        (answer,) = await served.write(guest, f"bar-luna claim {receipt.claim}")
        assert answer.code == "claim-unknown"
        (answer,) = await served.write(place.luna, "refund 1")
        assert answer.code == "order-unknown"
        assert await place.balances(guest) == {"cafe-sol": 2, "bar-luna": 12}


async def test_a_code_names_its_program(tmp_path: Path) -> None:
    """Whoever works at both needs no slug for a voucher, and no owner for what waits; a receipt's link says its own."""
    both = new_key()
    more = f'[[program.operator]]\nkey = "{both.public}"\nrole = "staff"'
    async with street(tmp_path, second=more, first_tables=more) as place:
        guest, served = place.served.guest, place.served
        await place.order("cafe-sol", "1", guest)
        await place.order("bar-luna", "1", guest)
        for slug in ("cafe-sol", "bar-luna"):
            (answer,) = await served.write(guest, f"{slug} redeem coffee")
            assert "Which program" in await place.says(both, "undo")
            (used,) = await served.write(both, f"use {answer.tag('voucher')}")
            assert (used.code, used.tag("a")) == ("done", answer.tag("a"))
        await place.order("bar-luna", "2", new_key())
        stranger = new_key()
        await place.order("bar-luna", "3", stranger)
        await served.deliver(served.order("receipt", "9000", customer=None))
        ((event, _),) = [one for one in await served.sealed() if one[1].label == "answer"]
        receipt = parse_answer(gift_wrap.unwrap(event, served.venue.till))
        (claimed,) = await served.write(stranger, receipt.claim_uris[0])
        assert (claimed.code, claimed.tag("a")) == ("done", served.programs.all[0].address)


async def test_a_wish_names_its_program(tmp_path: Path) -> None:
    """A 7413 is for the program in it, though the guest is known in both."""
    async with street(tmp_path) as place:
        guest, served = place.served.guest, place.served
        await place.order("cafe-sol", "1", guest)
        await place.order("bar-luna", "1", guest)
        luna = served.programs.all[1].address
        event = wish(guest, luna, "coffee", to=served.venue.issuer.public, at=served.clock.now())
        (answer,) = await served.post(guest, event)
        assert answer.tag("a") == luna
        assert await place.balances(guest) == {"cafe-sol": 12, "bar-luna": 8}


async def test_the_old_form_in_one_program_only(tmp_path: Path) -> None:
    """A kind 4 is read for the program that allows it; the other one is not moved, though its key is the same."""
    async with street(tmp_path, second="nip04 = true") as place:
        npub = npub_encode(place.served.guest.public)
        assert await place.served.write(place.sol, f"grant {npub} 5", nip04=True) == []
        assert await place.served.write(place.sol, f"cafe-sol grant {npub} 5", nip04=True) == []
        assert await place.balances(place.served.guest) == {}
        (answer,) = await place.served.write(place.luna, f"grant {npub} 5", nip04=True)
        assert answer.text.startswith("+5")


async def test_choices_are_made_per_program(tmp_path: Path) -> None:
    """A language, an openness and a forgetting at one program leave the other as it is."""
    async with street(tmp_path) as place:
        guest = place.served.guest
        await place.order("cafe-sol", "1", guest)
        await place.order("bar-luna", "1", guest)
        assert "Saldo en Bar Luna" in await place.says(guest, "bar-luna balance")
        assert "Balance at Café Sol" in await place.says(guest, "cafe-sol balance")
        await place.says(guest, "bar-luna language en")
        assert "Balance at Bar Luna" in await place.says(guest, "bar-luna balance")
        await place.says(guest, "bar-luna share public")
        await place.says(guest, "bar-luna forget me yes")
        assert await place.balances(guest) == {"cafe-sol": 12}
        assert "Balance at Café Sol" in await place.says(guest, "balance")


async def test_each_key_answers_for_its_own_programs(tmp_path: Path) -> None:
    """A letter to Café Sol's key is not about a program of another key of the same daemon."""
    served = Served(tmp_path, "private", extra=rules(reward()))
    other = Venue(tmp_path, served.venue.relays, slug="bar-luna")
    config = tmp_path / "config.toml"
    add_program(config, other)
    served.config = load(config)
    async with served:
        await served.take(served.order("1"))
        (answer,) = await served.write(served.guest, "bar-luna balance")
        assert "no command" in answer.text or "understand only" in answer.text
        (answer,) = await served.write(served.guest, "balance", to=other.issuer.public)
        assert (answer.carrier.pubkey == served.venue.issuer.public, answer.code) == (False, "customer-unknown")
        assert answer.tag("a") == other.address


@pytest.mark.parametrize("text", ["help", "blance", "hello"])
async def test_unclear_words_get_help_of_the_own_program(tmp_path: Path, text: str) -> None:
    """Somebody known in one program only is answered as that program."""
    async with street(tmp_path) as place:
        (answer,) = await place.served.write(place.luna, text)
        assert answer.tag("a") == place.served.programs.all[1].address


@pytest.mark.parametrize("text", ["hello", "help", "👋"])
async def test_who_asks_what_this_is_hears_of_each_program(tmp_path: Path, text: str) -> None:
    """Their titles, their names and their rules, once; `help` tells the commands too."""
    async with street(tmp_path) as place:
        stranger = new_key()
        said = await place.says(stranger, text)
        for title in ("Café Sol", "Bar Luna"):
            assert said.count(f"Welcome to the loyalty program of {title}!") == 1
        assert "Café Sol (cafe-sol), Bar Luna (bar-luna)" in said
        assert ("redeem <reward>" in said) == (text == "help")
        for each in (text, "balance", "cafe-sol balance", "bar-luna balance", "help"):
            assert "elcome to" not in await place.says(stranger, each)
        assert "prove <claim>" in await place.says(stranger, "help prove")
