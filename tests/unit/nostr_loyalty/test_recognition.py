"""A verified message becomes an order or a rejection; the codes stand in order of precedence."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kinds.event import Template, sign
from kinds.keys import SecretKey
from nostr_loyalty.intake.recognition import FUTURE_S, Message, NotForUs, OrderMessage, Rejection, recognise
from tests.unit.nostr_loyalty.served import Served
from tests.venue import new_key

Change = Callable[[Template], Template]


def tag(name: str, *values: str) -> Change:
    """Put this in the place of the tag of that name."""
    return lambda template: template._replace(
        tags=tuple((name, *values) if each[0] == name else each for each in template.tags)
    )


def without(name: str) -> Change:
    """Take the tag of that name away."""
    return lambda template: template._replace(tags=tuple(each for each in template.tags if each[0] != name))


@dataclass
class Case:
    """A fault, the code it is known by."""

    code: str
    change: Change
    by_stranger: bool = False


FAULTS = [
    Case("source-not-listed", lambda template: template, by_stranger=True),
    Case("order-no-program", without("a")),
    Case("order-no-id", without("order")),
    Case("order-bad-status", tag("status", "pending")),
    Case("order-bad-customer", tag("customer_pubkey", "ff" * 32)),
    Case("order-no-amount", without("amount")),
    Case("order-no-time", without("paid_at")),
    Case("order-from-the-future", tag("paid_at", str(1_800_000_000 + FUTURE_S + 1))),
    Case("order-amount-invalid", tag("amount", "0.0001", "msat")),
]


async def look(served: Served, change: Change, key: SecretKey | None = None) -> OrderMessage | Rejection | NotForUs:
    """What the message is taken for."""
    now = served.clock.now()
    template = change(served.venue.template("order-1", served.guest.public, at=now))
    event = sign(template, key or served.venue.till)
    message = Message(event.id, event.pubkey, event.created_at, event)
    return recognise(message, served.programs, served.venue.issuer.public, now)


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.code)
async def test_every_fault_has_its_code(tmp_path: Path, case: Case) -> None:
    """One fault alone is named by its own code, and there is somebody to answer it."""
    async with Served(tmp_path) as served:
        found = await look(served, case.change, new_key() if case.by_stranger else None)
        assert isinstance(found, Rejection)
        assert found.code == case.code
        assert found.relays


@pytest.mark.parametrize("first", range(len(FAULTS) - 1))
async def test_the_first_fault_of_the_list_is_named(tmp_path: Path, first: int) -> None:
    """Of two faults the one that stands earlier is named: who, which program, readable, when, how much."""
    before, after = FAULTS[first], FAULTS[first + 1]
    async with Served(tmp_path) as served:
        key = new_key() if before.by_stranger else None
        found = await look(served, lambda template: after.change(before.change(template)), key)
        assert isinstance(found, Rejection)
        # Without a program nobody can say who its sources are: there the order's own fault is named.
        assert found.code == ("order-no-program" if after.code == "order-no-program" else before.code)


async def test_a_message_from_the_future(tmp_path: Path) -> None:
    """The message's own date counts as its payment's does: more than fifteen minutes ahead of our clock is refused."""
    async with Served(tmp_path) as served:
        for ahead, taken in ((FUTURE_S, True), (FUTURE_S + 1, False)):
            at = served.clock.now() + ahead
            found = await look(served, lambda template, at=at: template._replace(created_at=at))
            assert isinstance(found, OrderMessage) is taken


async def test_a_no_is_said_in_words(tmp_path: Path) -> None:
    """Every refusal gives the order system a whole sentence, whichever room it comes from, and what it is about."""
    async with Served(tmp_path) as served:
        found = await look(served, without("amount"))
        assert isinstance(found, Rejection)
        assert found.sentence == "The order has no amount."
        found = await look(served, tag("a", f"37411:{served.venue.issuer.public}:another"))
        assert isinstance(found, Rejection)
        assert found.sentence.startswith(
            "The order names a program that this daemon does not serve. (no program 37411:"
        )


async def test_a_program_that_is_not_served(tmp_path: Path) -> None:
    """A readable order for another program of the same issuer is answered by the issuer's first program."""
    async with Served(tmp_path) as served:
        found = await look(served, tag("a", f"37411:{served.venue.issuer.public}:another"))
        assert isinstance(found, Rejection)
        assert (found.code, found.program, found.issuer) == ("program-unknown", None, served.venue.issuer.public)


async def test_the_till_clock_may_be_a_little_ahead(tmp_path: Path) -> None:
    """Bug 65: fifteen minutes ahead is taken, and so is any age: what was reported while we were down counts."""
    async with Served(tmp_path) as served:
        now = served.clock.now()
        for paid_at in (now + FUTURE_S, now - 300 * 86_400):
            assert isinstance(await look(served, tag("paid_at", str(paid_at))), OrderMessage)


async def test_what_is_no_order(tmp_path: Path) -> None:
    """A signed message of another kind is remembered as not understood, and nothing is done about it."""
    async with Served(tmp_path) as served:
        found = await look(served, lambda template: template._replace(kind=14))
        assert isinstance(found, NotForUs)
        assert found.code == "message-not-understood"


async def test_what_points_paid_is_known(tmp_path: Path) -> None:
    """Bug 11, 12: the part that points paid is added up from its lines; in another unit it is a fault."""

    def discount(unit: str) -> Change:
        line = ("line", "points_discount", "500", unit)
        return lambda template: template._replace(tags=(*template.tags, line, line))

    async with Served(tmp_path) as served:
        found = await look(served, discount("sat"))
        assert isinstance(found, OrderMessage)
        assert found.facts.by_points_minor == 1_000_000
        found = await look(served, discount("EUR"))
        assert isinstance(found, Rejection)
        assert found.code == "order-amount-invalid"
