"""What goes out as a file and what comes in: cells, and balances brought along."""

import csv
import io
import json
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinds.keys import npub_encode
from nostr_loyalty.reports import cells, old_balances
from nostr_loyalty.reports.old_balances import Brought, Mistake
from tests.venue import new_key

MADRID = ZoneInfo("Europe/Madrid")
TODAY = date(2026, 11, 24).toordinal()
ANA, BEN = new_key().public, new_key().public


def read(text: str, form: cells.Format = "csv", program: str = "37411:ab:cafe") -> tuple[list[Brought], list[Mistake]]:
    """The file's lines and mistakes, on the 24th of November."""
    return old_balances.read(text, form, program=program, today=TODAY, tz=MADRID)


def mistakes(text: str, form: cells.Format = "csv") -> list[Mistake]:
    """The mistakes of a file that has some."""
    _, found = read(text, form)
    assert found
    return found


# -- out --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["=1+1", "+SUM(A1)", "-2+3", "@cmd", "\tx", "\r=x", "=", "-", "--5", "+1.2.3", "-1e9"])
def test_formulas_are_guarded_in_csv(text: str) -> None:
    """A text that a spreadsheet would reckon with begins with an apostrophe, and comes back as it was."""
    (row,) = csv.reader(io.StringIO(cells.line({"a": text}, "csv"), newline=""))
    assert row == [f"'{text}"]
    assert cells.plain(row[0]) == text
    assert json.loads(cells.line({"a": text}, "jsonl")) == {"a": text}


@pytest.mark.parametrize("text", ["-5", "+12", "-12.50", "0", "table 5", "a=b", "'quoted'", ""])
def test_numbers_and_other_texts_are_left_alone(text: str) -> None:
    """Numbers keep their sign, and no other text is changed."""
    assert cells.guarded(text) == text
    assert cells.plain(text) == text


@given(st.dictionaries(st.text(min_size=1), st.one_of(st.none(), st.booleans(), st.integers(), st.text()), min_size=1))
def test_every_row_is_one_row_of_csv_and_one_line_of_json(row: dict[str, Any]) -> None:
    """Whatever stands in it: as many cells as columns; JSON gives back the very values."""
    found = list(csv.reader(io.StringIO(cells.line(row, "csv"), newline="")))
    assert [len(each) for each in found] == [len(row)]
    text = cells.line(row, "jsonl")
    assert text.endswith("\n")
    assert text.count("\n") == 1
    assert json.loads(text) == row


@given(st.text())
def test_guarding_is_undone(text: str) -> None:
    """What was guarded is given back; only a text that looks guarded already loses its apostrophe."""
    if text[:1] != "'":
        assert cells.plain(cells.guarded(text)) == text


# -- in ---------------------------------------------------------------------------------------------------------------


def test_a_file_of_old_balances() -> None:
    """Columns in any order, npub or hex, a last day by the venue's clock, empty lines and cells left out."""
    text = f'points,customer,expires,reason\n120,{npub_encode(ANA)},2027-03-27,"card 7, blue"\n\n5,{BEN},,\n'
    rows, found = read(text)
    assert found == []
    assert [(row.line, row.grant.who, row.grant.points, row.grant.reason) for row in rows] == [
        (2, ANA, 120, "card 7, blue"), (4, BEN, 5, ""),
    ]  # fmt: skip
    assert rows[0].grant.expires_at == 1_806_188_400  # 2027-03-28 00:00 in Madrid, the day the clock is put forward
    assert rows[1].grant.expires_at is None


def test_semicolons_tabs_and_json_lines_say_the_same() -> None:
    """A spreadsheet of another country, and JSON lines, stand for the same grants with the same refs."""
    rows, _ = read(f"customer,points,reason\n{ANA},12,old card\n")
    others = [
        read(f"customer;points;reason\r\n{ANA};12;old card\r\n")[0],
        read(f"\ufeffCustomer , Points,Reason\n{ANA},12,old card".removeprefix("\ufeff"))[0],
        read(json.dumps({"points": 12, "customer": npub_encode(ANA), "reason": "old card", "expires": None}), "jsonl")[
            0
        ],
    ]
    for other in others:
        assert [(row.ref, row.grant) for row in other] == [(row.ref, row.grant) for row in rows]


def test_a_line_is_known_by_what_it_says_and_how_often() -> None:
    """The same line twice are two grants; their refs are the same in every file, whatever stands between."""
    twice, _ = read(f"customer,points\n{ANA},12\n{ANA},12\n")
    between, _ = read(f"customer,points\n{ANA},12\n{BEN},3\n{ANA},12\n")
    assert [row.ref for row in twice] == [between[0].ref, between[2].ref]
    assert len({row.ref for row in between}) == 3
    assert {row.ref for row in read(f"customer,points\n{ANA},12\n", program="37411:ab:bar")[0]}.isdisjoint(
        row.ref for row in twice
    )


@pytest.mark.parametrize("line", [f"{ANA},13,old,", f"{BEN},12,old,", f"{ANA},12,other,", f"{ANA},12,old,2027-01-01"])
def test_every_part_of_a_line_makes_another_one(line: str) -> None:
    """Another number, customer, reason or day is another grant."""
    header = "customer,points,reason,expires\n"
    (first, other), found = read(f"{header}{ANA},12,old,\n{line}\n")
    assert found == []
    assert other.ref != first.ref
    assert other.ref == read(header + line)[0][0].ref


def test_all_mistakes_are_told_with_their_lines() -> None:
    """Every line is checked, and a line with two mistakes tells both."""
    text = (
        f"customer,points,reason,expires\n{ANA},0,,\nnobody,1,,\n{ANA},1,,2026-11-23\n{ANA},1,,2026-11-24\n"
        f"{ANA},x,,2027-02-30\n{ANA},1\n,5,,\n{ANA},-3,,\n{ANA},1,{'x' * 501},\n{ANA},1.5,,27-1-1\n"
    )
    found = mistakes(text)
    assert [one.line for one in found] == [2, 3, 4, 6, 7, 8, 9, 10, 11]
    texts = {one.line: one.what for one in found}
    assert "points: '0' is not a whole number" in texts[2]
    assert "customer: 'nobody' is not a public key" in texts[3]
    assert texts[4] == "expires: 2026-11-23 is over"
    assert "points: 'x'" in texts[6]
    assert "expires: 2027-02-30 is no day" in texts[6]
    assert texts[7] == "2 cells where the first line has 4 columns"
    assert texts[8] == "customer: missing"


@pytest.mark.parametrize(
    ("text", "form", "line", "what"),
    [
        ("", "csv", 0, "no line"), ("customer,points\n", "csv", 0, "no line"),
        ("name,points\na,1\n", "csv", 1, "columns"),
        ("customer,reason\na,1\n", "csv", 1, "columns"), ("points,customer,points\n", "csv", 1, "columns"),
        ('customer,points\n"a,1\n', "csv", 2, "not CSV"), ("[]", "jsonl", 1, "not a JSON object"),
        ("\n{", "jsonl", 2, "not a JSON value"), ('{"a":1}', "jsonl", 1, "unknown a"),
        ("[" * 99_999, "jsonl", 1, "JSON"),
        ('{"customer":1,"points":true}', "jsonl", 1, "customer: not a text; points: 'True'"),
        ('{"customer":null,"points":5.0}', "jsonl", 1, "customer: missing; points: '5.0'"),
    ],
)  # fmt: skip
def test_files_that_are_none(text: str, form: cells.Format, line: int, what: str) -> None:
    """What is no such file says where and why."""
    found = mistakes(text, form)
    assert found[0].line == line
    assert what in found[0].what


def test_a_secret_key_is_not_repeated() -> None:
    """An nsec in the file is refused, and not told once more."""
    nsec = new_key().nsec()
    (one,) = mistakes(f"customer,points\n{nsec},1\n")
    assert "SECRET" in one.what
    assert nsec not in one.what


@given(st.text(), st.sampled_from(["csv", "jsonl"]))
def test_any_text_is_read_or_refused(text: str, form: cells.Format) -> None:
    """No file surprises us: there are lines, or mistakes, or both."""
    rows, found = read(text, form)
    assert rows or found
