"""A program's rules as sentences for people, from its definition alone; and of several programs side by side. Pure."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from kinds.earn import Earn, ItemEarn, OccasionEarn, PaymentEarn, ReferralEarn, SpendEarn, VisitEarn
from kinds.program import Program
from kinds.reward import Reward
from ledger.errors import AmountInvalid
from ledger.units import Money, format_money, parse_money

TERMS_CHARACTERS_MAX: Final = 240
COLUMN_MIN: Final = 26
GAP: Final = 2
LABEL: Final = 8
_OCCASIONS: Final = {"welcome": "with the first order", "feedback": "for a word about an order"}

LABELS: Final = ("earning", "tiers", "rewards", "expiry", "cards", "terms")


def rules_in_words(program: Program) -> dict[str, tuple[str, ...]]:
    """What people compare programs by: lines for each of LABELS. Not all that decides: rounding, a tier's grace, what a
    referral waits for and its cap, the deficit, and how long vouchers and claim codes are good for, are left out.
    """
    rows = (
        (*(_earning(program, rule) for rule in program.earn), *_more(program)),
        tuple(_tiers(program)),
        tuple(_reward(program, reward) for reward in program.rewards),
        (_expiry(program),),
        ("everybody can read who has what" if program.visibility == "public" else "private",),
        (_cut(program.terms),) if program.terms else (),
    )
    return dict(zip(LABELS, rows, strict=True))


def side_by_side(named: Sequence[tuple[str, Program | None, str | None]], width: int) -> Iterator[str]:
    """Lines of a table, at most `width` wide, for programs as (title, rules, what is wrong): one column each; what does
    not fit beside stands below.
    """
    fit = max(1, (width - LABEL) // (COLUMN_MIN + GAP))
    for start in range(0, len(named), fit):
        if start:
            yield ""
        part = named[start : start + fit]
        column = min(60, (width - LABEL) // len(part) - GAP)
        yield from _row("", [[title] for title, _, _ in part], column)
        columns = [{LABELS[0]: (wrong or "",)} if rules is None else rules_in_words(rules) for _, rules, wrong in part]
        for label in LABELS:
            if any(rows.get(label) for rows in columns):
                yield from _row(label, [rows.get(label, ()) for rows in columns], column)


def _row(label: str, cells: Sequence[Sequence[str]], column: int) -> Iterator[str]:
    wrapped = [[line for text in cell for line in textwrap.wrap(text, column)] for cell in cells]
    for number in range(max(map(len, wrapped))):
        line = "".join(
            (cell[number] if number < len(cell) else "").ljust(column + GAP) for cell in wrapped
        )  # fmt: skip
        yield f"{label if number == 0 else '':<{LABEL}}{line}".rstrip()


def printable(text: str) -> str:
    """A line without control characters: what a stranger wrote must not steer the terminal that shows it."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def points_of(program: Program, points: int) -> str:
    """Points in the program's own words."""
    singular, plural = program.unit
    return f"{points} {singular if abs(points) == 1 else plural}"


def _earning(program: Program, rule: Earn) -> str:
    match rule:
        case SpendEarn(points, per, unit):
            return f"{points_of(program, points)} for each {per} {unit}"
        case VisitEarn(points, minimum, gap):
            least = f" from {' '.join(minimum)}" if minimum and minimum[0] != "0" else ""
            return f"{points_of(program, points)} for a visit{least}" + (f", at most every {gap}" if gap else "")
        case ItemEarn(points, item):
            return f"{points_of(program, points)} for each {item}"
        case PaymentEarn(points, method):
            return f"{points_of(program, points)} more when paid by {method}"
        case OccasionEarn(occasion, points):
            return f"{points_of(program, points)} {_OCCASIONS.get(occasion, f'for {occasion}')}"
        case ReferralEarn(yours, theirs):
            return f"{points_of(program, yours)} for bringing a friend, who gets {theirs}"


def _more(program: Program) -> Iterator[str]:
    for multiplier in program.multipliers:
        yield f"{multiplier.name}: times {multiplier.factor}, {multiplier.schedule}"
    for cap in program.caps:
        yield f"at most {points_of(program, cap.points)} a {cap.period}"
    if program.excludes:
        yield f"nothing for {', '.join(each.removeprefix('item:').replace('_', ' ') for each in program.excludes)}"
    if program.vest is not None:
        yield f"booked after {program.vest.span}" + (", of deliveries" if program.vest.orders == "delivery" else "")
    if program.status != "active":
        yield f"the program {'is paused' if program.status == 'paused' else 'has ended'}: nothing is earned now"


def _tiers(program: Program) -> Iterator[str]:
    for tier in sorted(program.tiers, key=lambda each: each.threshold):
        perks = ", ".join(_perk(perk.type, perk.value) for perk in program.perks if perk.tier == tier.id)
        yield f"{tier.title}: {_threshold(program, tier.threshold)}" + (f" ({perks})" if perks else "")


def _threshold(program: Program, threshold: int) -> str:
    basis = program.tier_basis
    within = f" in {basis.window}" if basis and basis.window else ""
    if basis is None or basis.basis == "points":
        return f"{points_of(program, threshold)}{within}"
    if basis.basis == "visits":
        return f"{threshold} visit{'s' * (threshold != 1)}{within}"
    return f"{_amount(threshold, basis.currency or '')}{within}"


def progress_of(program: Program | None, reached: int, needed: int) -> str:
    """How far a customer is on the way to a tier, in what the program measures it by."""
    basis = program.tier_basis if program else None
    if basis is None or basis.basis != "spend":
        return f"{reached} of {needed}"
    return f"{_amount(reached, basis.currency or '')} of {_amount(needed, basis.currency or '')}"


def _amount(minor: int, currency: str) -> str:
    """Whole smallest units as an amount; what is no currency of ours is said as it stands."""
    try:
        known = parse_money("1", currency)
    except AmountInvalid:
        return f"{minor} {currency}".strip()
    return " ".join(format_money(Money(minor, known.currency)))


def _perk(type_: str, value: str) -> str:
    return {"multiplier": f"points times {value}", "discount_percent": f"{value} % off"}.get(type_, value)


def _reward(program: Program, reward: Reward) -> str:
    tiers = {tier.id: tier.title for tier in program.tiers}
    conditions = [
        *([f"from {tiers.get(reward.min_tier, reward.min_tier)}"] if reward.min_tier else []),
        *([f"{reward.limit} each{f' a {reward.limit_period}' if reward.limit_period else ''}"] if reward.limit else []),
        *([f"{reward.stock} in all"] if reward.stock is not None else []),
        *([f"from {reward.valid_from}"] if reward.valid_from else []),
        *([f"until {reward.valid_until}"] if reward.valid_until else []),
    ]
    more = f" ({', '.join(conditions)})" if conditions else ""
    return f"{reward.title}: {points_of(program, reward.cost)}{more}"


def _expiry(program: Program) -> str:
    return "points do not expire" if program.ttl is None else f"points live {program.ttl}"


def _cut(terms: str) -> str:
    text = " ".join(terms.split())
    return text if len(text) <= TERMS_CHARACTERS_MAX else f"{text[:TERMS_CHARACTERS_MAX].rstrip()}…"
