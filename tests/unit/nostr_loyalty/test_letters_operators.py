"""What operators do by message: each command of protocol §10, its effect, its answer, and what the guest is told."""

from pathlib import Path

import pytest

from kinds.keys import EventPointer, Profile, nevent_decode, nevent_encode, nprofile_encode, npub_encode
from tests.unit.nostr_loyalty.house import house
from tests.unit.nostr_loyalty.served import table
from tests.venue import new_key


async def test_grant(tmp_path: Path) -> None:
    """The points come with their reason and the operator's name; the answer holds the nevent, and the guest is told."""
    async with house(tmp_path) as place:
        answer = await place.says("manager", "grant {guest} 50 for the long wait")
        entry = (await place.served.chain())[-1]
        assert (entry.type, entry.points, entry.text, entry.by) == (
            "granted", 50, "for the long wait", place.manager.public,
        )  # fmt: skip
        assert (answer.code, answer.tag("points"), answer.tag("balance")) == ("done", "+50", "110")
        (pointer,) = [word.removeprefix("nostr:") for word in answer.text.split() if word.startswith("nostr:nevent")]
        named = nevent_decode(pointer)
        assert [named.id] == answer.all("entry")
        assert (named.author, named.kind) == (place.served.venue.issuer.public, 7411)
        assert place.heard("guest") == ["+50 points at Café Sol: for the long wait. Balance 110."]


async def test_a_guest_reads_why_an_operator_moved_points(tmp_path: Path) -> None:
    """The reason of a grant and of a revocation is in the words that the guest reads, in the guest's language; where
    there is none, the usual line.
    """
    async with house(tmp_path) as place:
        for said, heard in (
            ("grant {guest} 100 Happy birthday!", "+100 points at Café Sol: Happy birthday! Balance 160."),
            ("revoke {guest} 10 booked twice", "-10 points at Café Sol: booked twice. Balance 150."),
            ("grant {guest} 1", "+1 point at Café Sol, balance 151"),
        ):
            await place.says("owner", said)
            assert place.heard("guest") == [heard]
        entry = (await place.says("owner", "grant {guest} 5")).tag("entry")
        await place.says("owner", f"revoke {entry} for somebody else")
        assert place.heard("guest") == ["-5 points at Café Sol: for somebody else. Balance 151."]
        await place.says("guest", "language es")
        await place.says("owner", "grant {guest} 2 por la espera")
        assert place.heard("guest") == ["+2 points en Café Sol: por la espera. Saldo 153."]


async def test_a_grant_makes_a_card(tmp_path: Path) -> None:
    """Somebody who never ordered gets points, and can ask for them."""
    async with house(tmp_path) as place:
        assert await place.code("owner", "grant {stranger} 5") == "done"
        assert (await place.says("stranger", "balance")).tag("balance") == "5"


async def test_revoke_points(tmp_path: Path) -> None:
    """Points are taken, and the guest reads why."""
    async with house(tmp_path) as place:
        answer = await place.says("manager", "revoke {guest} 15 counted twice")
        assert (answer.tag("points"), answer.tag("balance")) == ("-15", "45")
        assert (await place.served.chain())[-1].text == "counted twice"
        assert place.heard("guest") == ["-15 points at Café Sol: counted twice. Balance 45."]


@pytest.mark.parametrize("form", ["nevent", "nostr:nevent", "hex"])
async def test_revoke_an_entry(tmp_path: Path, form: str) -> None:
    """By its nevent, as the answer to the grant has it, or by its id: what is left of it is taken, once."""
    async with house(tmp_path) as place:
        (entry,) = (await place.says("owner", "grant {guest} 50")).all("entry")
        nevent = nevent_encode(EventPointer(entry, (), None, None))
        name = {"nevent": nevent, "nostr:nevent": f"nostr:{nevent}", "hex": entry}[form]
        answer = await place.says("owner", f"revoke {name} a mistake")
        assert (answer.code, answer.tag("points"), answer.tag("balance")) == ("done", "-50", "60")
        assert await place.code("owner", f"revoke {name}") == "entry-reversed-before"
        assert (await place.served.chain())[-1].revokes == entry


async def test_refund(tmp_path: Path) -> None:
    """In part by an amount, then the rest: never more than the order earned."""
    async with house(tmp_path) as place:
        assert (await place.says("owner", "refund order-1 10000 sat")).tag("points") == "-10"
        assert (await place.says("owner", "refund order order-1")).tag("points") == "-30"
        assert await place.code("owner", "refund order-x") == "order-unknown"
        assert await place.served.balance() == 20
        await place.served.assert_clean()


@pytest.mark.parametrize("who", ["npub", "nostr:npub", "nprofile", "hex", "order", "@npub"])
async def test_whom_a_word_names(tmp_path: Path, who: str) -> None:
    """A guest is named by npub, nprofile, hex, a nostr: link, or as the guest of an order."""
    async with house(tmp_path) as place:
        key = place.guest.public
        named = {
            "npub": npub_encode(key), "nostr:npub": f"nostr:{npub_encode(key)}", "hex": key.upper(),
            "nprofile": nprofile_encode(Profile(key, ("wss://relay.example",))), "order": "order order-2",
            "@npub": f"@{npub_encode(key)}",
        }[who]  # fmt: skip
        assert (await place.says("staff", f"balance {named}")).tag("balance") == "60"
        assert (await place.says("owner", f"grant {named} 5 for you")).tag("balance") == "65"


async def test_an_order_that_names_nobody(tmp_path: Path) -> None:
    """An order that is not known, that nobody has claimed, or whose guest was forgotten: nobody is named."""
    async with house(tmp_path) as place:
        await place.served.take(place.served.order("receipt", customer=None))
        await place.says("guest", "forget me yes")
        for order in ("order-x", "receipt", "order-1"):
            answer = await place.says("owner", f"grant order {order} 5")
            assert (answer.code, answer.text) == ("answered", f"Order {order} is not known, or it names no guest.")


async def test_redeem_use_cancel_for_a_guest(tmp_path: Path) -> None:
    """At the till: a code for a guest, its use, once; another one, and its points back."""
    async with house(tmp_path) as place:
        answer = await place.says("staff", "redeem {guest} coffee")
        code = answer.tag("voucher")
        assert (answer.tag("points"), answer.tag("balance")) == ("-10", "50")
        assert str(code) in answer.text
        assert place.heard("guest") == ["-10 points at Café Sol, balance 50: Coffee"]
        used = await place.says("staff", f"use {code}")
        assert (used.code, used.tag("reward")) == ("done", "coffee")
        assert await place.code("manager", f"use {code}") == "voucher-used"
        other = (await place.says("manager", "redeem order order-1 Coffee")).tag("voucher")
        assert (await place.says("staff", f"cancel {other}")).tag("balance") == "50"
        assert await place.code("staff", f"use {other}") == "voucher-cancelled"
        assert await place.served.moved() == [40, 20, -10, -10, 10]
        await place.served.assert_clean()


async def test_freeze(tmp_path: Path) -> None:
    """A frozen guest spends nothing, sees so in its rewards, and earns; unfrozen it spends again."""
    async with house(tmp_path) as place:
        assert await place.code("owner", "freeze {guest}") == "done"
        assert await place.code("guest", "redeem coffee") == "customer-frozen"
        assert "redeem coffee" not in (await place.says("guest", "rewards")).text
        await place.served.take(place.served.order("order-3"))
        assert await place.code("owner", "unfreeze order order-3") == "done"
        assert await place.code("guest", "redeem coffee") == "done"


async def test_relink(tmp_path: Path) -> None:
    """Bug 50: a new key has everything; the lost one spends, asks and chooses nothing any more."""
    async with house(tmp_path) as place:
        new = new_key()
        code = (await place.says("guest", "redeem coffee")).tag("voucher")
        assert await place.code("owner", f"relink {{guest}} {npub_encode(new.public)}") == "done"
        for text in ("balance", "history", "rewards", "redeem coffee", f"cancel {code}", "feedback hi", "share public",
                     "forget me yes", "prove points 1 to {owner}", "claim 0000-0000-0000-0000"):  # fmt: skip
            answer = await place.says("guest", text)
            assert (answer.code, answer.tag("balance")) == ("customer-frozen", None), text
        assert (await place.says(new, "balance")).tag("balance") == "50"
        assert (await place.says("owner", "balance {guest}")).tag("balance") == "50"
        assert await place.code(new, f"cancel {code}") == "done"
        await place.served.assert_clean()


async def test_what_the_guard_holds(tmp_path: Path) -> None:
    """The operators are told of an order too many; an owner releases one and drops another."""
    guard = table("guard", customer_orders=2, action="hold")
    async with house(tmp_path, "private", guard) as place:
        served = place.served
        await served.take(served.order("order-3", "30000"), served.order("order-4", "40000"))
        assert (await served.balance(), await place.code("guest", "balance")) == (60, "answered")
        assert (await place.says("owner", "release order-3")).tag("balance") == "90"
        assert await place.code("owner", "drop order-4") == "done"
        assert await place.code("owner", "release order-4") == "order-not-held"
        assert await served.balance() == 90


async def test_undo(tmp_path: Path) -> None:
    """Each takes back its own last command, once, within the time: grant, revoke, redeem, use, freeze."""
    async with house(tmp_path) as place:
        assert await place.code("manager", "undo") == "undo-nothing"
        await place.says("manager", "grant {guest} 50")
        await place.says("owner", "grant {guest} 7")
        undone = await place.says("manager", "undo")
        assert (undone.code, undone.tag("points"), undone.tag("balance")) == ("done", "-50", "67")
        assert await place.code("manager", "undo") == "undo-nothing"
        await place.says("manager", "revoke {guest} 17")
        assert (await place.says("manager", "undo")).tag("balance") == "67"
        code = (await place.says("staff", "redeem {guest} coffee")).tag("voucher")
        await place.says("staff", f"use {code}")
        assert await place.code("staff", "undo") == "done"
        assert await place.code("staff", f"use {code}") == "done"
        await place.says("staff", "redeem {guest} coffee")
        assert await place.code("staff", "undo") == "done"
        await place.says("owner", "freeze {guest}")
        assert await place.code("owner", "undo") == "done"
        assert await place.code("guest", "redeem coffee") == "done"
        await place.says("owner", "grant {guest} 3")
        place.served.later(hours=1, seconds=1)
        assert await place.code("owner", "undo") == "undo-too-late"
        await place.served.assert_clean()


async def test_report(tmp_path: Path) -> None:
    """Today's figures, and those of the week and the month, which hold what was before today."""
    async with house(tmp_path) as place:
        served = place.served
        served.set_clock("2027-01-18 12:00")  # a Monday
        await served.take(served.order("monday", "5000"))
        served.later(days=1)
        await served.take(served.order("tuesday", "3000"))
        code = (await place.says("guest", "redeem coffee")).tag("voucher")
        await place.says("manager", "grant {stranger} 9")
        assert code
        lines = (await place.says("manager", "report")).text.splitlines()
        assert lines == [
            "Café Sol, today:", "points moved: 2 guests, 1 order", "earned: +3 points", "granted: +9 points",
            "redeemed: -10 points", "taken back: 0 points", "expired: 0 points",
        ]  # fmt: skip
        assert "earned: +8 points" in (await place.says("owner", "report week")).text
        assert "earned: +68 points" in (await place.says("owner", "report month")).text


async def test_history_of_a_guest(tmp_path: Path) -> None:
    """The newest first, as many as were asked for."""
    async with house(tmp_path) as place:
        await place.says("owner", "grant {guest} 1 one")
        await place.says("owner", "grant {guest} 2 two")
        (title, *lines) = (await place.says("manager", "history {guest} 2")).text.splitlines()
        assert [line.split(". ")[-1] for line in lines] == ["two", "one"]
        assert "Café Sol" in title
        assert len((await place.says("manager", "history order order-1")).text.splitlines()) == 5
