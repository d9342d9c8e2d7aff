"""A report as one HTML page: it fetches nothing, runs no script, follows the reader's light or dark, fits a telephone.

Beside each drawing stands the same as a table, for those who hear the page and for those who want to copy numbers.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from typing import Final

from ledger.reporting import Balances
from nostr_loyalty.reports import plot
from nostr_loyalty.reports.figures import Flow, Month, Report, worth
from nostr_loyalty.reports.plot import Series, Words
from nostr_loyalty.reports.style import STYLE
from nostr_loyalty.reports.telling import grouped, money_text, rows, share_text

MONTHS_DRAWN: Final = 24
_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SERIES: Final = ("issued", "redeemed", "expired", "revoked")
"""What is drawn of a flow; each is a field of it and a class of the style."""


def page(reports: Sequence[Report], *, with_all: bool, made_at: str) -> str:
    """The whole page; `made_at` says when it was made, in words."""
    title = ", ".join(report.title for report in reports)
    months = ", ".join(dict.fromkeys(report.month.text for report in reports))
    sections = "".join(_section(report, with_all=with_all) for report in reports)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}: {months}</title><style>{STYLE}</style></head>\n"
        f"<body><main>{sections}</main><footer>Made {escape(made_at)} by nostr-loyalty.</footer></body></html>\n"
    )


def _section(report: Report, *, with_all: bool) -> str:
    month = f"{_NAMES[report.month.month - 1]} {report.month.year}"
    cards = [_month_plots(report, month)]
    if with_all and len(report.months) > 1:
        cards.append(_life_plots(report))
    if report.holders:
        cards.append(_tier_plot(report))
    spans = [report.of_month, *([report.in_all] if with_all else [])]
    heads = ["", month, "in all"][: len(spans) + 1]
    table = _table("All figures", heads, ([label, *texts] for label, texts in rows(report, spans)))
    cards.append(f'<article class="card"><h2>All figures</h2><div class="wide">{table}</div></article>')
    return (
        f'<section><header><h1>{escape(report.title)}</h1><p class="when">{month}</p></header>{_tiles(report)}'
        f'<div class="cards">{"".join(cards)}</div></section>\n'
    )


def _tiles(report: Report) -> str:
    span, value = report.of_month, report.value
    flow, visitors = span.flow, span.visitors
    liability = f"a liability of {money_text(worth(value, span.outstanding))}" if value else "at the end of the month"
    told = [
        (grouped(span.outstanding), "outstanding", liability),
        *_apart(span.balances),
        (grouped(flow.issued), "issued", f"{grouped(flow.granted)} of it by hand"),
        (grouped(flow.redeemed), "redeemed", f"{share_text(span.redemption)} of what was issued"),
        (grouped(flow.expired), "expired", f"{share_text(span.breakage)} of what was issued"),
        (grouped(visitors.active), "active customers", f"who ordered; {grouped(visitors.new)} of them new"),
        (grouped(visitors.lapsing), "lapsing customers", "came in the three months before, not in this one"),
    ]
    told += [(money_text(one.net), "sales", f"{grouped(one.orders)} orders") for one in span.sales]
    if value is not None:
        cost = money_text(worth(value, flow.redeemed))
        told.append((share_text(span.cost_share(value)), "cost of sales", f"{cost} of points redeemed"))
    tiles = "".join(
        f"<li><strong>{escape(number)}</strong> <span>{escape(label)}</span> <small>{escape(note)}</small></li>"
        for number, label, note in told
    )
    return f'<ul class="tiles">{tiles}</ul>'


def _apart(balances: Balances) -> list[tuple[str, str, str]]:
    """What stands beside the points that are outstanding, where there is any."""
    told = [
        (balances.owed, "owed", "by customers; nothing of it is taken off what is outstanding"),
        (balances.forgotten, "of forgotten customers", "nobody can spend them"),
    ]
    return [(grouped(number), label, note) for number, label, note in told if number]


def _month_plots(report: Report, month: str) -> str:
    labels = [str(date.fromordinal(day).day) for day, _ in report.days]
    full = [date.fromordinal(day).isoformat() for day, _ in report.days]
    flows = [flow for _, flow in report.days]
    name = f"{report.slug}-days"
    return _moved(report, name, f"Points by day, {month}", labels, full, flows) + _balances(
        report, name, f"All balances by day, {month}", labels, full, flows, report.of_month.opening
    )


def _life_plots(report: Report) -> str:
    shown = report.months[-MONTHS_DRAWN:]
    hidden = sum(flow.net for _, flow in report.months[:-MONTHS_DRAWN])
    labels = [_short_month(month, first=at == 0) for at, (month, _) in enumerate(shown)]
    full = [month.text for month, _ in shown]
    flows = [flow for _, flow in shown]
    name = f"{report.slug}-months"
    return _moved(report, name, "Points by month", labels, full, flows) + _balances(
        report, name, "All balances by month", labels, full, flows, hidden
    )


def _moved(report: Report, name: str, title: str, labels: list[str], full: list[str], flows: Sequence[Flow]) -> str:
    """What was issued above the line, what went below it."""
    signed = {label: [getattr(flow, label) * (1 if label == "issued" else -1) for flow in flows] for label in _SERIES}
    series = [Series(label, label, signed[label]) for label in _SERIES if any(signed[label])]
    total = sum(flows, Flow())
    text = (
        f"{report.unit[1]}: {grouped(total.issued)} issued, {grouped(total.redeemed)} redeemed, "
        f"{grouped(total.expired)} expired, {grouped(total.revoked)} revoked."
    )
    drawn = plot.bars(Words(f"{name}-moved", title, text), labels, series)
    legend = "".join(f'<li><i class="{one.style}"></i>{one.name}</li>' for one in series)
    heads = ["", *_SERIES]
    table = _table(title, heads, (
        [label, *(grouped(getattr(flow, each)) for each in _SERIES)] for label, flow in zip(full, flows, strict=True)
    ))  # fmt: skip
    return _card(title, f'<ul class="legend">{legend}</ul>{drawn}', table)


def _balances(
    report: Report, name: str, title: str, labels: list[str], full: list[str], flows: Sequence[Flow], opening: int
) -> str:
    """What all balances came to: debts are taken off, and forgotten customers' points are among them."""
    values = []
    for flow in flows:
        opening += flow.net
        values.append(opening)
    text = (
        f"{report.unit[1]}, what is owed taken off and forgotten customers' in it, "
        f"from {grouped(values[0])} to {grouped(values[-1])}."
    )
    drawn = plot.line(Words(f"{name}-out", title, text), labels, Series("all balances", "outstanding", values))
    body = ([label, grouped(value)] for label, value in zip(full, values, strict=True))
    return _card(title, drawn, _table(title, ["", "all balances"], body))


def _tier_plot(report: Report) -> str:
    title = "Customers per tier, now"
    text = ", ".join(f"{name}: {grouped(customers)}" for name, customers, _ in report.holders)
    pairs = [(name, customers) for name, customers, _ in report.holders]
    drawn = plot.ranks(Words(f"{report.slug}-tiers", title, text), pairs, "issued")
    body = ([name, grouped(customers), grouped(points)] for name, customers, points in report.holders)
    return _card(title, drawn, _table(title, ["", "customers", report.unit[1]], body))


def _card(title: str, drawn: str, table: str) -> str:
    return (
        f'<article class="card"><h2>{escape(title)}</h2>{drawn}'
        f'<details><summary>as a table</summary><div class="wide">{table}</div></details></article>'
    )


def _table(caption: str, heads: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' if text else "<td></td>" for text in heads)
    lines = "".join(
        f'<tr><th scope="row"{_INDENTED if cells[0].startswith(" ") else ""}>{escape(cells[0].strip())}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells[1:])
        + "</tr>"
        for cells in body
    )
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


_INDENTED: Final = ' class="of"'


def _short_month(month: Month, *, first: bool) -> str:
    name = _NAMES[month.month - 1]
    return f"{name} {month.year % 100:02d}" if first or month.month == 1 else name
