"""Money is an integer of the smallest unit, read strictly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import CODES, AmountInvalid
from ledger.units import MINOR_MAX, Money, format_money, parse_money


@pytest.mark.parametrize(
    ("decimal", "unit", "minor", "currency"),
    [
        ("12.5", "EUR", 1_250, "EUR"),
        ("12.50", "EUR", 1_250, "EUR"),
        ("0", "EUR", 0, "EUR"),
        ("1000", "JPY", 1_000, "JPY"),
        ("1.234", "KWD", 1_234, "KWD"),
        ("21", "sat", 21_000, "msat"),
        ("0.001", "sat", 1, "msat"),
        ("21", "msat", 21, "msat"),
    ],
)
def test_amounts_are_read_in_the_smallest_unit(decimal: str, unit: str, minor: int, currency: str) -> None:
    """Bug 40: an amount is read in the smallest unit of its own currency, whether that has 0, 2 or 3 decimals."""
    assert parse_money(decimal, unit) == Money(minor, currency)


@pytest.mark.parametrize(
    ("decimal", "unit", "code"),
    [
        ("", "EUR", "amount-malformed"),
        ("-1", "EUR", "amount-malformed"),
        ("+1", "EUR", "amount-malformed"),
        ("1e3", "EUR", "amount-malformed"),
        ("01", "EUR", "amount-malformed"),
        (".5", "EUR", "amount-malformed"),
        ("5.", "EUR", "amount-malformed"),
        ("1,5", "EUR", "amount-malformed"),
        (" 1", "EUR", "amount-malformed"),
        ("1\n", "EUR", "amount-malformed"),
        ("NaN", "EUR", "amount-malformed"),
        ("١٢", "EUR", "amount-malformed"),
        ("9" * 30, "EUR", "amount-malformed"),
        ("1.234", "EUR", "amount-too-fine"),
        ("1.0", "JPY", "amount-too-fine"),
        ("1.5", "msat", "amount-too-fine"),
        (str(MINOR_MAX + 1), "msat", "amount-too-large"),
        ("1", "eur", "unit-unknown"),
        ("1", "XXX", "unit-unknown"),
        ("1", "BTC", "unit-unknown"),
        ("1", "", "unit-unknown"),
    ],
)
def test_anything_else_is_refused_with_its_code(decimal: str, unit: str, code: str) -> None:
    """An amount that is not a plain decimal number of a known unit is refused, each fault under its own code."""
    with pytest.raises(AmountInvalid) as refused:
        parse_money(decimal, unit)
    assert refused.value.code == code
    assert code in CODES


@given(st.integers(0, MINOR_MAX), st.sampled_from(["msat", "EUR", "JPY", "KWD"]))
def test_every_amount_survives_being_written_and_read(minor: int, currency: str) -> None:
    """Whatever can be kept can be written, and is read back as the same amount."""
    money = Money(minor, currency)
    assert parse_money(*format_money(money)) == money


@given(st.text(), st.text() | st.sampled_from(["sat", "msat", "EUR"]))
def test_reading_is_total(decimal: str, unit: str) -> None:
    """Any two texts give an amount or AmountInvalid, never another exception."""
    try:
        money = parse_money(decimal, unit)
    except AmountInvalid:
        return
    assert 0 <= money.minor <= MINOR_MAX
