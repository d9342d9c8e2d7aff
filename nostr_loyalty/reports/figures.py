"""What points did in a program, in a month and in all: the figures of a report.

Rules:
- net at the end = net at the start + issued - redeemed - expired - revoked, always; and net = outstanding - owed +
  forgotten: what guests can spend, less what others owe, and what the balances of forgotten guests come to.
- Entries count on the local day they were booked, orders on the local day they were paid.
- A redemption that was given back (a voucher cancelled, or past its hold) is taken off what was redeemed on the day it
  was given back. Points that went from a lost key to a new one count nowhere.
- Points and money are integers, shares whole tenths of a percent, rounded half up. No share of nothing: None.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ledger.reporting import QUARTER_S, Balances, Holders, Kind, Moved, Sold, Visitors
from ledger.units import Money
from nostr_loyalty.config.rule_values import PointValue
from nostr_loyalty.rules.calendar import day_of
from nostr_loyalty.rules.program import ProgramRules

LINKED: Final = b'"","linked"]'
"""The end of a tag: only an entry on a new key that names the one on the lost key has it in its document."""
LAPSING_MONTHS: Final = 3
"""So many months before the month in question are looked at for customers who have stayed away."""


class Flow(NamedTuple):
    """What points did in a span of time, by kind. All are 0 or more; `revoked` may be less where a revocation was
    itself taken back.
    """

    earned: int = 0
    granted: int = 0
    spent: int = 0
    returned: int = 0
    expired: int = 0
    revoked: int = 0

    @property
    def issued(self) -> int:
        """Earned, and granted by hand."""
        return self.earned + self.granted

    @property
    def redeemed(self) -> int:
        """Spent on rewards, less what was given back of such."""
        return self.spent - self.returned

    @property
    def net(self) -> int:
        """How much more all balances come to afterwards."""
        return self.issued - self.redeemed - self.expired - self.revoked

    def __add__(self, other: object) -> "Flow":
        assert isinstance(other, Flow)
        return Flow(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Sales(NamedTuple):
    """What was sold in one currency: orders that were not taken back in whole, gross and paid back, smallest units."""

    currency: str
    orders: int
    sold_minor: int
    refunded_minor: int

    @property
    def net(self) -> Money:
        """What was sold and not paid back."""
        return Money(self.sold_minor - self.refunded_minor, self.currency)


class Month(NamedTuple):
    """A calendar month of a venue: local days from `first` to `last`."""

    year: int
    month: int
    first: int
    last: int

    @property
    def text(self) -> str:
        """Like 2026-11."""
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, slots=True)
class Span:
    """The figures of a month, or of a program's whole life. `opening`: the sum of all balances at the start;
    `balances`: what they come to at the end.
    """

    flow: Flow
    opening: int
    sales: tuple[Sales, ...]
    visitors: Visitors
    balances: Balances

    @property
    def outstanding(self) -> int:
        """Points that customers can spend at the end: what others owe takes nothing off, who is forgotten has none."""
        return self.balances.outstanding

    @property
    def breakage(self) -> int | None:
        """Points that lapsed, in tenths of a percent of what was issued."""
        return tenths(self.flow.expired, self.flow.issued)

    @property
    def redemption(self) -> int | None:
        """Points that were redeemed, in tenths of a percent of what was issued."""
        return tenths(self.flow.redeemed, self.flow.issued)

    def cost_share(self, value: PointValue | None) -> int | None:
        """What the redeemed points are worth, in tenths of a percent of the sales in that currency."""
        if value is None:
            return None
        sold = sum(one.net.minor for one in self.sales if one.currency == value.currency)
        return tenths(worth(value, self.flow.redeemed).minor, sold)


@dataclass(frozen=True, slots=True)
class Report:
    """One program's report. `days`: the month's flow by local day; `months`: by month, from the first entry on, up to
    and with the month. `pending`, `unclaimed`, `holders` are as it stands now.
    """

    slug: str
    address: str
    title: str
    unit: tuple[str, str]
    value: PointValue | None
    month: Month
    of_month: Span
    in_all: Span
    days: tuple[tuple[int, Flow], ...]
    months: tuple[tuple[Month, Flow], ...]
    pending: int
    unclaimed: int
    deficit: int
    holders: tuple[tuple[str, int, int], ...]
    """Title of the tier ("no tier" for none), customers, points; from the lowest to the highest."""


@dataclass(slots=True)
class Gathered:
    """What was read of one program's entries and orders, day by day, before it becomes a report."""

    tz: ZoneInfo
    flows: dict[int, Flow] = field(default_factory=dict)
    sales: dict[tuple[int, str], Sales] = field(default_factory=dict)
    pending: int = 0
    unclaimed: int = 0

    def take_moved(self, moved: Moved) -> None:
        """Count what entries did in a quarter of an hour."""
        day = day_of(moved.quarter * QUARTER_S, self.tz)
        self.flows[day] = self.flows.get(day, Flow()) + _flow(moved.kind, moved.points)

    def take_sold(self, sold: Sold) -> None:
        """Count the orders of a day in a currency."""
        before = self.sales.get((sold.day, sold.currency), Sales(sold.currency, 0, 0, 0))
        self.sales[sold.day, sold.currency] = Sales(
            sold.currency, before.orders + sold.orders, before.sold_minor + sold.sold_minor,
            before.refunded_minor + sold.refunded_minor,
        )  # fmt: skip
        self.pending += sold.pending
        self.unclaimed += sold.unclaimed

    def flow(self, first: int, last: int) -> Flow:
        """All that moved on these days."""
        return sum((flow for day, flow in self.flows.items() if first <= day <= last), Flow())

    def sold(self, first: int, last: int) -> tuple[Sales, ...]:
        """All that was sold on these days, by currency, the one with the most orders first."""
        by_currency: dict[str, Sales] = {}
        for (day, currency), one in self.sales.items():
            if first <= day <= last:
                so_far = by_currency.get(currency, Sales(currency, 0, 0, 0))
                sums = (mine + its for mine, its in zip(so_far[1:], one[1:], strict=True))
                by_currency[currency] = Sales(currency, *sums)
        return tuple(sorted(by_currency.values(), key=lambda one: (-one.orders, one.currency)))


def tenths(part: int, whole: int) -> int | None:
    """A part of a whole in tenths of a percent, rounded half up; None where the whole is not above 0."""
    return None if whole <= 0 else (2_000 * part + whole) // (2 * whole)


def worth(value: PointValue, points: int) -> Money:
    """Points in money, also where there are less than none."""
    money = value.worth(abs(points))
    return money if points >= 0 else Money(-money.minor, money.currency)


def month_at(day: int) -> Month:
    """The month in which a local day lies."""
    local = date.fromordinal(day)
    return month_of(local.year, local.month)


def month_of(year: int, month: int) -> Month:
    """A month by its year and number (1 to 12)."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return Month(year, month, date(year, month, 1).toordinal(), following.toordinal() - 1)


def before(month: Month, months: int) -> Month:
    """The month so many months before."""
    count = month.year * 12 + month.month - 1 - months
    return month_of(count // 12, count % 12 + 1)


def days_of(gathered: Gathered, month: Month, last: int) -> tuple[tuple[int, Flow], ...]:
    """The month's days up to `last`, each with its flow."""
    until = max(month.first, min(month.last, last))
    return tuple((day, gathered.flows.get(day, Flow())) for day in range(month.first, until + 1))


def months_of(gathered: Gathered, month: Month) -> tuple[tuple[Month, Flow], ...]:
    """The months from the first with an entry up to `month`, each with its flow."""
    sums: dict[Month, Flow] = {}
    for day, flow in gathered.flows.items():
        if day <= month.last:
            its = month_at(day)
            sums[its] = sums.get(its, Flow()) + flow
    back = max((_number(month) - _number(its) for its in sums), default=0)
    every = (before(month, ago) for ago in range(back, -1, -1))
    return tuple((its, sums.get(its, Flow())) for its in every)


def tiers_of(rules: ProgramRules, holders: Sequence[Holders]) -> tuple[tuple[str, int, int], ...]:
    """Customers and their points by tier, none first, then from the lowest; tiers that are no longer there come last.

    A program without tiers has none to list.
    """
    titles: Mapping[str | None, str] = {None: "no tier", **{tier.id: tier.title for tier in rules.tiers}}
    known = {one.tier: one for one in holders}
    if not rules.tiers and known.keys() <= {None}:
        return ()
    gone = sorted(tier for tier in known if tier not in titles and tier is not None)
    listed: list[tuple[str | None, str]] = [
        *titles.items(),
        *((tier, f"{tier} (no longer there)") for tier in gone),
    ]
    return tuple(
        (title, known[tier].customers, known[tier].points) if tier in known else (title, 0, 0) for tier, title in listed
    )


def _flow(kind: Kind, points: int) -> Flow:
    match kind:
        case "earned":
            return Flow(earned=points)
        case "granted":
            return Flow(granted=points)
        case "redeemed":
            return Flow(spent=-points)
        case "returned":
            return Flow(returned=points)
        case "expired":
            return Flow(expired=-points)
        case "revoked":
            return Flow(revoked=-points)
        case "moved":  # the other entry of the pair counts as revoked
            return Flow(revoked=-points)
        case "owed":  # here as granted
            return Flow(granted=points)


def _number(month: Month) -> int:
    return month.year * 12 + month.month
