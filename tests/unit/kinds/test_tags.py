"""What `kinds.tags` promises: order kept, one form per number."""

from collections.abc import Callable

import pytest

from kinds import tags
from kinds.errors import Unreadable

TAGS = (("p", "one"), ("e",), ("p", "two", "relay"), ("-",))


def test_tags_are_found_in_their_order() -> None:
    """first, value and all_of see tags as they were signed; a tag without a value has none."""
    assert tags.first(TAGS, "p") == ("p", "one")
    assert tags.first(TAGS, "x") is None
    assert tags.value(TAGS, "p") == "one"
    assert tags.value(TAGS, "e") is None
    assert tags.value(TAGS, "x") is None
    assert tags.all_of(TAGS, "p") == [("p", "one"), ("p", "two", "relay")]


def test_a_singular_tag_that_is_there_twice_is_a_fault() -> None:
    """sole never takes the first of two."""
    assert tags.sole(TAGS, "-", "order-duplicate-tag") == ("-",)
    assert tags.sole(TAGS, "x", "order-duplicate-tag") is None
    with pytest.raises(Unreadable) as unreadable:
        tags.sole(TAGS, "p", "order-duplicate-tag")
    assert unreadable.value.code == "order-duplicate-tag"


@pytest.mark.parametrize(
    ("read", "text", "number"),
    [
        (tags.whole_number, "0", 0),
        (tags.whole_number, "9007199254740991", 2**53 - 1),
        (tags.signed_points, "+12", 12),
        (tags.signed_points, "-100", -100),
        (tags.signed_points, "+0", 0),
        (tags.integer, "-3", -3),
        (tags.integer, "0", 0),
    ],
)
def test_numbers_are_read(read: Callable[[str], int], text: str, number: int) -> None:
    """Each number has exactly one text."""
    assert read(text) == number


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read, text)
        for read in (tags.whole_number, tags.signed_points, tags.integer)
        for text in (
            "",
            " 1",
            "1 ",
            "01",
            "+01",
            "-0",
            "1.0",
            "1e3",
            "0x1",
            "²",
            "١",
            "9007199254740992",
            "+" + "9" * 16,
            "9" * 5_000,
        )
    ]
    + [(tags.whole_number, "+1"), (tags.whole_number, "-1"), (tags.signed_points, "1"), (tags.integer, "+1")],
)
def test_every_other_text_is_no_number(read: Callable[[str], int], text: str) -> None:
    """Leading zeros, blanks, exponents, foreign digits, missing or wrong signs and giants are refused."""
    with pytest.raises(ValueError):
        read(text)


def test_decimals_have_one_grammar() -> None:
    """Amounts have up to 16 digits and 8 decimals, no sign and no leading zero."""
    for text in ("0", "12", "12.50", "0.00000001", "9999999999999999"):
        assert tags.is_decimal(text)
    for text in ("", ".5", "5.", "01", "-1", "+1", "1,5", "1e3", "NaN", "1.123456789", "12345678901234567", "1\n", "١"):
        assert not tags.is_decimal(text)


def test_points_are_written_with_their_sign() -> None:
    """+12, -100, +0: what signed_points reads."""
    assert [tags.points_text(points) for points in (12, -100, 0)] == ["+12", "-100", "+0"]
