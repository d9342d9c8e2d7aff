"""Two daemons that write to each other stop by themselves: whatever one says is no question to the other.

A venue's key may be a guest somewhere else: its people use the key in a client, and so its daemon is written to by
another one. What reaches one daemon is handed to the other here until nobody says anything more.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kinds import registry
from kinds.event import Event
from kinds.tags import value
from ledger.outbox import Promised
from tests.unit.nostr_loyalty.correspondence import letter
from tests.unit.nostr_loyalty.served import Served, earn, reward, rules, table, tier
from tests.venue import new_key

ROUNDS_MAX = 20


class Pair:
    """Two daemons, and the post between them."""

    def __init__(self, one: Served, two: Served) -> None:
        self.one, self.two = one, two

    async def until_silence(self) -> int:
        """Hand on what each says, until both are silent; how many messages reached either."""
        delivered = 0
        for _ in range(ROUNDS_MAX):
            posts = [(self.two, await _said(self.one, self.two)), (self.one, await _said(self.two, self.one))]
            if not any(events for _, events in posts):
                return delivered
            for served, events in posts:
                delivered += len(events)
                await served.deliver(*events)
        raise AssertionError(f"still talking after {delivered} messages")


async def _said(speaker: Served, hearer: Served) -> list[Event]:
    """What a daemon says that the other one's key is to read."""
    kinds = (registry.GIFT_WRAP, registry.ENCRYPTED_MESSAGE)
    return [
        event for event, _ in await speaker.sealed()
        if event.kind in kinds and value(event.tags, "p") == hearer.venue.issuer.public
    ]  # fmt: skip


@asynccontextmanager
async def pair(folder: Path, *tables: str, **keys: object) -> AsyncIterator[Pair]:
    """Two venues, each of which the other's key is a guest and an owner of."""
    ones = []
    for name in ("one", "two"):
        (folder / name).mkdir()
        ones.append(Served(folder / name, "private"))
    for served, other in zip(ones, ones[::-1], strict=True):
        served.venue.extra = rules(*tables, reward(), operators=[other.venue.issuer.public], **keys)
        served.guest = other.venue.issuer
        served.venue.write_config()
    one, two = (served.again() for served in ones)
    async with one, two:
        yield Pair(one, two)


@pytest.mark.parametrize("nip04", [False, True], ids=["wrap", "kind-4"])
@pytest.mark.parametrize("text", ["balance", "hello", "blance", "help", "redeem coffee", "grant x", "forget me yes"])
async def test_an_answer_is_no_question(tmp_path: Path, text: str, nip04: bool) -> None:
    """The key of one daemon, used in a client, writes to the other: one answer comes, and nothing more."""
    async with pair(tmp_path, nip04=True) as both:
        key, to, at = both.one.venue.issuer, both.two.venue.issuer.public, both.two.clock.now()
        await both.two.deliver(letter(key, text, to=to, at=at, nip04=nip04))
        assert await both.until_silence() == 1
        assert both.one.path.counts["letter-answered"] == 0
        assert both.one.path.counts["message-by-a-daemon"] == 1


async def test_notices_are_no_questions(tmp_path: Path) -> None:
    """Whatever a daemon tells by itself to the key of another one: points, tiers, ends, what the guard noticed."""
    tables = (
        tier("gold", 10), earn("feedback", 3), table("guard", customer_orders=1),
        table("tier_basis", by="points", window="30d", grace="5d"),
    )  # fmt: skip
    async with pair(tmp_path, *tables, ttl="60d", nip04=True) as both:
        one = both.one
        await one.deliver(one.order("1", "20000"), one.order("2", "30000"))
        for days in (31, 6, 12, 12):
            one.later(days=days)
            both.two.later(days=days)
            await one.sweep()
        said = {promised.label for promised in await _promised(one)}
        assert said >= {"notice", "word", "answer", "card"}
        heard = await both.until_silence()
        assert heard >= 6
        assert both.two.path.counts["message-by-a-daemon"] == heard
        assert both.two.path.counts["letter-answered"] == 0


async def _promised(served: Served) -> list[Promised]:
    """What waits, without having asked for it."""
    seen = served._seen
    found = await served.promises()
    served._seen = seen
    return found


async def test_our_own_keys(tmp_path: Path) -> None:
    """What one of this daemon's keys writes to itself, or to another of them, is answered by nobody."""
    async with Served(tmp_path, "private", extra=rules(nip04=True)) as served:
        to, at = served.venue.issuer.public, served.clock.now()
        for nip04 in (False, True):
            for text in ("balance", f"grant {served.guest.public} 5", "help"):
                assert await served.write(served.venue.issuer, text, to=to, at=at, nip04=nip04) == []
        assert await served.moved() == []


@pytest.mark.parametrize("tag", ["answer", "proof", "result", "notice"])
async def test_what_says_to_be_by_a_daemon(tmp_path: Path, tag: str) -> None:
    """The tags by which one daemon knows another's words; whoever writes them is not answered, and moves nothing."""
    operator = new_key()
    async with Served(tmp_path, "private", extra=rules(operators=[operator.public])) as served:
        text = f"grant {served.guest.public} 5"
        for tags in ([(tag, "x")], [(tag,)]):
            assert await served.write(operator, text, tags=tags) == []
        assert await served.moved() == []
        assert len(await served.write(operator, text, tags=[("e", "0" * 64, "", "reply"), ("subject", "hi")])) == 1
