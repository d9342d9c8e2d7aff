"""Receipts that name nobody: a code, good once, for whoever shows it first."""

from pathlib import Path

import pytest

from nostr_loyalty.commands.command import Claim, Release, RevokeEntry
from tests.unit.nostr_loyalty.served import Served, earn, rules, table, tier
from tests.venue import new_key

WRONG = "0000-0000-0000-0000"


async def receipt(served: Served, order_id: str, amount: str = "12000", **more: object) -> str:
    """An order without a customer; its code."""
    (answer,) = await served.take(served.order(order_id, amount, customer=None, **more))
    assert answer.claim is not None
    return answer.claim


@pytest.mark.parametrize("typed", [str, str.lower, lambda code: code.replace("-", " ").replace("0", "O")])
async def test_a_receipt_is_claimed_once(tmp_path: Path, typed: object) -> None:
    """Bug 46, 48: whoever sends the code first, however it is typed, has the points, the visit and the spend; a second
    key gets nothing, nor does the first a second time.
    """
    async with Served(tmp_path) as served:
        code = typed(await receipt(served, "order-1"))
        outcome = await served.asks(Claim(code))
        assert (outcome.code, outcome.facts["points"], outcome.facts["balance"]) == ("done", 12, 12)
        assert (await served.asks(Claim(code))).code == "claim-used"
        assert (await served.asks(Claim(code), new_key().public)).code == "claim-used"
        standing = await served.standing()
        assert (standing.visits, standing.earned_points, standing.spent_minor) == (1, 12, 12_000_000)
        (again,) = await served.take(served.order("order-1", customer=None, at=served.clock.now() - 1))
        assert (again.result, again.points, again.balance) == ("duplicate", 12, 12)
        await served.assert_clean()


async def test_two_keys_at_once(tmp_path: Path) -> None:
    """Bug 25, 46: of two keys that send one code at the same time, one has it."""
    async with Served(tmp_path) as served:
        code = await receipt(served, "order-1")
        one, two = (served.request(Claim(code), actor=new_key().public, role="customer") for _ in range(2))
        outcomes = await served.commands.run([one, two])
        assert [each.code for each in outcomes] == ["done", "claim-used"]
        await served.assert_clean()


async def test_guesses_are_few(tmp_path: Path) -> None:
    """Bug 47: after so many wrong codes within the clock hour a key is heard no more, not even with the right code,
    whether or not the program has ever seen it; another key is, and so is the first in the next hour.
    """
    async with Served(tmp_path, extra=rules(claim_attempts=3)) as served:
        served.set_clock("2027-05-01 10:10")
        code = await receipt(served, "order-1")
        stranger, other = new_key().public, new_key().public
        codes = [(await served.asks(Claim(each), stranger)).code for each in [WRONG] * 3 + [WRONG, code]]
        assert codes == ["claim-unknown"] * 3 + ["claim-too-many-attempts"] * 2
        assert (await served.asks(Claim(WRONG), other)).code == "claim-unknown"
        served.set_clock("2027-05-01 10:59")
        assert (await served.asks(Claim(code), stranger)).code == "claim-too-many-attempts"
        served.set_clock("2027-05-01 11:00")
        assert (await served.asks(Claim(code), stranger)).code == "done"
        await served.assert_clean()


async def test_guesses_of_many_keys_are_few(tmp_path: Path) -> None:
    """Bug 47: keys cost nothing, so all wrong codes of an hour together have a bound too."""
    async with Served(tmp_path, extra=rules(claim_attempts=2, claim_attempts_all=4)) as served:
        code = await receipt(served, "order-1")
        codes = [(await served.asks(Claim(WRONG), new_key().public)).code for _ in range(5)]
        assert codes == ["claim-unknown"] * 4 + ["claim-too-many-attempts"]
        assert (await served.asks(Claim(code))).code == "claim-too-many-attempts"
        served.later(hours=1)
        assert (await served.asks(Claim(code))).code == "done"


async def test_a_right_code_is_no_guess(tmp_path: Path) -> None:
    """Codes that were used, ran out or were withdrawn do not count as wrong ones."""
    async with Served(tmp_path, extra=rules(claim_attempts=1)) as served:
        used, withdrawn = await receipt(served, "order-1"), await receipt(served, "order-2")
        await served.take(served.order("order-2", status="canceled", customer=None))
        assert (await served.asks(Claim(used))).code == "done"
        for code, expected in [(used, "claim-used"), (withdrawn, "claim-withdrawn")] * 2:
            assert (await served.asks(Claim(code))).code == expected
        assert (await served.asks(Claim(WRONG))).code == "claim-unknown"
        assert (await served.asks(Claim(WRONG))).code == "claim-too-many-attempts"


@pytest.mark.parametrize(("seconds", "code"), [(30 * 86_400 - 1, "done"), (30 * 86_400, "claim-expired")])
async def test_a_code_is_good_for_its_time(tmp_path: Path, seconds: int, code: str) -> None:
    """Thirty days after the order was recorded the code is no longer good."""
    async with Served(tmp_path) as served:
        claim = Claim(await receipt(served, "order-1"))
        served.later(seconds=seconds)
        assert (await served.asks(claim)).code == code


async def test_refunds_before_and_after_the_claim(tmp_path: Path) -> None:
    """What was refunded before the claim is not given; refunds after it take the rest, no more."""
    async with Served(tmp_path) as served:
        code = await receipt(served, "order-1")
        part = {"status": "refunded", "customer": None}
        await served.take(served.order("order-1", "3000", refund_id="a", **part))
        await served.assert_clean()
        assert (await served.asks(Claim(code))).facts["points"] == 9
        assert (await served.standing()).spent_minor == 9_000_000
        await served.assert_clean()
        await served.take(served.order("order-1", "3000", refund_id="b", **part))
        await served.take(served.order("order-1", "6000", refund_id="c", **part))
        assert await served.moved() == [9, -3, -6]
        standing = await served.standing()
        assert (standing.visits, standing.earned_points, standing.spent_minor) == (0, 0, 0)
        await served.assert_clean()


@pytest.mark.parametrize("first", [True, False])
async def test_the_welcome_is_the_claimants(tmp_path: Path, first: bool) -> None:
    """A customer's first order may be a claimed one: then the welcome comes with it, and goes with its refund."""
    async with Served(tmp_path, extra=rules(earn("welcome", 50))) as served:
        (answer,) = await served.take(served.order("order-1", customer=None))
        assert answer.points == 12
        if not first:
            await served.take(served.order("order-0", "1000"))
        await served.asks(Claim(str(answer.claim)))
        await served.take(served.order("order-2", "1000"))
        assert await served.moved() == ([62, 1] if first else [51, 12, 1])
        await served.take(served.order("order-1", status="canceled", customer=None))
        await served.take(served.order("order-3", "1000"))
        assert (await served.moved())[-1] == (51 if first else 1)
        await served.assert_clean()


async def test_caps_cut_the_claim_on_the_day_of_the_order(tmp_path: Path) -> None:
    """The room of the day on which it was paid counts, whenever it is claimed."""
    async with Served(tmp_path, extra=rules(table("cap", points=20, period="day"))) as served:
        served.set_clock("2027-05-01 10:00")
        code, other = await receipt(served, "order-1"), await receipt(served, "order-2", "15000")
        await served.take(served.order("order-3", "12000"))
        served.set_clock("2027-05-03 10:00")
        await served.take(served.order("order-4", "19000"))
        assert (await served.asks(Claim(code))).facts["points"] == 8
        outcome = await served.asks(Claim(other))
        assert (outcome.code, outcome.facts.get("points")) == ("done", None)
        await served.take(served.order("order-1", status="canceled", customer=None))
        assert await served.moved() == [12, 19, 8, -8]
        await served.assert_clean()


async def test_a_claim_reaches_a_tier_and_keeps_its_rate(tmp_path: Path) -> None:
    """Bug 38: nobody's tier multiplies a receipt, and its points count towards the next tier at once."""
    perk = table("perk", tier="gold", type="multiplier", value="2")
    async with Served(tmp_path, extra=rules(tier("silver", 10), tier("gold", 20), perk)) as served:
        await served.take(served.order("order-0", "10000"))
        code, other = await receipt(served, "order-1"), await receipt(served, "order-2")
        assert (await served.asks(Claim(code))).facts["points"] == 12
        assert (await served.standing()).tier == "gold"
        assert (await served.asks(Claim(other))).facts["points"] == 12
        await served.take(served.order("order-3"))
        assert await served.moved() == [10, 12, 12, 24]
        await served.assert_clean()


@pytest.mark.parametrize(("minutes", "points"), [(119, 12), (120, 15)])
async def test_a_stamp_needs_the_gap_at_the_claim_too(tmp_path: Path, minutes: int, points: int) -> None:
    """A receipt paid too soon after the customer's own order gives its spend and no stamp."""
    async with Served(tmp_path, extra=rules(earn("visit", 3, gap="2h"))) as served:
        await served.take(served.order("order-0", "1000"))
        served.later(minutes=minutes)
        (answer,) = await served.take(served.order("order-1", customer=None))
        assert answer.points == 15
        assert (await served.asks(Claim(str(answer.claim)))).facts["points"] == points
        await served.assert_clean()


STAMP, TWICE = earn("visit", 3, gap="2h"), table("multiplier", name="x", factor="2", schedule="always")
DEAR = earn("visit", 3, gap="2h", minimum="90000 sat")


@pytest.mark.parametrize(
    ("then", "today", "points"),
    [((STAMP,), (earn("visit", 10, gap="2h"),), 12), ((STAMP,), (DEAR,), 12), ((DEAR,), (STAMP,), 12),
     ((STAMP, TWICE), (STAMP,), 24), ((STAMP,), (), 15)],
)  # fmt: skip
async def test_a_lost_stamp_is_the_one_of_its_day(
    tmp_path: Path, then: tuple[str, ...], today: tuple[str, ...], points: int
) -> None:
    """The rules changed after the order: a stamp that a claim loses is what it gave then, whatever it would give now;
    and an order that got none loses none.
    """
    async with Served(tmp_path, extra=rules(*then)) as served:
        code = await receipt(served, "order-1")
    async with served.with_rules(*today) as later:
        await later.take(later.order("order-0", "95000"))
        assert (await later.asks(Claim(code))).facts["points"] == points
        await later.assert_clean()


@pytest.mark.parametrize("status", ["paused", "ended"])
async def test_a_receipt_outlives_a_pause(tmp_path: Path, status: str) -> None:
    """What was promised on a receipt is given while the program rests, and with the gap that it was promised with."""
    extra = [earn("visit", 3, gap="2h")]
    async with Served(tmp_path, extra=rules(*extra)) as served:
        await served.take(served.order("order-0", "1000"))
        code = await receipt(served, "order-1")
    async with served.with_rules(*extra, status=status) as resting:
        assert (await resting.asks(Claim(code))).facts["points"] == 12
        await resting.assert_clean()


async def test_a_claim_waits_as_long_as_its_order_would_have(tmp_path: Path) -> None:
    """Pending points of a claimed order come three days after the order; later claims get them at once."""
    async with Served(tmp_path, extra=rules(vest="3d", vest_orders="all")) as served:
        early, late = await receipt(served, "order-1"), await receipt(served, "order-2", "7000")
        served.later(days=1)
        outcome = await served.asks(Claim(early))
        assert (outcome.code, outcome.facts.get("points")) == ("done", None)
        assert await served.balance() == 0
        served.later(days=2)
        assert (await served.asks(Claim(late))).facts["points"] == 7
        assert await served.sweep() == {"vested": 1}
        assert await served.moved() == [7, 12]
        await served.assert_clean()


async def test_the_guard_looks_at_claims(tmp_path: Path) -> None:
    """Bug 48: the third receipt of a day that one customer claims is held until an operator lets it go."""
    async with Served(tmp_path, extra=rules(table("guard", customer_orders=2, action="hold"))) as served:
        codes = [await receipt(served, f"order-{number}") for number in range(3)]
        outcomes = [await served.asks(Claim(code)) for code in codes]
        assert [one.facts.get("points") for one in outcomes] == [12, 12, None]
        assert await served.balance() == 24
        assert (await served.command(Release("order-2"))).code == "done"
        assert await served.balance() == 36
        await served.assert_clean()


async def test_a_claimed_entry_can_be_taken_back_by_hand(tmp_path: Path) -> None:
    """Its order owes nothing after that, and its code stays used."""
    async with Served(tmp_path) as served:
        code = await receipt(served, "order-1")
        (ref,) = (await served.asks(Claim(code))).facts["entries"]
        assert (await served.command(RevokeEntry(str(ref)))).facts["balance"] == 0
        assert (await served.asks(Claim(code))).code == "claim-used"
        await served.take(served.order("order-1", status="canceled", customer=None))
        assert await served.moved() == [12, -12]
        await served.assert_clean()
