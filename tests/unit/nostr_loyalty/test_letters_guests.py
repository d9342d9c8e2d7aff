"""What guests ask and do by message (protocol §10): questions, rewards, receipts, friends."""

from pathlib import Path

import pytest

from kinds import gift_wrap
from kinds.answer import parse_answer
from kinds.event import rumor_json
from tests.unit.nostr_loyalty.house import House, house
from tests.unit.nostr_loyalty.served import reward, table


async def receipt(place: House, order: str = "receipt", amount: str = "8000") -> str:
    """The code of an order that names nobody."""
    (answer,) = await place.served.take(place.served.order(order, amount, customer=None))
    assert answer.claim is not None
    return answer.claim


async def test_balance(tmp_path: Path) -> None:
    """Points, tier, what is missing for the next one, and what is ready to be used."""
    async with house(tmp_path) as place:
        await place.says("guest", "redeem coffee")
        answer = await place.says("guest", "balance")
        assert (answer.tag("balance"), answer.tag("tier"), answer.tag("seq")) == ("50", "silver", "3")
        lines = answer.text.splitlines()
        assert "Balance at Café Sol: 50 points." in lines
        assert lines[-1].startswith("Ready to be used: Coffee")
        assert [line for line in lines if "Gold" in line][-1] == "940 points more to Gold"


async def test_points_that_come_later_or_run_out(tmp_path: Path) -> None:
    """What is not yet booked is said to come, what has an end is said to end, and a word of it comes before."""
    guard = table("guard", customer_orders=2, action="hold")
    async with house(tmp_path, "private", guard, ttl="30d") as place:
        await place.served.take(place.served.order("order-3", "7000"))
        lines = (await place.says("guest", "balance")).text.splitlines()
        assert "7 points more come later." in lines
        assert any(line.startswith("60 points of them can be used up to ") for line in lines)
        place.served.later(days=20)
        await place.served.sweep()
        assert [text for text in await place.served.told() if "run out" in text] == [
            "60 points at Café Sol can be used up to 14 February 2027; then they run out."
        ]


async def test_history(tmp_path: Path) -> None:
    """The newest first, ten of them or as many as are asked for; no order id and no amount."""
    async with house(tmp_path) as place:
        for number in range(12):
            await place.served.take(place.served.order(f"o{number}", "1000"))
        assert len((await place.says("guest", "history")).text.splitlines()) == 11
        assert len((await place.says("guest", "history 3")).text.splitlines()) == 4
        text = (await place.says("guest", "history 100")).text
        assert len(text.splitlines()) == 15
        assert "balance 72" in text.splitlines()[1]
        assert not any(secret in text for secret in ("order-1", "o1", "40000", "sat"))


async def test_a_long_history_is_one_message(tmp_path: Path) -> None:
    """Hundred entries with long reasons stay below what relays take: a rumor of 4 KB, and the rest is counted."""
    async with house(tmp_path) as place:
        for _ in range(40):
            await place.says("owner", "grant {guest} 1 " + "é" * 200)
        answer = await place.says("guest", "history 100")
        assert len(rumor_json(gift_wrap.unwrap(answer.carrier, place.guest)).encode()) < 4_096
        assert answer.text.splitlines()[-1].startswith("… and ")


async def test_rewards(tmp_path: Path) -> None:
    """What can be had, by its word; of the rest what is missing: points, a tier, or that it is sold out."""
    tables = (
        reward("lamp", 20, stock=0), reward("cellar", 30, min_tier="gold"), reward("tea", 5, limit=1),
    )  # fmt: skip
    async with house(tmp_path, "private", *tables) as place:
        await place.says("guest", "redeem tea")
        lines = (await place.says("guest", "rewards")).text.splitlines()
        found = {
            line.split(",")[0].removeprefix("• "): line.partition(": ")[2] for line in lines if line.startswith("•")
        }
        assert found["Coffee"] == "yours with “redeem coffee”"
        assert found["Cake"] == "You have 55 of 500 points"
        assert "sold out" in found["Lamp"]
        assert "higher tier" in found["Cellar"]
        assert "as often as" in found["Tea"]


@pytest.mark.parametrize("name", ["coffee", "Coffee", "COFFEE", "“coffee”"])
async def test_redeem(tmp_path: Path, name: str) -> None:
    """The points are taken at once, and the code is good at the till, once."""
    async with house(tmp_path) as place:
        answer = await place.says("guest", f"redeem {name}")
        code = answer.tag("voucher")
        assert (answer.code, answer.tag("points"), answer.tag("balance")) == ("done", "-10", "50")
        assert str(code) in answer.text
        assert await place.code("staff", f"use {code}") == "done"
        assert await place.code("staff", f"use {code}") == "voucher-used"


async def test_redeem_says_what_is_missing(tmp_path: Path) -> None:
    """Not a bare no: "You have 60 of 500 points"; and nothing moves."""
    async with house(tmp_path) as place:
        answer = await place.says("guest", "redeem cake")
        assert answer.code == "points-missing"
        assert "You have 60 of 500 points" in answer.text
        assert await place.code("guest", "redeem moon") == "reward-unknown"
        assert await place.served.moved() == [40, 20]


async def test_cancel(tmp_path: Path) -> None:
    """The points come back, once."""
    async with house(tmp_path) as place:
        code = (await place.says("guest", "redeem coffee")).tag("voucher")
        assert (await place.says("guest", f"cancel {code}")).tag("balance") == "60"
        assert await place.code("guest", f"cancel {code}") == "voucher-cancelled"
        assert await place.code("staff", f"use {code}") == "voucher-cancelled"


@pytest.mark.parametrize(
    "form", ["{code}", "claim {code}", "claim {lower}", "claim {groups}", "{link}", "claim {link}"]
)
async def test_claim(tmp_path: Path, form: str) -> None:
    """A receipt's points, by its code however it is written, or by the link of its QR code; a bare code is none."""
    async with house(tmp_path) as place:
        (event,) = [place.served.order("receipt", "8000", customer=None)]
        await place.served.deliver(event)
        ((wrap, _),) = [one for one in await place.served.sealed() if one[1].label == "answer"]
        answer = parse_answer(gift_wrap.unwrap(wrap, place.served.venue.till))
        code = str(answer.claim)
        said = form.format(code=code, lower=code.lower(), groups=code.replace("-", " "), link=answer.claim_uris[0])
        claimed = await place.says("stranger", said)
        if form == "{code}":
            assert await place.served.moved(place.stranger.public) == []
            return
        assert (claimed.code, claimed.tag("points"), claimed.tag("balance")) == ("done", "+8", "8")
        assert await place.code("guest", f"claim {code}") == "claim-used"


async def test_wrong_claim_codes_are_counted(tmp_path: Path) -> None:
    """Bug 47: after five wrong codes a key waits for an hour, with the right one too; another key does not."""
    async with house(tmp_path) as place:
        code = await receipt(place)
        for number in range(5):
            assert await place.code("guest", f"claim 0000-0000-0000-000{number}") == "claim-unknown"
        assert await place.code("guest", f"claim {code}") == "claim-too-many-attempts"
        assert await place.code("stranger", f"claim {code}") == "done"
        place.served.later(hours=1)
        assert await place.code("guest", f"claim {code}") == "claim-used"


async def test_feedback(tmp_path: Path) -> None:
    """Once for an order, and the points come with it."""
    async with house(tmp_path) as place:
        answer = await place.says("guest", "feedback The cake was great, thank you!")
        assert (answer.code, answer.tag("balance")) == ("done", "63")
        assert await place.code("guest", "feedback again") == "feedback-given"
        async with place.served.database.read() as r:
            assert await r.rows("SELECT text FROM feedback") == [("The cake was great, thank you!",)]


async def test_refer(tmp_path: Path) -> None:
    """Bug 49: the friend is counted once, never oneself; both have points when the friend's order has stood."""
    async with house(tmp_path) as place:
        assert await place.code("guest", "refer {guest}") == "referral-self"
        assert await place.code("guest", "refer {stranger}") == "done"
        assert await place.code("guest", "refer {stranger}") == "referral-known"
        await place.served.take(place.served.order("first", "1000", customer=place.stranger.public))
        place.served.later(days=8)
        await place.served.sweep()
        assert (await place.served.balance(), await place.served.balance(place.stranger.public)) == (67, 6)


async def test_proof_is_not_there_yet(tmp_path: Path) -> None:
    """The answer says so, and nothing is attested."""
    async with house(tmp_path) as place:
        answer = await place.says("guest", "proof")
        assert (answer.code, answer.tag("proof")) == ("proof-not-yet", None)
        assert "does not publish its total yet" in answer.text


async def test_a_mistyped_reward(tmp_path: Path) -> None:
    """The nearest one is named, by what is to be written; nothing is redeemed by it, and what is like none is told."""
    async with house(tmp_path, "private", reward("slice", 20, title="A slice of almond cake")) as place:
        for said, meant in (
            ("coffe", "coffee"), ("Cofee", "coffee"), ("a slice of almond cakes", "slice"), ("kake", "cake"),
        ):  # fmt: skip
            answer = await place.says("guest", f"redeem {said}")
            assert answer.code == "reward-unknown"
            assert f"Did you mean “{meant}”? “rewards” tells what there is." in answer.text
        answer = await place.says("guest", "redeem xylophone")
        assert answer.text == "The program has no such reward. “rewards” tells what there is."
        assert "coffee" in (await place.says("staff", "redeem {guest} coffe")).text
        assert await place.served.moved() == [40, 20]


async def test_a_reward_out_of_season_says_when(tmp_path: Path) -> None:
    """By its first and its last day, to whoever asks for it and in the list; in the guest's language."""
    tables = (reward("juice", 5, valid_from="2027-06-01", valid_until="2027-08-31"),)
    async with house(tmp_path, "private", *tables) as place:
        place.served.set_clock("2027-05-31 23:59")
        for text in ("redeem juice", "rewards"):
            assert "not to be had yet. (from 1 June 2027 on)" in (await place.says("guest", text)).text
        place.served.set_clock("2027-09-01 00:00")
        for text in ("redeem juice", "rewards"):
            assert "no longer to be had. (up to 31 August 2027)" in (await place.says("guest", text)).text
        await place.says("guest", "language es")
        assert "(hasta el 31 de agosto de 2027)" in (await place.says("guest", "canjear juice")).text


async def test_whose_points_are_missing(tmp_path: Path) -> None:
    """An operator reads of the guest, not of itself; what a guest owes is no 0."""
    async with house(tmp_path) as place:
        assert "(You have 60 of 500 points)" in (await place.says("guest", "redeem cake")).text
        assert "(The guest has 60 of 500 points)" in (await place.says("staff", "redeem {guest} cake")).text
        await place.says("guest", "redeem coffee")
        await place.served.take(place.served.order("order-1", "40000", status="refunded"))
        await place.served.take(place.served.order("order-2", "20000", status="refunded"))
        assert await place.served.balance() == -10
        assert "(The guest has -10 of 10 points)" in (await place.says("staff", "redeem {guest} coffee")).text
        assert "You have -10 of 10 points" in (await place.says("guest", "rewards")).text


async def test_a_name_that_cannot_be_found(tmp_path: Path) -> None:
    """A name at a host of no domain is written well enough: the answer says that it leads nowhere."""
    async with house(tmp_path) as place:
        for text in ("grant bob@localhost 5", "refer bob@localhost"):
            said = (await place.says("owner" if "grant" in text else "guest", text)).text
            assert said.startswith("No key can be found under the name bob@localhost; give an npub.")
