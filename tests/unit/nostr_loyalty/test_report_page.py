"""The page of a report: whole, private, accessible; and its drawings."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reporting import Balances
from nostr_loyalty.reports import figures, plot
from nostr_loyalty.reports.figures import Flow
from nostr_loyalty.reports.page import page
from nostr_loyalty.reports.plot import Series, Words
from tests.unit.nostr_loyalty.test_reports import report


class Page(HTMLParser):
    """Every element with its attributes, every text, and whether all that was opened was closed."""

    VOID = ("meta", "rect", "line", "polygon", "polyline", "circle")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta" and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr] # inside a tag there is one
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID or (self.open and self.open[-1] == tag):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_page_is_whole_and_fetches_nothing() -> None:
    """Well-formed; no script, no address of anything outside, and a policy that forbids both."""
    text = page([report()], with_all=True, made_at="today")
    parsed = Page(text)
    assert parsed.open == []
    assert {tag for tag, _ in parsed.elements}.isdisjoint({"script", "link", "img", "iframe", "base"})
    assert not re.search(r"https?:|//|@import|url\(|javascript:|\bon[a-z]+=", text)
    assert any("default-src 'none'" in (attributes.get("content") or "") for _, attributes in parsed.elements)


def test_the_page_escapes_what_owners_write() -> None:
    """A title with < and & is shown as it was written."""
    text = page([report()], with_all=True, made_at="today")
    assert "<Sol>" not in text
    assert "Café <Sol> & Mar" in Page(text).texts


def test_every_drawing_is_named_described_and_stands_beside_its_table() -> None:
    """Each svg has the ids of a title and a description that are in the page once, and a table of the same caption."""
    parsed = Page(page([report()], with_all=True, made_at="today"))
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    drawings = [attributes for tag, attributes in parsed.elements if tag == "svg"]
    assert len(drawings) == 5
    for attributes in drawings:
        assert attributes["role"] == "img"
        assert set((attributes["aria-labelledby"] or "").split()) <= set(ids)
    assert sum(tag == "table" for tag, _ in parsed.elements) == len(drawings) + 1
    for caption in ("Points by day, Nov 2026", "All balances by month", "Customers per tier, now"):
        assert parsed.texts.count(caption) == 3  # heading, title of the drawing, caption of the table


def test_debts_and_the_forgotten_stand_beside_what_is_outstanding() -> None:
    """70 outstanding as 0.70 EUR, 17 owed, 10 of forgotten customers: in tiles of their own, and none where none is."""
    texts = Page(page([report()], with_all=True, made_at="today")).texts
    for number, label in (("70", "outstanding"), ("17", "owed"), ("10", "of forgotten customers")):
        assert texts[texts.index(label) - 2] == number
    assert "a liability of 0.70 EUR" in texts
    plain = replace(report(), of_month=replace(report().of_month, balances=Balances(63, 0, 0)))
    texts = Page(page([plain], with_all=False, made_at="today")).texts
    assert not {"owed", "of forgotten customers"} & set(texts)


def test_of_one_month_the_page_shows_no_life() -> None:
    """Asked for one month, the page draws its days and the tiers."""
    parsed = Page(page([report()], with_all=False, made_at="today"))
    assert sum(tag == "svg" for tag, _ in parsed.elements) == 3
    assert "in all" not in parsed.texts


def test_the_line_ends_at_the_sum_of_balances_after_more_months_than_are_drawn() -> None:
    """Of a long life the last 24 months are drawn, and what was there before them is not forgotten."""
    months = [figures.before(figures.month_of(2026, 11), ago) for ago in range(39, -1, -1)]
    long = replace(report(), months=tuple((month, Flow(earned=2)) for month in months))
    text = page([long], with_all=True, made_at="today")
    table = re.search(r"<caption>All balances by month</caption>(.*?)</table>", text)
    assert table is not None
    values = re.findall(r"<td>(\d+)</td>", table[1])
    assert values == [str(each) for each in list(accumulate([2] * 40))[-24:]]


def heights(drawn: str) -> list[tuple[int, int]]:
    """y and height of every bar."""
    return [(int(y), int(height)) for y, height in re.findall(r'<rect [^>]*y="(\d+)"[^>]*height="(\d+)"', drawn)]


def test_bars_are_as_high_as_their_values() -> None:
    """Twice the value is twice the height; what is below 0 begins where the other ends."""
    words = Words("w", "Title", "Text")
    drawn = plot.bars(words, ["1", "2"], [Series("in", "issued", [200, 400]), Series("out", "redeemed", [-200, 0])])
    (in_1, high_1), (out_1, high_out), (in_2, high_2) = heights(drawn)
    assert high_out == high_1
    assert abs(high_2 - 2 * high_1) <= 1
    assert in_1 + high_1 == out_1 == in_2 + high_2
    assert "<title>2: in 400</title>" in drawn


@pytest.mark.parametrize("values", [[0], [0, 0, 0], [-5, -7], [10**12, 1], []])
def test_drawings_of_little_and_of_much(values: list[int]) -> None:
    """Nothing at all, only debts, a number too large for its label: all of it is inside of the drawing."""
    words = Words("w", "Title", "Text")
    labels = [str(each) for each in range(len(values))]
    for drawn in (
        plot.bars(words, labels, [Series("in", "issued", values)]),
        plot.line(words, labels, Series("in", "issued", values)),
        plot.ranks(words, [("a", abs(each)) for each in values], "issued"),
    ):
        coordinates = [int(each) for each in re.findall(r' (?:x|x1|x2|cx)="(-?\d+)"', drawn)]
        assert all(0 <= each <= plot.WIDTH for each in coordinates)
        assert all(y >= 0 and y + height <= plot.HEIGHT + plot.ROW * 3 for y, height in heights(drawn))


@given(st.integers(1, 10**15))
def test_steps_are_round_and_few(span: int) -> None:
    """1, 2 or 5 with noughts; four of them cover the span, and four of the next smaller one would not."""
    step = plot.step(span)
    assert str(step).rstrip("0") in ("1", "2", "5")
    assert step * plot.INTERVALS >= span
    smaller = step // 2 if str(step)[0] != "5" else step * 2 // 5
    assert smaller < 1 or smaller * plot.INTERVALS < span


def test_large_numbers_are_short() -> None:
    """Thousands, millions and more have a letter."""
    texts = [plot.short(each) for each in (0, 500, -1_500, 12_000, 2_500_000, 3 * 10**9)]
    assert texts == ["0", "500", "−1.5k", "12k", "2.5M", "3G"]
