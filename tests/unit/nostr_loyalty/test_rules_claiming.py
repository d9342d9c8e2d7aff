"""Claims: codes that nobody guesses, who may use one, and what the order is then worth."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from nostr_loyalty.rules.claiming import ClaimFacts, claim, claim_code, claim_hash, claim_link, claim_uri
from nostr_loyalty.rules.earning import ANYBODY, CustomerFacts, Earned, claimed
from nostr_loyalty.rules.program import Cap, ClaimRules, PaymentRule, VisitRule
from nostr_loyalty.rules.refusal import Refusal
from tests.unit.nostr_loyalty.rule_sets import NOON, earned, paid, program, times

PROTOCOL = Path(__file__).parents[3] / "docs" / "protocol.md"
RULES = ClaimRules(valid_s=1_000, attempts_key=5, attempts_all=100)
GOOD = ClaimFacts(now=NOON, recorded_at=NOON - 10)
STAMPED = program(
    visit=VisitRule(3, gap_s=7_200), payments=(PaymentRule(5, "cash"),), welcome=20, caps=(Cap(100, "day"),),
    multipliers=(times("1.5", "tue"),),
)  # fmt: skip


def test_a_claim_code_holds_all_its_randomness() -> None:
    """Bug 47: the 80 random bits can be read back from the code: none is lost, none stands twice."""
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


def test_an_auditor_makes_the_hash_of_a_code_as_the_protocol_says() -> None:
    """SHA-256 of the 16 characters in upper case, without hyphens, however the code is typed; its example holds."""
    code = claim_code(bytes(range(160, 170)))
    plain = code.replace("-", "")
    assert (len(plain), plain) == (16, plain.upper())
    expected = hashlib.sha256(plain.encode()).hexdigest()
    assert {claim_hash(typed) for typed in (code, code.lower(), plain, code.replace("-", " "))} == {expected}
    said = " ".join(PROTOCOL.read_text(encoding="utf-8").split())
    assert f"The hash of `0123-4567-89AB-CDEF` is `{claim_hash('0123-4567-89AB-CDEF')}`" in said


def test_what_stands_in_a_qr_code() -> None:
    """Nostr clients get the program's address and the code; a browser gets them where no web server sees them."""
    assert claim_uri("naddr1xyz", "7H2K-9QWE-0000-0000") == "nostr:naddr1xyz?claim=7H2K-9QWE-0000-0000"
    link = claim_link("https://points.example/claim", "naddr1xyz", "7H2K-9QWE-0000-0000")
    assert link == "https://points.example/claim#naddr1xyz/7H2K-9QWE-0000-0000"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (GOOD, None), (GOOD._replace(wrong_by_key=4, wrong_by_all=99), None),
        (GOOD._replace(wrong_by_key=5), "claim-too-many-attempts"),
        (GOOD._replace(wrong_by_all=100), "claim-too-many-attempts"),
        (GOOD._replace(frozen=True), "customer-frozen"), (ClaimFacts(NOON), "claim-unknown"),
        (GOOD._replace(taken=True), "claim-used"), (GOOD._replace(withdrawn=True), "claim-withdrawn"),
        (GOOD._replace(recorded_at=NOON - 999), None), (GOOD._replace(recorded_at=NOON - 1_000), "claim-expired"),
        (GOOD._replace(taken=True, withdrawn=True, recorded_at=0, wrong_by_key=5), "claim-too-many-attempts"),
        (GOOD._replace(taken=True, withdrawn=True, recorded_at=0), "claim-used"),
        (GOOD._replace(withdrawn=True, recorded_at=0), "claim-expired"),
    ],
)  # fmt: skip
def test_who_may_claim(facts: ClaimFacts, code: str | None) -> None:
    """Bug 47, 48: a code works once, for its time, for an order that was not taken back; after too many wrong ones, by
    one key or by all, not even a good one is heard.
    """
    refusal = claim(RULES, facts)
    assert (None if refusal is None else refusal.code) == code


def test_the_limits_are_the_program_s() -> None:
    """Bug 57: validity and both limits of attempts are read from the rules."""
    old, guessed, by_many = (
        GOOD._replace(recorded_at=NOON - 1_500), GOOD._replace(wrong_by_key=7), GOOD._replace(wrong_by_all=150)
    )  # fmt: skip
    for facts, wider in (
        (old, replace(RULES, valid_s=2_000)), (guessed, replace(RULES, attempts_key=8)),
        (by_many, replace(RULES, attempts_all=200)),
    ):  # fmt: skip
        assert isinstance(claim(RULES, facts), Refusal)
        assert claim(wider, facts) is None


@pytest.mark.parametrize(
    ("customer", "expected"),
    [
        (CustomerFacts(), (39, 29, 20, True)),  # somebody new: the stored 19, and the welcome bonus
        (CustomerFacts(welcomed=True), (19, 9, 0, True)),
        (CustomerFacts(welcomed=True, stamped_at=NOON - 7_200), (19, 9, 0, True)),
        (CustomerFacts(welcomed=True, stamped_at=NOON - 7_199), (15, 5, 0, False)),
        (CustomerFacts(welcomed=True, stamped_at=NOON + 60), (15, 5, 0, False)),
        (CustomerFacts(cap_used=(70,)), (30, 29, 20, True)),
        (CustomerFacts(cap_used=(85,)), (15, 15, 15, True)),
        (CustomerFacts(cap_used=(100,)), (0, 0, 0, True)),
        (CustomerFacts("gold", welcomed=True), (19, 9, 0, True)),
    ],
)
def test_what_a_claimed_order_is_worth(customer: CustomerFacts, expected: tuple[int, int, int, bool]) -> None:
    """Bug 48: the stored points, without the stamp where its gap is not kept, with the welcome bonus for somebody new,
    and within the caps; never at the rate of a tier.
    """
    rules = replace(STAMPED, spend=(replace(STAMPED.spend[0], points=10, per_minor=1_500),))
    stored = earned(rules, paid(payment="cash"), ANYBODY)
    # (6.67 + 3) x 1.5 + 5, and 4.5 + 5
    assert stored == Earned(19, 9, 0, stamped=True, basis_minor=1_000, vests=False, stamp=4)
    found = claimed(rules, stored.points, stored.fixed, stamp=stored.stamp, paid_at=NOON, customer=customer)
    assert found == Earned(*expected, basis_minor=0, vests=False)


def test_an_order_without_a_stamp_keeps_its_points() -> None:
    """An order that was no visit loses nothing to the gap, and a program that gave up stamps takes none away."""
    near = CustomerFacts(welcomed=True, stamped_at=NOON - 60)
    assert claimed(STAMPED, 19, 9, stamp=None, paid_at=NOON, customer=near)[:4] == (19, 9, 0, False)
    without = replace(STAMPED, visit=None)
    assert claimed(without, 19, 9, stamp=4, paid_at=NOON, customer=near)[:4] == (19, 9, 0, True)


def test_a_stamp_takes_no_more_than_was_fixed() -> None:
    """Whatever a stamp is worth today, what it was worth then goes, and never more than was stored."""
    dearer = replace(STAMPED, visit=VisitRule(50, gap_s=7_200))
    near = CustomerFacts(welcomed=True, stamped_at=NOON - 60)
    assert claimed(dearer, 19, 9, stamp=4, paid_at=NOON, customer=near)[:4] == (15, 5, 0, False)
    assert claimed(dearer, 19, 9, stamp=12, paid_at=NOON, customer=near)[:4] == (10, 0, 0, False)
