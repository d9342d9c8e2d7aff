"""What the desk promises to the world: each kind of entry, notice, card and word, sealed and read as others read it."""

from pathlib import Path

import pytest

from kinds import card as wire_card
from kinds import direct_message, gift_wrap, nip44, registry
from kinds import entry as wire
from kinds.entry import ENTRY_TYPES, Entry
from kinds.event import Event
from kinds.keys import SecretKey
from kinds.tags import value
from ledger.units import Money
from nostr_loyalty.commands.command import Cancel, Grant, Redeem, Relink, Revoke, Use
from nostr_loyalty.rules.claiming import claim_hash
from tests.unit.nostr_loyalty.served import Served, opened, proof_of, reward, rules, table, tier
from tests.venue import new_key

EXTRA = rules(
    reward("coffee", 5), reward("five", 10, type="discount_amount", value="5 EUR"),
    table("tier_basis", by="points", grace="30d"), tier("bronze", 10), tier("gold", 100), ttl="30d",
)  # fmt: skip


async def life(served: Served, new: SecretKey) -> str:
    """Every type of entry: earned, redeemed, granted, revoked (by hand, by refund, of a redemption), expired, moved."""
    who = served.guest.public
    await served.deliver(served.order("order-1", "30000"), served.order("order-2"))
    code = str((await served.asks(Redeem("coffee"))).facts["voucher"])
    await served.asks(Cancel(code))
    five = str((await served.asks(Redeem("five"))).facts["voucher"])
    await served.command(Use(five, Money(250, "EUR")))
    await served.command(Grant(who, 7, "For the wait"))
    await served.command(Revoke(who, 3, "Counted twice"))
    await served.deliver(served.order("order-1", status="canceled"))
    served.later(days=20)
    await served.sweep()
    await served.deliver(served.order("order-3", "3000"))
    served.later(days=11)
    await served.sweep()
    await served.command(Relink(who, new.public))
    return code


def said(entries: list[Entry]) -> list[tuple[str, int]]:
    """Types and points."""
    return [(one.type, one.points) for one in entries]


OLD = [
    ("earned", 30), ("earned", 12), ("redeemed", -5), ("revoked", 5), ("redeemed", -10), ("revoked", 5),
    ("granted", 7), ("revoked", -3), ("revoked", -30), ("earned", 3), ("expired", -4), ("expired", -7), ("revoked", -3),
]  # fmt: skip
NEW = [("granted", 3)]


async def test_every_public_entry_is_read_by_anybody(tmp_path: Path) -> None:
    """Bug 61: each type is published once, signed, readable, and the chain of each key verifies from what was said."""
    async with Served(tmp_path, extra=EXTRA) as served:
        new = new_key()
        code = await life(served, new)
        sealed = await served.sealed()
        events = [event for event, promised in sealed if promised.label == "entry"]
        chains = [[one for one in events if value(one.tags, "p") == key.public] for key in (served.guest, new)]
        for chain, expected in zip(chains, (OLD, NEW), strict=True):
            wire.verify_chain(chain)
            assert said([wire.parse(one) for one in chain]) == expected
        entries = [wire.parse(one) for one in events]
        assert {one.type for one in entries} == set(ENTRY_TYPES)
        redeemed = next(one for one in entries if one.type == "redeemed")
        assert (redeemed.reward, redeemed.voucher, redeemed.tier) == ("coffee", claim_hash(code), "bronze")
        expired = next(one for one in entries if one.type == "expired")
        assert expired.lot in {event.id for event in events}
        moved = [one for one in entries if one.linked is not None]
        assert [one.linked for one in moved] == [events[-2].id]
        assert all(one.expires_at is not None for one in entries if one.type in ("earned", "granted"))
        reversed_ = [one for one in entries if one.revokes is not None]
        assert [one.points for one in reversed_] == [5, 5, -30]
        cards = [wire_card.parse(event) for event, promised in sealed if promised.label == "card"]
        assert [one.points for one in cards if one.customer == new.public][-1] == 3
        assert cards[0].tier_progress is not None
        assert code not in str([event for event, _ in sealed])
        await served.assert_clean()


async def test_every_notice_is_read_by_its_customer(tmp_path: Path) -> None:
    """Protocol section 7: each entry comes as a message with its proof, readable by its customer only; the card too."""
    async with Served(tmp_path, "private", extra=EXTRA) as served:
        new = new_key()
        code = await life(served, new)
        sealed = await served.sealed()
        for key, expected in ((served.guest, OLD), (new, NEW)):
            notices = [
                opened(event, key) for event, promised in sealed
                if promised.label == "notice" and value(event.tags, "p") == key.public
            ]  # fmt: skip
            proofs = [proof_of(one) for one in notices]
            wire.verify_chain(proofs)
            assert said([wire.parse(one) for one in proofs]) == expected
            for notice, (_, points) in zip(notices, expected, strict=True):
                assert f"{points:+d} point" in notice.text
                assert "balance" in notice.text.lower()
        clear = [(event.tags, event.content) for event, _ in sealed if event.kind != registry.GIFT_WRAP]
        assert served.guest.public not in str(clear)
        assert code not in str(clear)
        cards = [event for event, promised in sealed if promised.label == "card"]
        last = _card(cards[-1], new)
        assert (last.points, last.customer) == (3, new.public)
        await served.assert_clean()


def _card(event: Event, reader: SecretKey) -> wire_card.Card:
    text = nip44.decrypt(event.content, nip44.conversation_key(reader, event.pubkey))
    return wire_card.parse_private(text, event.pubkey)


@pytest.mark.parametrize("visibility", ["public", "private"])
async def test_words_that_are_about_no_entry(tmp_path: Path, visibility: str) -> None:
    """Tier reached, at risk, points about to run out: messages to the customer, in wraps, also of a public program."""
    async with Served(tmp_path, visibility, extra=EXTRA) as served:
        await life(served, new_key())
        words = [event for event, promised in await served.sealed() if promised.label == "word"]
        words = [event for event in words if value(event.tags, "p") == served.guest.public]
        heard = [direct_message.parse(gift_wrap.unwrap(event, served.guest)) for event in words]
        texts = [one.text for one in heard if value(one.tags, "e") is None]
        assert [text.split(" at ")[0] for text in texts] == ["You have reached Bronze", "11 points"]


async def test_a_promise_of_everything_that_was_booked(tmp_path: Path) -> None:
    """Bug 63: as many entries are promised as are booked, no more, in the order in which they were booked."""
    async with Served(tmp_path, extra=EXTRA) as served:
        await life(served, new_key())
        async with served.database.read() as r:
            booked = [ref for (ref,) in await r.rows("SELECT lower(hex(ref)) FROM entry ORDER BY id")]
        assert [event.id for event, promised in await served.sealed() if promised.label == "entry"] == booked
