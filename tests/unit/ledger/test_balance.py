"""The naive fold notices what does not continue a chain."""

from dataclasses import replace

import pytest

from ledger.balance import Fold, Line

FIRST = Line(id=7, seq=1, type="earned", points=12, balance=12, prev_id=None, recorded_at=100)
SECOND = Line(id=9, seq=2, type="redeemed", points=-5, balance=7, prev_id=7, recorded_at=100)


def test_a_good_chain_adds_up() -> None:
    """Entries that continue each other leave no fault; the fold is their sum."""
    fold = Fold()
    assert fold.add(FIRST) == fold.add(SECOND) == []
    assert fold == Fold(seq=2, balance=7, lifetime=12, head_id=9, last_at=100)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (replace(SECOND, seq=3), "seq-gap"),
        (replace(SECOND, seq=1), "seq-gap"),
        (replace(SECOND, prev_id=None), "prev-differs"),
        (replace(SECOND, balance=8), "balance-differs"),
        (replace(SECOND, recorded_at=99), "time-decreases"),
    ],
)
def test_each_fault_has_its_code(line: Line, code: str) -> None:
    """Bug 58: an entry with a number, predecessor, balance or time that does not follow is named by its code."""
    fold = Fold()
    fold.add(FIRST)
    assert fold.add(line) == [code]


def test_lifetime_counts_credits_that_were_not_reversed() -> None:
    """Redeemed and expired points stay in the lifetime sum, reversed credits do not, a reversed redemption changes
    nothing.
    """
    fold = Fold()
    for place, (type_, points, reversed_type) in enumerate(
        [("earned", 100, None), ("granted", 10, None), ("redeemed", -50, None), ("revoked", 50, "redeemed"),
         ("expired", -5, None), ("revoked", -30, "earned"), ("revoked", -1, None)], start=1
    ):  # fmt: skip
        fold.add(Line(place, place, type_, points, fold.balance + points, fold.head_id, 0, reversed_type))  # type: ignore[arg-type]  # any type of entry
    assert fold.lifetime == 80
