"""The rules: points for an order, points back, visits by the venue's month, claim codes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from nostr_loyalty.rules.claiming import claim_code, claim_hash
from nostr_loyalty.rules.earning import POINTS_MAX, PaidAmount, earn
from nostr_loyalty.rules.program import ProgramRules, Rounding, SpendRule, Status
from nostr_loyalty.rules.refusal import CODES, Refusal
from nostr_loyalty.rules.reversing import Reversal, StoredOrder, cancel, refund
from nostr_loyalty.rules.visiting import month_of, ordinal

MADRID = ZoneInfo("Europe/Madrid")


def rules(*spend: SpendRule, rounding: Rounding = "floor", status: Status = "active") -> ProgramRules:
    """A program's rules; without a rule, one point per 1,000 sat."""
    return ProgramRules(spend or (SpendRule(1, 1_000_000, "msat"),), rounding, MADRID, status)


@pytest.mark.parametrize(
    ("rounding", "minor", "points"),
    [
        ("floor", 1_999_999, 1), ("floor", 999_999, 0), ("half_up", 1_499_999, 1), ("half_up", 1_500_000, 2),
        ("ceil", 1_000_001, 2), ("ceil", 1_000_000, 1), ("ceil", 0, 0), ("half_up", 0, 0),
    ],
)  # fmt: skip
def test_rounding(rounding: Rounding, minor: int, points: int) -> None:
    """A program rounds as it says, once, at the end."""
    assert earn(rules(rounding=rounding), PaidAmount(minor, "msat")) == points


@pytest.mark.parametrize(
    ("rule", "minor", "points"),
    [
        (SpendRule(1, 1_000_000, "msat"), 12_000_000, 12), (SpendRule(10, 100, "EUR"), 1_234, 123),
        (SpendRule(1, 100, "JPY"), 1_234, 12), (SpendRule(3, 7_000, "KWD"), 14_000, 6),
    ],
)  # fmt: skip
def test_golden_amounts(rule: SpendRule, minor: int, points: int) -> None:
    """Bug 40: sats, cents, yen and mils give what the rule says, neither a hundred times more nor less."""
    assert earn(rules(rule), PaidAmount(minor, rule.currency)) == points


def test_points_never_earn_points() -> None:
    """Bug 11, 12: what points paid is not in the basis; an order paid by points alone earns nothing."""
    assert earn(rules(), PaidAmount(10_000_000, "msat", 4_000_000)) == 6
    assert earn(rules(), PaidAmount(10_000_000, "msat", 10_000_000)) == 0
    assert earn(rules(), PaidAmount(10_000_000, "msat", 99_000_000)) == 0


def test_refusals_in_order_of_precedence() -> None:
    """A program that is over says so before it speaks of units; a refusal names the values that led to it."""
    euros = PaidAmount(1_000, "EUR")
    assert earn(rules(status="ended"), euros) == Refusal("program-ended")
    assert earn(rules(status="paused"), euros) == Refusal("program-paused")
    assert earn(rules(), euros) == Refusal("amount-without-rule", "unit EUR")
    above = earn(rules(), PaidAmount((POINTS_MAX + 1) * 1_000_000, "msat"))
    assert above == Refusal("points-beyond-limit", f"{POINTS_MAX + 1} points")
    assert "EUR" in Refusal("amount-without-rule", "unit EUR").sentence


def test_a_refusal_is_of_the_list() -> None:
    """The list is closed: a code that is not on it cannot be given."""
    assert "no-such-code" not in CODES
    with pytest.raises(AssertionError):
        Refusal("no-such-code")


def test_refunds_stay_within_the_order() -> None:
    """Bug 20, 56: another unit is refused, more than is left is refused, the last one takes whatever is left."""
    order = StoredOrder(10_000, "EUR", 4_000, 10, 4)
    assert refund(order, 1_000, "USD") == Refusal("refund-other-unit", "refund in USD, order in EUR")
    assert isinstance(refund(order, 6_001, "EUR"), Refusal)
    assert refund(order, 6_000, "EUR") == Reversal(6, 10_000, whole=True)
    assert refund(order, 1, "EUR") == Reversal(0, 4_001, whole=False)
    assert cancel(order) == Reversal(6, 10_000, whole=True)


def test_a_second_end_takes_nothing() -> None:
    """Bug 21: a cancellation after a full refund, and the other way round, finds nothing left."""
    ended = StoredOrder(10_000, "EUR", 10_000, 10, 10)
    assert cancel(ended).points == 0
    assert refund(ended, 0, "EUR") == Reversal(0, 10_000, whole=True)
    assert isinstance(refund(ended, 1, "EUR"), Refusal)


@pytest.mark.parametrize(
    ("utc", "month"),
    [
        ("2026-10-31T22:59:59", 202610), ("2026-10-31T23:00:00", 202611),  # winter: one hour ahead of UTC
        ("2026-06-30T21:59:59", 202606), ("2026-06-30T22:00:00", 202607),  # summer: two hours
        ("2026-03-29T00:59:59", 202603), ("2026-03-29T01:00:00", 202603),  # the clock goes forward
        ("2026-12-31T23:00:00", 202701), ("2026-12-31T22:59:59", 202612),
    ],
)  # fmt: skip
def test_months_are_the_venue_s(utc: str, month: int) -> None:
    """Bug 35: a month begins at midnight in Madrid, in summer and in winter, whatever the machine's zone is."""
    unix = int(datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp())
    assert month_of(unix, MADRID) == month


def test_ordinals() -> None:
    """1st, 2nd, 3rd, 4th, and the teens as one says them."""
    said = [ordinal(n) for n in (0, 1, 2, 3, 4, 10, 11, 12, 13, 21, 22, 101, 111, 112, 121)]
    wanted = "0th 1st 2nd 3rd 4th 10th 11th 12th 13th 21st 22nd 101st 111th 112th 121st"
    assert said == wanted.split()


def test_a_claim_code_holds_all_its_randomness() -> None:
    """The 80 random bits can be read back from the code: none is lost, none stands twice (Bug 47)."""
    randomness = bytes(range(160, 170))
    number = 0
    for letter in claim_code(randomness).replace("-", ""):
        number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(letter)
    assert number.to_bytes(10) == randomness


def test_claim_codes() -> None:
    """Bug 47: 80 random bits in four groups of four, all different letters from I, L, O and U; typed with look-alikes,
    spaces and small letters it is the same code.
    """
    code = claim_code(bytes(range(10)))
    assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
    assert claim_code(b"\xff" * 10) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
    assert claim_code(b"\x00" * 10) == "0000-0000-0000-0000"
    assert claim_hash("oO0o 0000-0000 0000") == claim_hash(claim_code(bytes(10)))
    assert claim_hash(code.lower().replace("-", " ")) == claim_hash(code)
    assert claim_hash(code) != claim_hash(claim_code(bytes(range(1, 11))))
