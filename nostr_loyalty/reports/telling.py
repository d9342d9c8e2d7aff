"""A report as JSON for programs, and as lines for people; and how its numbers are written everywhere."""

from typing import Any, Final

from ledger.units import MSAT, Money, format_money
from nostr_loyalty.reports.figures import Report, Sales, Span, worth

_WIDTH: Final = 34
_COLUMN: Final = 18
NONE: Final = "–"


def grouped(number: int) -> str:
    """A number with its thousands apart: 1,234."""
    return f"{number:,}"


def money_text(money: Money) -> str:
    """An amount with its unit and its thousands apart, also below 0: -1,234.50 EUR."""
    decimal, unit = format_money(Money(abs(money.minor), money.currency))
    whole, point, fraction = decimal.partition(".")
    return f"{'-' if money.minor < 0 else ''}{grouped(int(whole))}{point}{fraction} {unit}"


def share_text(tenths: int | None) -> str:
    """Tenths of a percent as people read them: 12.5 %, and a dash where there is nothing to take a share of."""
    if tenths is None:
        return NONE
    whole, rest = divmod(abs(tenths), 10)
    return f"{'-' if tenths < 0 else ''}{grouped(whole)}.{rest} %"


def as_json(report: Report, *, with_all: bool) -> dict[str, Any]:
    """The report in the form that scripts rely on: integers, money as [amount, unit], shares in tenths of a percent."""
    value = report.value
    return {
        "program": report.address,
        "month": report.month.text,
        "point_value": None if value is None else [*value.minor, value.currency],
        "figures": _span_json(report, report.of_month),
        "in_all": _span_json(report, report.in_all) if with_all else None,
        "now": {
            "pending": report.pending,
            "unclaimed": report.unclaimed,
            "owed": report.deficit,
            "tiers": [
                {"title": title, "customers": customers, "points": points}
                for title, customers, points in report.holders
            ],
        },
    }


def _span_json(report: Report, span: Span) -> dict[str, Any]:
    flow, visitors, value = span.flow, span.visitors, report.value
    return {
        "opening": span.opening,
        "issued": flow.issued,
        "earned": flow.earned,
        "granted": flow.granted,
        "redeemed": flow.redeemed,
        "given_back": flow.returned,
        "expired": flow.expired,
        "revoked": flow.revoked,
        "outstanding": span.outstanding,
        "owed": span.balances.owed,
        "forgotten": span.balances.forgotten,
        "net": span.balances.net,
        "liability": None if value is None else _money_json(worth(value, span.outstanding)),
        "breakage_tenths": span.breakage,
        "redemption_tenths": span.redemption,
        "cost": None if value is None else _money_json(worth(value, flow.redeemed)),
        "cost_tenths": span.cost_share(value),
        "active": visitors.active,
        "new": visitors.new,
        "lapsing": visitors.lapsing,
        "sales": [
            {"currency": one.currency, "orders": one.orders, "net": _money_json(one.net)}
            | {"refunded": _money_json(Money(one.refunded_minor, one.currency))}
            for one in span.sales
        ],
    }


def _money_json(money: Money) -> list[str]:
    decimal, unit = format_money(Money(abs(money.minor), money.currency))
    return [f"-{decimal}" if money.minor < 0 else decimal, unit]


def lines(report: Report, *, with_all: bool) -> list[str]:
    """The report for a terminal: the month, and with `with_all` the whole life beside it."""
    spans = [report.of_month, *([report.in_all] if with_all else [])]
    plural = report.unit[1]
    heading = f"{report.title} ({report.slug})"
    told = [
        f"{heading:<{_WIDTH}}" + "".join(f"{text:>{_COLUMN}}" for text in (report.month.text, "in all")[: len(spans)])
    ]
    for label, texts in rows(report, spans):
        told.append(f"  {label:<{_WIDTH - 2}}" + "".join(f"{text:>{_COLUMN}}" for text in texts))
    waiting = [
        f"{grouped(points)} {plural} {what}"
        for points, what in (
            (report.pending, "earned and waiting"),
            (report.unclaimed, "on receipts that nobody has claimed"),
        )
        if points
    ]
    if waiting:
        told.append(f"  now also: {', '.join(waiting)}")
    if report.holders:
        told.append("  customers per tier, now")
        told += [
            f"    {title:<{_WIDTH - 4}}{grouped(customers):>{_COLUMN}}  ({grouped(points)} {plural})"
            for title, customers, points in report.holders
        ]
    return told


def rows(report: Report, spans: list[Span]) -> list[tuple[str, list[str]]]:
    """Label and text for each of the spans, line by line: what the terminal and the page show alike."""
    value, plural = report.value, report.unit[1]
    told: list[tuple[str, list[str]]] = [
        (f"{plural} issued", [grouped(span.flow.issued) for span in spans]),
        ("  of it granted by hand", [grouped(span.flow.granted) for span in spans]),
        (f"{plural} redeemed", [grouped(span.flow.redeemed) for span in spans]),
        (f"{plural} expired", [grouped(span.flow.expired) for span in spans]),
        (f"{plural} revoked", [grouped(span.flow.revoked) for span in spans]),
        (f"{plural} outstanding", [grouped(span.outstanding) for span in spans]),
    ]
    if value is not None:
        told.append(("  as a liability", [money_text(worth(value, span.outstanding)) for span in spans]))
    told += [
        (label, texts)
        for label, numbers in (
            (f"{plural} owed by customers", [span.balances.owed for span in spans]),
            (f"{plural} of forgotten customers", [span.balances.forgotten for span in spans]),
        )
        if any(numbers)
        for texts in [[grouped(number) for number in numbers]]
    ]
    told += [
        ("breakage (expired of issued)", [share_text(span.breakage) for span in spans]),
        ("redemption rate", [share_text(span.redemption) for span in spans]),
        ("active customers (who ordered)", [grouped(span.visitors.active) for span in spans]),
        ("  new", [grouped(span.visitors.new) for span in spans]),
        ("  lapsing", [grouped(span.visitors.lapsing) if at == 0 else NONE for at, span in enumerate(spans)]),
    ]
    for currency in dict.fromkeys(one.currency for span in spans for one in span.sales):
        each = [
            next((one for one in span.sales if one.currency == currency), Sales(currency, 0, 0, 0)) for span in spans
        ]
        unit = "sat" if currency == MSAT else currency
        told.append((f"orders in {unit}", [grouped(one.orders) for one in each]))
        told.append((f"sales in {unit}", [money_text(one.net) for one in each]))
    if value is not None:
        told.append(("cost of what was redeemed", [money_text(worth(value, span.flow.redeemed)) for span in spans]))
        told.append(("  as a share of sales", [share_text(span.cost_share(value)) for span in spans]))
    return told
