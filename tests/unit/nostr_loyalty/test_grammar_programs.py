"""Where in a message the name of a program may stand."""

import pytest

from nostr_loyalty.commands.grammar import SLUG_LAST, Asked, read
from nostr_loyalty.commands.vocabulary import VERBS

CODE = "7H2K-9QWE-4M1N-0PZX"


@pytest.mark.parametrize(
    "text",
    ["balance SOL", "history 5 sol", "share private sol", "help sol", "help prove sol", f"claim {CODE} sol", "undo sol",
     f"use {CODE} 4.50 EUR sol", "forget me sol", "forget me yes, sol.", "saldo sol"],
)  # fmt: skip
def test_the_last_word_may_be_the_program(text: str) -> None:
    """Behind commands that have nothing free at their end; it is read as if it stood first."""
    found = read(text, slugs=["sol", "luna"], language="en")
    assert isinstance(found, Asked)
    assert found.slug == "sol"
    first = read("sol " + text.casefold().replace("sol", "").rstrip(" ,."), slugs=["sol", "luna"], language="en")
    assert isinstance(first, Asked)
    assert (first.verb, len(first.fields), first.whos) == (found.verb, len(found.fields), found.whos)


@pytest.mark.parametrize("text", ["redeem piece of sol", "feedback I like sol", f"grant {'ab' * 32} 5 for sol"])
def test_what_is_free_is_no_program(text: str) -> None:
    """A reward's name, a word about an order and a reason end as they end."""
    found = read(text, slugs=["sol"], language="en")
    assert found.slug is None
    assert "sol" in str(found)


def test_the_first_word_goes_before_the_last() -> None:
    """With two names the first is the program, and the last is a word too many."""
    found = read("luna balance sol", slugs=["sol", "luna"], language="en")
    assert found.slug == "luna"
    assert not isinstance(found, Asked)


def test_every_such_command_is_one() -> None:
    """None is called otherwise than the grammar calls it."""
    assert set(VERBS) >= SLUG_LAST
