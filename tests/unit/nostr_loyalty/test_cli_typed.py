"""Amounts as they are typed behind `--amount` and `--bill`."""

import argparse

import pytest

from ledger.units import Money
from nostr_loyalty.cli import typed


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1000sat", Money(1_000_000, "msat")), ("1000 sat", Money(1_000_000, "msat")),
        ("3000 SATS", Money(3_000_000, "msat")), (" 8.50  eur ", Money(850, "EUR")), ("8.5EUR", Money(850, "EUR")),
    ],
)  # fmt: skip
def test_an_amount_is_written_as_in_messages(text: str, amount: Money) -> None:
    """With a blank or without, in capitals or not."""
    assert typed.money(text) == typed.some_money(text) == amount


@pytest.mark.parametrize("wrong", ["1000", "sat", "5.5.5 EUR", "", "5 EUR extra", "-5 EUR"])
def test_what_is_no_amount_is_told_with_an_example(wrong: str) -> None:
    """What was typed, and how to write it."""
    with pytest.raises(argparse.ArgumentTypeError) as told:
        typed.money(wrong)
    assert str(told.value) == f'{wrong!r} is no amount; write it like "8.50 EUR" or "500 sat"'


def test_a_refund_of_nothing_is_refused() -> None:
    """0 is an amount of a bill, and none of a refund."""
    assert typed.money("0 EUR") == Money(0, "EUR")
    with pytest.raises(
        argparse.ArgumentTypeError, match='is nothing; name a part like "5 EUR", or leave it out for all'
    ):
        typed.some_money("0 EUR")
