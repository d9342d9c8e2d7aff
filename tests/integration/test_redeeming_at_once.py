"""Many at once for one thing: exactly one has it, and the others are told why not (Bug 25-28, 31)."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from kinds.keys import npub_encode
from nostr_loyalty.commands.command import Cancel, Command, Redeem, Revoke, Use
from nostr_loyalty.commands.outcome import Outcome
from nostr_loyalty.control.address import socket_of
from nostr_loyalty.control.client import connected
from nostr_loyalty.control.request import Asked
from nostr_loyalty.control.server import CONNECTIONS_MAX
from tests.clock import FakeClock
from tests.relays.scripted import ScriptedRelay
from tests.serving import serving
from tests.unit.nostr_loyalty.served import Served, reward, rules
from tests.venue import new_key

MANY = 64
TILLS = [new_key().public, new_key().public]
EXTRA = rules(
    reward("last", 10, stock=1), reward("all", 100), reward("once", 1, limit=1),
    operators=[npub_encode(each) for each in TILLS],
)  # fmt: skip

Wish = tuple[str | None, Command]
"""Who asks (None: the venue itself) for what."""
Ask = Callable[[Sequence[Wish]], Awaitable[list[Outcome]]]


def venue(folder: Path) -> Served:
    """A venue whose guests have something to spend, by a clock that shows the time."""
    served = Served(folder, extra=EXTRA)
    served.clock = FakeClock(int(time.time()))
    return served


async def rich(served: Served, guests: Sequence[str], sat: str = "100000") -> None:
    """Each of these has points."""
    await served.take(*(served.order(f"order-{at}", sat, customer=guest) for at, guest in enumerate(guests)))


def at_once(served: Served) -> Ask:
    """All at the same time, each as a call of its own, on one database."""

    async def ask(wishes: Sequence[Wish]) -> list[Outcome]:
        requests = [
            served.request(command, actor=actor, role="customer" if actor not in (None, *TILLS) else "operator")
            for actor, command in wishes
        ]
        return [outcome for (outcome,) in await asyncio.gather(*(served.commands.run([one]) for one in requests))]

    return ask


async def check_the_last_reward(ask: Ask, guests: Sequence[str]) -> None:
    """64 guests want the last one."""
    outcomes = await ask([(guest, Redeem("last")) for guest in guests])
    assert Counter(one.code for one in outcomes) == {"done": 1, "reward-sold-out": MANY - 1}
    assert all("sold out" in one.text for one in outcomes if one.result == "refused")


async def check_the_last_points(ask: Ask, guest: str) -> None:
    """One guest wants 64 times what the points are enough for once."""
    outcomes = await ask([(guest, Redeem("all"))] * MANY)
    assert Counter(one.code for one in outcomes) == {"done": 1, "points-missing": MANY - 1}


async def check_two_tills(ask: Ask, guest: str) -> None:
    """Two tills take one voucher, once and again."""
    (issued,) = await ask([(guest, Redeem("all"))])
    code = str(issued.facts["voucher"])
    outcomes = await ask([(till, Use(code)) for till in TILLS * 4])
    assert Counter(one.code for one in outcomes) == {"done": 1, "voucher-used": 7}


async def test_the_last_reward(tmp_path: Path) -> None:
    """Bug 25, 28: of 64 customers one gets it; the rest are told that it is sold out, and keep their points."""
    async with venue(tmp_path) as served:
        guests = [new_key().public for _ in range(MANY)]
        await rich(served, guests)
        await check_the_last_reward(at_once(served), guests)
        assert sorted([await served.balance(guest) for guest in guests]) == [90] + [100] * (MANY - 1)
        await served.assert_clean()


async def test_the_last_points(tmp_path: Path) -> None:
    """Bug 25: of 64 redemptions of one customer's last points one is done, and points are missing for the others."""
    async with venue(tmp_path) as served:
        await rich(served, [served.guest.public])
        await check_the_last_points(at_once(served), served.guest.public)
        assert await served.moved() == [100, -100]
        await served.assert_clean()


async def test_two_tills(tmp_path: Path) -> None:
    """Bug 26: a voucher that two tills take at once is used at one of them; the other is told so."""
    async with venue(tmp_path) as served:
        await rich(served, [served.guest.public])
        await check_two_tills(at_once(served), served.guest.public)
        assert await served.moved() == [100, -100]
        await served.assert_clean()


async def test_a_limit(tmp_path: Path) -> None:
    """Bug 27: what one customer may have once is had once, however many ask for it at once."""
    async with venue(tmp_path) as served:
        await rich(served, [served.guest.public])
        outcomes = await at_once(served)([(served.guest.public, Redeem("once"))] * MANY)
        assert Counter(one.code for one in outcomes) == {"done": 1, "reward-limit-reached": MANY - 1}
        await served.assert_clean()


async def test_used_and_cancelled(tmp_path: Path) -> None:
    """Bug 22, 26: a voucher that is used and cancelled at once ends in one of both ways."""
    async with venue(tmp_path) as served:
        guest, ask = served.guest.public, at_once(served)
        await rich(served, [guest])
        for turn in range(4):
            (issued,) = await ask([(guest, Redeem("last"))])
            code = str(issued.facts["voucher"])
            wishes: list[Wish] = [(TILLS[0], Use(code)), (guest, Cancel(code))]
            outcomes = await ask(wishes if turn % 2 else wishes[::-1])
            assert sorted(one.result for one in outcomes) == ["done", "refused"]
            if next(one for one in outcomes if one.result == "refused").code == "voucher-used":
                break
        await served.assert_clean()


@pytest.mark.parametrize("first", [0, 1])
async def test_revoked_while_it_is_redeemed(tmp_path: Path, first: int) -> None:
    """Bug 31: a revocation beside a redemption: whoever comes first, the sum is right, and a voucher that was issued on
    revoked points leaves them owed, also when it is cancelled.
    """
    async with venue(tmp_path) as served:
        guest = served.guest.public
        await rich(served, [guest])
        wishes: list[Wish] = [(guest, Redeem("all")), (None, Revoke(guest, 100))]
        outcomes = await at_once(served)(wishes if first == 0 else wishes[::-1])
        redeemed = outcomes[first]
        assert redeemed.code in ("done", "points-missing")
        assert await served.balance() == (-100 if redeemed.code == "done" else 0)
        if redeemed.code == "done":
            await served.asks(Cancel(str(redeemed.facts["voucher"])))
        assert await served.balance() == 0
        await served.assert_clean()


async def test_orders_and_commands_take_turns(tmp_path: Path) -> None:
    """Bug 25, 29, 58: orders by the event path beside redemptions by the command path: one chain, and nothing lost."""
    async with venue(tmp_path) as served:
        guest = served.guest.public
        await rich(served, [guest])
        orders = [served.order(f"more-{at}", "10000") for at in range(40)]
        requests = [served.request(Redeem("all"), role="customer") for _ in range(10)]
        results = await asyncio.gather(
            *(served.deliver(*orders[at : at + 5]) for at in range(0, 40, 5)),
            *(served.commands.run([one]) for one in requests),
        )
        outcomes = [result[0] for result in results if result is not None]
        done = sum(one.code == "done" for one in outcomes)
        assert 1 <= done <= 5
        assert {one.code for one in outcomes} <= {"done", "points-missing"}
        assert await served.balance() == 500 - 100 * done
        assert guest == served.guest.public
        await served.assert_clean()


async def test_beside_a_running_daemon(tmp_path: Path) -> None:
    """Bug 25, 26, 28: the same through the daemon's socket, over several connections."""
    one, two, guests = new_key().public, new_key().public, [new_key().public for _ in range(MANY)]
    async with venue(tmp_path) as served:
        await rich(served, [one, two, *guests])
    async with ScriptedRelay() as relay:
        served.venue.relays = [relay.url]
        served.venue.write_config()
        async with serving(tmp_path / "config.toml"):
            ask = over_the_socket(served)
            await check_the_last_reward(ask, guests)
            await check_the_last_points(ask, one)
            await check_two_tills(ask, two)
    async with served.again() as after:
        assert sorted([await after.balance(guest) for guest in guests]) == [90] + [100] * (MANY - 1)
        assert [await after.moved(guest) for guest in (one, two)] == [[100, -100]] * 2
        await after.assert_clean()


def over_the_socket(served: Served) -> Ask:
    """All at the same time, over half the connections that there may be: those of the call before end in their time."""

    async def talk(queue: asyncio.Queue[tuple[int, Asked]], outcomes: dict[int, Outcome]) -> None:
        async with connected(socket_of(served.config.daemon.database)) as daemon:
            while not queue.empty():
                place, asked = queue.get_nowait()
                outcomes[place] = await daemon.ask(asked)

    async def ask(wishes: Sequence[Wish]) -> list[Outcome]:
        queue: asyncio.Queue[tuple[int, Asked]] = asyncio.Queue()
        for place, (actor, command) in enumerate(wishes):
            role = "operator" if actor in (None, *TILLS) else "customer"
            queue.put_nowait((place, Asked(served.venue.slug, actor, role, secrets.token_hex(32), command)))
        outcomes: dict[int, Outcome] = {}
        await asyncio.gather(*(talk(queue, outcomes) for _ in range(CONNECTIONS_MAX // 2)))
        return [outcomes[place] for place in range(len(wishes))]

    return ask
