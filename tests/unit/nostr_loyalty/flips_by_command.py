"""Scenes in which somebody asks for something, for flips of the settings that decide on it."""

from __future__ import annotations

from typing import Any

from nostr_loyalty.commands.command import Claim, Command, Grant, Redeem, Refer, Use
from tests.unit.nostr_loyalty.correspondence import letter
from tests.unit.nostr_loyalty.flips import FRIEND, PLAIN, Bill, Scene, for_guest, order
from tests.unit.nostr_loyalty.served import Served
from tests.venue import new_key


def redeeming(*rewards: str, points: int = 100, days: int = 0) -> Scene:
    """What becomes of the guest's attempts to redeem these; `days` pass between them."""

    async def scene(served: Served) -> list[str]:
        await served.take(order(served, 1, Bill(f"{points}000")))
        codes = []
        for name in rewards:
            codes.append((await served.asks(Redeem(name))).code)
            served.later(days=days)
        return codes

    return scene


def voucher(what: str, reward: str = "coffee", bill: Any = None) -> Scene:
    """What a voucher costs, says or gives when it is used."""

    async def scene(served: Served) -> object:
        await served.take(order(served, 1, Bill("100000")))
        issued = await served.asks(Redeem(reward))
        if what in ("text", "points"):
            return issued.text.split(":")[0] if what == "text" else issued.facts["points"]
        used = await served.command(Use(str(issued.facts["voucher"]), bill))
        return used.text if what == "used" else used.facts["charged"]

    return scene


def commands(*asked: Command, actor: str | None = None, minutes: int = 0) -> Scene:
    """What becomes of these commands by an operator; `minutes` pass between them."""

    async def scene(served: Served) -> list[str]:
        await served.command(Grant(served.guest.public, 500))
        codes = []
        for one in asked:
            codes.append((await served.command(for_guest(served, one), actor=actor)).code)
            served.later(minutes=minutes)
        return codes

    return scene


def claiming(*codes: str, days: int = 0) -> Scene:
    """What becomes of claims: "right" is a receipt's code, everything else is sent as it is; "other" by another key."""

    async def scene(served: Served) -> list[str]:
        (receipt,) = await served.take(order(served, 1, Bill(customer=None)))
        served.later(days=days)
        outcomes = []
        for code in codes:
            actor = FRIEND.public if code == "other" else None
            outcomes.append((await served.asks(Claim(str(receipt.claim) if code == "right" else code), actor)).code)
        return outcomes

    return scene


def bringing(*, friends: int = 1, days: int = 0) -> Scene:
    """What bringing a friend gave: to the guest, to the friend, and the refusals."""

    async def scene(served: Served) -> tuple[int, int, list[str]]:
        await served.take(order(served, 0, Bill("1000")))
        keys = [FRIEND.public, *(new_key().public for _ in range(friends - 1))]
        refused = [one.code for one in [await served.asks(Refer(key)) for key in keys] if one.result == "refused"]
        await served.take(order(served, 1, Bill("0", customer=FRIEND.public)))
        served.later(days=days)
        await served.sweep()
        return await served.balance(), await served.balance(FRIEND.public), refused

    return scene


def wrote(command: Command) -> Scene:
    """What an order and a command by the guest led to."""

    async def scene(served: Served) -> list[int]:
        await served.take(order(served, 1, PLAIN))
        await served.asks(command)
        return await served.moved()

    return scene


def held_for(days: int) -> Scene:
    """What becomes of a voucher that nobody uses."""

    async def scene(served: Served) -> list[int]:
        await served.take(order(served, 1, Bill("100000")))
        await served.asks(Redeem("coffee"))
        served.later(days=days)
        await served.sweep()
        return await served.moved()

    return scene


async def a_stranger_is_heard(served: Served) -> bool:
    """Whether a letter of somebody unknown, in a wrap that cost no work, is answered."""
    await served.deliver(letter(new_key(), "help", to=served.venue.issuer.public, at=served.clock.now()))
    return bool(await served.promises())
