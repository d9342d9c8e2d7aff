"""What there is to see of a setting: small scenes on a served program, and what a flip of a setting is.

Each scene gives something plain: points, codes, texts. A flip says what is seen before it and after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from kinds.event import Event, sign
from kinds.order import Amount, Item, Line, PaidOrder, Payment, template
from kinds.tags import value
from nostr_loyalty.cli.main import main
from nostr_loyalty.commands.command import Command
from nostr_loyalty.rules import earning
from nostr_loyalty.rules.earning import CustomerFacts, OrderFacts
from tests.unit.nostr_loyalty.served import Served
from tests.venue import new_key

Scene = Callable[[Served], Awaitable[object]]
FRIEND, OPERATOR, OTHER_TILL = new_key(), new_key(), new_key()


class Flip(NamedTuple):
    """A setting (`key`: its path below [[program]]), the program's lines before and after, what is done, what is seen.

    `edits`: instead of lines, what is replaced in the file.
    """

    key: str
    before: str
    after: str
    scene: Scene
    seen: tuple[object, object]
    edit: tuple[str, str] | None = None
    visibility: str = "public"


class Bill(NamedTuple):
    """An order of the guest."""

    amount: str = "12000"
    unit: str = "sat"
    lines: tuple[tuple[str, str], ...] = ()
    items: tuple[tuple[str, str, str], ...] = ()
    payment: str | None = None
    hours: int = 0
    customer: str | None = ""


PLAIN = Bill()


def order(served: Served, number: int, bill: Bill) -> Event:
    """The bill as the till reports it; paid `hours` after now."""
    venue, at = served.venue, served.clock.now() + bill.hours * 3_600
    paid = PaidOrder(
        order_id=f"order-{number}", program=venue.address, issuer=venue.issuer.public, source=venue.till.public,
        customer=served.guest.public if bill.customer == "" else bill.customer, status="paid",
        amount=Amount(bill.amount, bill.unit), paid_at=at,
        lines=tuple(Line(kind, Amount(part, bill.unit)) for kind, part in bill.lines),
        items=tuple(Item(name, many, Amount(part, bill.unit)) for name, many, part in bill.items),
        payment=Payment(bill.payment) if bill.payment else None,
    )  # fmt: skip
    return sign(template(paid, at), venue.till)


def earns(*bills: Bill, at: str | None = None) -> Scene:
    """The points of these orders, one after another; `at`: when, by the venue's clock."""

    async def scene(served: Served) -> list[int | None]:
        if at is not None:
            served.set_clock(at)
        answers = []
        for number, bill in enumerate(bills):
            answers += await served.take(order(served, number, bill))
        return [answer.points for answer in answers]

    return scene


def moves(*steps: Bill | Command | int | str) -> Scene:
    """The guest's entries after orders, commands by the venue, days that pass, and "sweep"."""

    async def scene(served: Served) -> list[int]:
        for number, step in enumerate(steps):
            await _step(served, number, step)
        return await served.moved()

    return scene


async def _step(served: Served, number: int, step: Bill | Command | int | str) -> None:
    if isinstance(step, Bill):
        await served.take(order(served, number, step))
    elif isinstance(step, int):
        served.later(days=step)
    elif isinstance(step, str):
        await served.sweep()
    else:
        await served.command(for_guest(served, step))


def for_guest(served: Served, command: Command) -> Command:
    """The command; where it names "guest", the guest is meant."""
    if getattr(command, "who", None) == "guest":
        return replace(command, who=served.guest.public)
    return command


async def answer_of(served: Served, what: str, bill: Bill) -> Any:
    """One field of the answer to an order."""
    (said,) = await served.take(order(served, 1, bill))
    return getattr(said, what)


def answer(what: str, bill: Bill = PLAIN, /) -> Scene:
    """The same as a scene."""
    return lambda served: answer_of(served, what, bill)


def line(*bills: Bill) -> Scene:
    """The order monitor's line for the last of these orders."""

    async def scene(served: Served) -> str:
        for number, bill in enumerate(bills):
            await served.promises()
            await served.deliver(order(served, number, bill))
        return (await served.told(served.venue.till))[0]

    return scene


def tiers(*steps: Bill | Command | int | str) -> Scene:
    """The guest's tier after these."""

    async def scene(served: Served) -> str | None:
        await moves(*steps)(served)
        return (await served.standing()).tier

    return scene


def flagged(*bills: Bill) -> Scene:
    """How many flags there are after these orders, how many are held, and the balance."""

    async def scene(served: Served) -> tuple[int, int, int]:
        await earns(*bills)(served)
        async with served.database.read() as r:
            ((count, held),) = await r.rows("SELECT count(*), coalesce(sum(held), 0) FROM flag")
        return count, held, await served.balance()

    return scene


async def explained(served: Served) -> list[str]:
    """The names of the rules that have a say in an order."""
    facts = OrderFacts(12_000_000, "msat", served.clock.now())
    parts, _ = earning.explain(served.program.rules, facts, CustomerFacts())
    return [part.rule for part in parts]


async def reported(served: Served) -> object:
    """What a point is worth in the report."""
    await served.take(order(served, 1, PLAIN))
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        await asyncio.to_thread(main, ["report", "--json", "--config", str(served.venue.folder / "config.toml")])
    found = json.loads(out.getvalue())
    return (found[0] if isinstance(found, list) else found)["point_value"]


async def labels(served: Served) -> set[str]:
    """What is promised because of an order."""
    await served.deliver(order(served, 1, PLAIN))
    return {promised.label for promised in await served.promises()}


async def told_in_private(served: Served) -> str:
    """Where a notice says that the points are from."""
    await served.deliver(order(served, 1, PLAIN))
    return (await served.told())[0]


async def month_of_visit(served: Served) -> int:
    """The month in which an order counts that was paid when it was June in Madrid and still May in Lima."""
    served.clock.step(datetime(2027, 5, 31, 23, tzinfo=UTC).timestamp() - served.clock.now())
    await served.take(order(served, 1, PLAIN))
    return (await served.standing()).month


async def another_till(served: Served) -> str:
    """What another till is told about an order."""
    served.venue.till = OTHER_TILL
    return await answer_of(served, "result", PLAIN)


async def displays(served: Served) -> int:
    """How many kitchen displays an order is shown on."""
    await served.deliver(order(served, 1, PLAIN))
    return sum(value(event.tags, "p") == OPERATOR.public for event, _ in await served.sealed())


def warned(days: int) -> Scene:
    """What a sweep does so many days after an order."""

    async def scene(served: Served) -> dict[str, int]:
        await served.take(order(served, 1, PLAIN))
        served.later(days=days)
        return await served.sweep()

    return scene


def refunded_before(days: int) -> Scene:
    """What is left of an order whose refund came so many days before it."""

    async def scene(served: Served) -> list[int]:
        early = served.order("order-1", "6000", status="refunded", refund_id="a", at=served.clock.now() - 5)
        await served.take(early)
        served.later(days=days)
        await served.sweep()
        await served.take(order(served, 1, PLAIN))
        return await served.moved()

    return scene


async def links(served: Served) -> int:
    """How many links a receipt without a customer has for its QR code."""
    return len(await answer_of(served, "claim_uris", Bill(customer=None)))


async def demoted(served: Served) -> str | None:
    """The tier of a guest whose order was taken back."""
    await served.take(order(served, 1, PLAIN))
    await served.take(served.order("order-1", status="canceled"))
    return (await served.standing()).tier
