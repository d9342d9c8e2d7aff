"""What other rules would have made of the orders so far, beside what really happened: as lines and as JSON. Pure."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ledger.units import Money, format_money
from nostr_loyalty.config.rule_values import PointValue
from nostr_loyalty.reports.figures import Sales, tenths, worth
from nostr_loyalty.reports.telling import NONE, grouped, money_text, share_text
from nostr_loyalty.rules.program import ProgramRules

_LABEL: Final = 36
_COLUMN: Final = 18


@dataclass(frozen=True, slots=True)
class Made:
    """What one set of rules made: points earned and not taken back (`points` by customers, `unclaimed` on receipts that
    nobody has claimed), customers by the tier that they have now.
    """

    rules: ProgramRules
    value: PointValue | None
    points: int
    unclaimed: int
    tiers: Counter[str | None]

    @property
    def cost(self) -> Money | None:
        """What the points are worth; None where the program does not say what a point is worth."""
        return None if self.value is None else worth(self.value, self.points)

    def share(self, sales: tuple[Sales, ...]) -> int | None:
        """The cost in tenths of a percent of the sales in its currency."""
        cost = self.cost
        if cost is None:
            return None
        return tenths(cost.minor, sum(one.net.minor for one in sales if one.currency == cost.currency))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both, for the orders paid from a local day on. `orders`: those that the other rules took; `refused`: those that
    they did not, by code.
    """

    slug: str
    title: str
    since: int
    really: Made
    proposed: Made
    orders: int
    refused: Counter[str]
    sales: tuple[Sales, ...]

    def lines(self) -> list[str]:
        """For a terminal: three columns, of which the last is the difference."""
        heading = f"{self.title} ({self.slug}), since {date.fromordinal(self.since)}"
        told = [_row(heading, "really", "with these", "difference")]
        for label, now, then in (
            ("points earned", self.really.points, self.proposed.points),
            ("  and on receipts not claimed yet", self.really.unclaimed, self.proposed.unclaimed),
        ):
            told.append(_row(label, grouped(now), grouped(then), _signed(then - now)))
        told += self._cost_lines()
        for tier, title in self._titles():
            now, then = self.really.tiers[tier], self.proposed.tiers[tier]
            told.append(_row(f"customers, {title}", grouped(now), grouped(then), _signed(then - now)))
        taken = f"{grouped(self.orders)} orders taken"
        refused = ", ".join(
            f"{grouped(count)} refused ({code})" for code, count in sorted(self.refused.items()) if count
        )
        return [*told, f"with these rules: {taken}{', ' + refused if refused else ''}"]

    def as_json(self) -> dict[str, Any]:
        """For programs: integers, money as [amount, unit], shares in tenths of a percent."""
        return {
            "program": self.slug,
            "since": date.fromordinal(self.since).isoformat(),
            "really": _made_json(self.really, self.sales),
            "proposed": _made_json(self.proposed, self.sales),
            "orders": self.orders,
            "refused": {code: count for code, count in sorted(self.refused.items()) if count},
        }

    def _cost_lines(self) -> list[str]:
        now, then = self.really.cost, self.proposed.cost
        if now is None and then is None:
            return []
        difference = NONE
        if now is not None and then is not None and now.currency == then.currency:
            more = Money(then.minor - now.minor, now.currency)
            difference = f"{'+' if more.minor > 0 else ''}{money_text(more)}"
        costs = [NONE if cost is None else money_text(cost) for cost in (now, then)]
        shares = [share_text(made.share(self.sales)) for made in (self.really, self.proposed)]
        return [_row("cost", *costs, difference), _row("  as a share of sales", *shares, "")]

    def _titles(self) -> list[tuple[str | None, str]]:
        """Every tier of either set, none first, then from the lowest of the new ones."""
        if not (self.really.rules.tiers or self.proposed.rules.tiers):
            return []
        titles: dict[str | None, str] = {None: "no tier"}
        titles |= {tier.id: tier.title for tier in self.proposed.rules.tiers}
        titles |= {tier.id: tier.title for tier in self.really.rules.tiers if tier.id not in titles}
        return list(titles.items())


def _made_json(made: Made, sales: tuple[Sales, ...]) -> dict[str, Any]:
    return {
        "points": made.points,
        "unclaimed": made.unclaimed,
        "cost": None if made.cost is None else list(format_money(Money(abs(made.cost.minor), made.cost.currency))),
        "cost_tenths": made.share(sales),
        "tiers": {
            tier or "": count for tier, count in sorted(made.tiers.items(), key=lambda each: each[0] or "") if count
        },
    }


def _row(label: str, *cells: str) -> str:
    return (f"{label:<{_LABEL}}" + "".join(f"{cell:>{_COLUMN}}" for cell in cells)).rstrip()


def _signed(number: int) -> str:
    return "0" if not number else f"{number:+,}"
