"""After a card moved to another key: what either key can still do, and what follows it."""

from pathlib import Path

import pytest

from kinds import registry
from kinds.event import to_json
from nostr_loyalty.commands.command import (
    Claim,
    Command,
    Feedback,
    Freeze,
    Grant,
    Redeem,
    Refer,
    Relink,
    Revoke,
    RevokeEntry,
    Undo,
)
from tests.unit.nostr_loyalty.served import Served, earn, reward, rules
from tests.unit.nostr_loyalty.test_desk_relink import moved_to
from tests.venue import new_key


@pytest.mark.parametrize("command", [Redeem("coffee"), Claim("0000-0000-0000-0000"), Refer(new_key().public)])
async def test_the_old_key_spends_nothing(tmp_path: Path, command: Command) -> None:
    """Bug 45: whoever has the lost key gets nothing for it: its card is frozen, the new one is not."""
    extra = rules(reward(), earn("referral", 5, friend_points=5))
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-1", "50000"))
        new = await moved_to(served)
        assert (await served.asks(command)).code == "customer-frozen"
        assert (await served.asks(command, new)).code in ("done", "claim-unknown")
        assert await served.balance(new) in (40, 50)


async def test_operators_may_name_either(tmp_path: Path) -> None:
    """A grant, a revocation, a freeze that names the old key is the new one's."""
    async with Served(tmp_path, extra=rules(reward())) as served:
        await served.take(served.order("order-1"))
        new = await moved_to(served)
        for command, balance in ((Grant(served.guest.public, 3), 15), (Revoke(served.guest.public, 5), 10)):
            outcome = await served.command(command)
            assert (outcome.facts["customer"], outcome.facts["balance"]) == (new, balance)
        outcome = await served.command(Redeem("coffee", served.guest.public))
        assert outcome.facts["customer"] == new
        await served.command(Freeze(served.guest.public))
        assert (await served.asks(Redeem("coffee"), new)).code == "customer-frozen"
        await served.assert_clean()


async def test_a_frozen_card_stays_frozen(tmp_path: Path) -> None:
    """Freezing is not undone by another key."""
    async with Served(tmp_path, extra=rules(reward())) as served:
        await served.take(served.order("order-1"))
        await served.command(Freeze(served.guest.public))
        new = await moved_to(served)
        assert (await served.asks(Redeem("coffee"), new)).code == "customer-frozen"


async def test_bonuses_follow(tmp_path: Path) -> None:
    """Feedback and its points, given with the old key, go with the order's refund; once per order with either key."""
    async with Served(tmp_path, extra=rules(earn("feedback", 5))) as served:
        await served.take(served.order("order-1"), served.order("order-2"))
        await served.asks(Feedback("Good", "order-1"))
        new = await moved_to(served)
        assert (await served.asks(Feedback("Good", "order-1"), new)).code == "feedback-given"
        assert (await served.asks(Feedback("Good too"), new)).facts["order"] == "order-2"
        for order in ("order-1", "order-2"):
            await served.take(served.order(order, status="canceled"))
        assert (await served.balance(new), (await served.standing(new)).earned_points) == (0, 0)
        await served.assert_clean()


async def test_friends_follow(tmp_path: Path) -> None:
    """Bug 49: a friend of the old key rewards the new one; a friend who changes the key first still counts once."""
    friend, moved_friend = new_key().public, new_key().public
    extra = rules(earn("referral", 20, friend_points=10, vest="1d"))
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-0", "1000"))
        await served.asks(Refer(friend))
        new = await moved_to(served)
        await served.command(Relink(friend, moved_friend))
        await served.take(served.order("order-1", "1000", customer=moved_friend))
        served.later(days=1)
        assert await served.sweep() == {"referrals": 1}
        assert (await served.balance(new), await served.balance(moved_friend)) == (21, 11)
        await served.take(served.order("order-1", status="canceled", customer=moved_friend))
        assert (await served.balance(new), await served.balance(moved_friend)) == (1, 0)
        await served.assert_clean()


async def test_a_known_customer_is_no_new_friend(tmp_path: Path) -> None:
    """Bug 49: somebody who was brought with a fresh key and turns out to be an old customer rewards nobody."""
    fresh, known = new_key().public, new_key().public
    extra = rules(earn("referral", 20, friend_points=10, vest="0d"))
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-0", "1000"), served.order("order-1", "1000", customer=known))
        await served.asks(Refer(fresh))
        await served.command(Relink(fresh, known))
        await served.assert_clean()
        await served.take(served.order("order-2", "1000", customer=known))
        await served.sweep()
        assert (await served.balance(), await served.balance(known)) == (1, 2)
        await served.assert_clean()


async def test_once(tmp_path: Path) -> None:
    """The same key, a key that moved before, on either side, and one that nobody knows are refused; it stays."""
    old, new, other = (new_key().public for _ in range(3))
    async with Served(tmp_path) as served:
        await served.command(Grant(old, 5))
        for pair, code in (
            ((old, old), "relink-same"), ((other, new), "customer-unknown"), ((old, new), "done"),
            ((old, other), "relink-done"), ((new, old), "relink-done"), ((new, other), "done"),
        ):  # fmt: skip
            assert (await served.command(Relink(*pair))).code == code
        assert (await served.command(Undo())).code == "undo-impossible"
        assert [await served.balance(key) for key in (old, new, other)] == [0, 0, 5]
        await served.assert_clean()


async def test_entries_of_the_old_chain_are_closed(tmp_path: Path) -> None:
    """A credit of the old key cannot be taken back by its entry: its points are gone from there; the new one's can."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1"))
        new = await moved_to(served)
        async with served.database.read() as r:
            refs = [ref for (ref,) in await r.rows("SELECT lower(hex(ref)) FROM entry ORDER BY id")]
        assert (await served.command(RevokeEntry(refs[0]))).code == "entry-not-reversible"
        assert (await served.command(RevokeEntry(refs[2]))).facts["balance"] == 0
        await served.take(served.order("order-1", status="canceled"))
        assert await served.moved(new) == [12, -12]
        await served.assert_clean()


async def test_what_was_chosen_holds_for_the_new_key(tmp_path: Path) -> None:
    """Who had said `share private` in a public program is not shown to everybody by its new key; notices and language
    go along too. A badge, and that all may see it, is to be said anew: it names the new key.
    """
    fresh = new_key()
    async with Served(tmp_path, "public", extra=rules(reward())) as served:
        await served.take(served.order("order-1"))
        for text in ("share private", "notify important", "language es", "badge on"):
            await served.write(served.guest, text)
        await served.sealed()
        await moved_to(served, fresh.public)
        await served.deliver(served.order("order-2", customer=fresh.public))
        events = [event for event, _ in await served.sealed() if event.pubkey == served.venue.issuer.public]
        assert registry.CARD in {event.kind for event in events}
        assert not any(fresh.public in to_json(event) for event in events if event.kind != registry.GIFT_WRAP)
        standing = await served.standing(fresh.public)
        assert (standing.shares, standing.notify, standing.language) == ("private", "important", "es")
        assert standing.badge == 0
        await served.assert_clean()


async def test_the_new_keys_own_choices_go_first(tmp_path: Path) -> None:
    """What it said before it had a card holds; of a key that had a card already nothing changes."""
    early, known = new_key(), new_key()
    async with Served(tmp_path, "public", extra=rules(reward())) as served:
        for key, to in ((served.guest, early), (other := new_key(), known)):
            await served.take(served.order(f"order-{to.public[:8]}", customer=key.public))
            await served.write(key, "share private")
            await served.write(key, "language es")
            if to is known:
                await served.take(served.order("order-known", customer=known.public))
            else:
                await served.write(early, "share public")
            assert (await served.command(Relink(key.public, to.public))).code == "done"
        assert (await served.standing(early.public)).shares == "public"
        assert (await served.standing(early.public)).language == "es"
        assert (await served.standing(known.public)).shares is None
        assert (await served.standing(other.public)).relinked_to is not None
        await served.assert_clean()
