"""The figures of a report, and how they are told."""

import re
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reporting import QUARTER_S, Balances, Holders, Kind, Moved, Sold, Visitors
from ledger.units import Money
from nostr_loyalty.config.rule_values import PointValue
from nostr_loyalty.reports import figures, telling
from nostr_loyalty.reports.figures import Flow, Gathered, Report, Sales, Span
from nostr_loyalty.rules.program import Factor, ProgramRules, Tier

MADRID = ZoneInfo("Europe/Madrid")
NOVEMBER = figures.month_of(2026, 11)
BALANCES = Balances(70, 17, 10)
CENT = PointValue(Factor(1, 1), "EUR")
RULES = ProgramRules(
    spend=(), rounding="floor", tz=MADRID, tiers=(Tier("silver", "Silver", 10), Tier("gold", "Gold", 50))
)


def quarter(local: str) -> int:
    """The quarter of an hour that begins at this local time in Madrid."""
    return int(datetime.fromisoformat(local).replace(tzinfo=MADRID).timestamp()) // QUARTER_S


def moved(local: str, kind: Kind, points: int) -> Moved:
    """One entry at a local time."""
    return Moved(1, quarter(local), kind, points, 1)


def gathered() -> Gathered:
    """A venue that opened in October: 100 issued, 40 redeemed of which 10 came back, 5 expired, 2 revoked."""
    all_ = Gathered(MADRID)
    for one in (
        moved("2026-10-31T23:45", "earned", 60), moved("2026-11-01T00:00", "earned", 30),
        moved("2026-11-02T10:00", "granted", 10), moved("2026-11-03T10:00", "redeemed", -40),
        moved("2026-11-04T10:00", "returned", 10), moved("2026-11-05T10:00", "expired", -5),
        moved("2026-11-06T10:00", "revoked", -2), moved("2026-11-06T10:00", "revoked", -7),
        moved("2026-11-06T10:00", "moved", 7),
        moved("2026-11-06T10:00", "granted", 3), moved("2026-11-06T10:00", "owed", -3),
    ):  # fmt: skip
        all_.take_moved(one)
    days = {day: date(2026, 11, day).toordinal() for day in (1, 30)}
    all_.take_sold(Sold(1, days[1], "EUR", 2, 3_000, 500, 0, 4))
    all_.take_sold(Sold(1, days[1], "EUR", 1, 1_000, 0, 3, 0))
    all_.take_sold(Sold(1, days[30], "JPY", 1, 700, 0, 0, 0))
    all_.take_sold(Sold(1, days[1] - 1, "EUR", 1, 9_900, 0, 0, 0))
    return all_


def report() -> Report:
    """That venue's November, looked at on the 24th."""
    all_ = gathered()
    return Report(
        slug="cafe-sol", address="37411:ab:cafe-sol", title="Café <Sol> & Mar", unit=("stamp", "stamps"), value=CENT,
        month=NOVEMBER,
        of_month=Span(
            all_.flow(NOVEMBER.first, NOVEMBER.last), all_.flow(0, NOVEMBER.first - 1).net,
            all_.sold(NOVEMBER.first, NOVEMBER.last), Visitors(4, 1, 2, 9), BALANCES,
        ),
        in_all=Span(all_.flow(0, NOVEMBER.last), 0, all_.sold(0, NOVEMBER.last), Visitors(9, 9, 2, 9), BALANCES),
        days=figures.days_of(all_, NOVEMBER, date(2026, 11, 24).toordinal()), months=figures.months_of(all_, NOVEMBER),
        pending=all_.pending, unclaimed=all_.unclaimed, deficit=0,
        holders=figures.tiers_of(RULES, [Holders(None, 7, 20, 0), Holders("gold", 2, 73, 0), Holders("old", 1, 0, 0)]),
    )  # fmt: skip


def test_a_month_begins_and_ends_with_the_venues_own_days() -> None:
    """What was booked at 23:45 on the last of October is October's, what came 15 minutes later is November's."""
    november = report().of_month
    assert november.opening == 60
    assert november.flow == Flow(earned=30, granted=10, spent=40, returned=10, expired=5, revoked=2)


def test_what_was_given_back_was_not_redeemed() -> None:
    """40 redeemed and 10 given back are 30 redeemed."""
    assert report().of_month.flow.redeemed == 30


def test_points_that_moved_to_another_key_count_nowhere() -> None:
    """A linked pair is neither issued nor revoked, be it points or a debt, and changes no sum of balances."""
    assert report().in_all.flow.net == 60 + 30 + 10 - 40 + 10 - 5 - 2
    assert report().in_all.flow.issued == 100


def test_shares_are_tenths_of_a_percent_and_no_share_of_nothing() -> None:
    """5 of 40 issued are 12.5 %; half a tenth is rounded up; of nothing there is no share."""
    november = report().of_month
    assert (november.breakage, november.redemption) == (125, 750)
    assert (figures.tenths(1, 2_000), figures.tenths(1, 2_001), figures.tenths(-1, 2_000)) == (1, 0, 0)
    assert (figures.tenths(1, 0), figures.tenths(1, -3)) == (None, None)
    assert Span(Flow(), 0, (), Visitors(0, 0, 0, 0), Balances(0, 0, 0)).breakage is None


def test_the_cost_is_a_share_of_the_sales_in_its_own_currency() -> None:
    """30 points of a cent each on 35.00 EUR are 0.9 %; yen do not count, and without a value there is no cost."""
    november = report().of_month
    assert november.sales == (Sales("EUR", 3, 4_000, 500), Sales("JPY", 1, 700, 0))
    assert november.cost_share(CENT) == 9
    assert november.cost_share(PointValue(Factor(1, 1), "USD")) is None
    assert november.cost_share(None) is None


def test_a_debt_has_a_worth_below_nothing() -> None:
    """More taken than given: the worth is the negative one of as many points."""
    assert figures.worth(CENT, -250) == Money(-250, "EUR")
    assert telling.money_text(Money(-123_456, "EUR")) == "-1,234.56 EUR"
    assert telling.money_text(Money(21_000_000, "msat")) == "21,000 sat"


@pytest.mark.parametrize(
    ("month", "ago", "expected"),
    [((2026, 11), 3, "2026-08"), ((2026, 2), 3, "2025-11"), ((2026, 1), 1, "2025-12"), ((2026, 12), 12, "2025-12")],
)
def test_months_are_counted_back_over_the_year(month: tuple[int, int], ago: int, expected: str) -> None:
    """Three months before February are November."""
    assert figures.before(figures.month_of(*month), ago).text == expected


def test_days_are_shown_up_to_today_and_months_without_a_gap() -> None:
    """The month's days end today; the months begin with the first entry, and one without any is there with nothing."""
    assert [date.fromordinal(day).day for day, _ in report().days] == list(range(1, 25))
    all_ = gathered()
    all_.take_moved(moved("2026-07-15T12:00", "earned", 1))
    assert [(month.text, flow.net) for month, flow in figures.months_of(all_, NOVEMBER)] == [
        ("2026-07", 1), ("2026-08", 0), ("2026-09", 0), ("2026-10", 60), ("2026-11", 3),
    ]  # fmt: skip


def test_tiers_are_listed_from_the_lowest_also_empty_ones() -> None:
    """No tier first, then as in the program; one that the program no longer has comes last and says so."""
    assert report().holders == (
        ("no tier", 7, 20), ("Silver", 0, 0), ("Gold", 2, 73), ("old (no longer there)", 1, 0),
    )  # fmt: skip
    assert figures.tiers_of(replace(RULES, tiers=()), [Holders(None, 7, 20, 0)]) == ()


KINDS: tuple[Kind, ...] = ("earned", "granted", "redeemed", "returned", "expired", "revoked", "moved", "owed")


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 50), st.integers(0, 900))))
def test_what_moved_is_issued_less_redeemed_less_expired_less_revoked(rows: list[tuple[Kind, int, int]]) -> None:
    """Whatever happened, for every month and in all, and it is the sum of all points that were ever booked."""
    all_ = Gathered(MADRID)
    total = 0
    for kind, points, day in rows:
        signed = points if kind in ("earned", "granted", "returned", "moved") else -points
        total += signed
        all_.take_moved(Moved(1, day * 96, kind, signed, 1))
    months = figures.months_of(all_, figures.month_of(1972, 12))
    assert sum(flow.net for _, flow in months) == total
    opening = 0
    for month, flow in months:
        assert all_.flow(month.first, month.last) == flow
        assert all_.flow(0, month.first - 1).net == opening
        opening += flow.issued - flow.redeemed - flow.expired - flow.revoked
    assert opening == total


def test_the_lines_for_people() -> None:
    """Both spans side by side; the plural is the program's own; what waits is told below."""
    lines = telling.lines(report(), with_all=True)
    assert lines[0].split() == ["Café", "<Sol>", "&", "Mar", "(cafe-sol)", "2026-11", "in", "all"]
    assert re.fullmatch(r"  stamps issued +40 +100", lines[1])
    assert any(re.fullmatch(r"  active customers \(who ordered\) +4 +9", line) for line in lines)
    assert re.fullmatch(r"  stamps outstanding +70 +70", lines[6])
    assert re.fullmatch(r"    as a liability +0.70 EUR +0.70 EUR", lines[7])
    assert re.fullmatch(r"  stamps owed by customers +17 +17", lines[8])
    assert re.fullmatch(r"  stamps of forgotten customers +10 +10", lines[9])
    assert "  now also: 3 stamps earned and waiting, 4 stamps on receipts that nobody has claimed" in lines
    alone = telling.lines(report(), with_all=False)
    assert re.fullmatch(r"  stamps issued +40", alone[1])


def test_the_json_for_programs() -> None:
    """Integers, money as [amount, unit], shares in tenths; the totals only where they were asked for."""
    told = telling.as_json(report(), with_all=False)
    assert told["in_all"] is None
    names = ("outstanding", "liability", "owed", "forgotten", "net")
    assert [told["figures"][name] for name in names] == [70, ["0.70", "EUR"], 17, 10, 63]
    assert told["figures"]["cost"] == ["0.30", "EUR"]
    assert told["figures"]["sales"][0] == {
        "currency": "EUR", "orders": 3, "net": ["35.00", "EUR"], "refunded": ["5.00", "EUR"],
    }  # fmt: skip
    worthless = replace(report(), value=None)
    assert telling.as_json(worthless, with_all=True)["in_all"]["liability"] is None
    assert not any("liability" in line or "cost" in line for line in telling.lines(worthless, with_all=True))
