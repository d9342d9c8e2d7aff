"""Rules that look at more than one key of a program's earning, tiers, rewards and spans.

They run on the raw file, like `agreement`: whatever has not the expected type or grammar is passed over here, because
the model reports it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from nostr_loyalty.config import rule_values, values
from nostr_loyalty.config.mistakes import Mistake, shown
from nostr_loyalty.config.sections import Place

Raw = Mapping[str, Any]
Rows = list[tuple[int, Raw]]
Value = TypeVar("Value")

_ONCE: Final = ("visit", "welcome", "feedback", "referral")
_NEEDS: Final = (("expiry_warning", "ttl"), ("vest_orders", "vest"), ("tier_basis", "tier"))


def program_disagreements(program: Raw, place: Place) -> Iterator[Mistake]:
    """Every rule of this module for the program at `place`; `program` is its table as it stands in the file."""
    yield from _earning(rows(program, "earn"), (*place, "earn"))
    periods = ((at, "period", row.get("period")) for at, row in rows(program, "cap"))
    yield from twice(periods, (*place, "cap"), "limits this period")
    yield from _tiers(program, place)
    yield from _perks(program, place)
    yield from _rewards(program, place)
    yield from _spans(program, place)
    yield from _operators(program, place)
    guard = table(program.get("guard"))
    if "action" in guard and not {"customer_orders", "source_orders"} & set(guard):
        yield Mistake(
            (*place, "guard", "action"), f"{shown(guard['action'])}: needs customer_orders, source_orders or both"
        )


def rows(program: Raw, name: str) -> Rows:
    """The tables of a list of tables, by their number; whatever else stands there is passed over."""
    found = program.get(name)
    return [(at, row) for at, row in enumerate(found if isinstance(found, list) else []) if isinstance(row, Mapping)]


def table(value: Any) -> Raw:
    """The table that stands there, an empty one instead of anything else."""
    return value if isinstance(value, Mapping) else {}


def _earning(earn: Rows, place: Place) -> Iterator[Mistake]:
    def of(kind: str, key: str) -> Iterator[tuple[int, str, Any]]:
        return ((at, key, row.get(key)) for at, row in earn if row.get("type") == kind)

    def currency(text: Any) -> str | None:
        found = _read(values.price, text)
        return None if found is None else found.money.currency

    yield from twice(of("spend", "per"), place, "is a rule for the same money; one rule for each currency", currency)
    yield from twice(of("item", "item"), place, "is a rule for this item")
    yield from twice(of("payment", "method"), place, "is a rule for this way of paying")
    for kind in _ONCE:
        yield from twice(of(kind, "type"), place, "is a rule of this type; there is one of it at most")
    for at, row in earn:
        if row.get("type") == "referral" and row.get("points") == 0 == row.get("friend_points"):
            yield Mistake((*place, at, "points"), "0: nobody gets points; write at least 1 here or in friend_points")


def _tiers(program: Raw, place: Place) -> Iterator[Mistake]:
    tiers, basis = rows(program, "tier"), table(program.get("tier_basis"))
    yield from twice(((at, "id", row.get("id")) for at, row in tiers), (*place, "tier"), "has this id")
    thresholds = ((at, "threshold", row.get("threshold")) for at, row in tiers)
    yield from twice(thresholds, (*place, "tier"), "has this threshold; a higher tier takes more", _amount_of)
    by = basis.get("by") if "tier_basis" in program else "points"
    if by not in ("points", "visits", "spend"):
        return
    currency = _read(rule_values.currency, basis.get("currency"))
    if by == "spend" and "currency" not in basis:
        sentence = 'missing; tiers by "spend" count one currency: write for example currency = "EUR"'
        yield Mistake((*place, "tier_basis", "currency"), sentence)
    if by != "spend" and "currency" in basis:
        sentence = f'{shown(basis["currency"])}: only tiers by "spend" count a currency; remove it'
        yield Mistake((*place, "tier_basis", "currency"), sentence)
    for at, row in tiers:
        if wrong := _wrong_threshold(row.get("threshold"), by, currency):
            yield Mistake((*place, "tier", at, "threshold"), f"{shown(row['threshold'])}: {wrong}")


def _wrong_threshold(threshold: Any, by: str, currency: str | None) -> str | None:
    found = _threshold(threshold)
    if found is None:
        return None
    if by != "spend":
        return None if isinstance(found, int) else f'tiers by "{by}" count whole numbers; write it without quotes'
    if isinstance(found, int):
        return 'tiers by "spend" count money; write an amount and a unit, for example "500 EUR"'
    if currency is not None and found.money.currency != currency:
        return "not in the currency of tier_basis; one currency is counted"
    return None


def _amount_of(threshold: Any) -> object:
    found = _threshold(threshold)
    return found.money if isinstance(found, values.Price) else found


def _perks(program: Raw, place: Place) -> Iterator[Mistake]:
    grammars = {"multiplier": rule_values.factor, "discount_percent": rule_values.percent}
    perks = rows(program, "perk")
    for at, row in perks:
        yield from _known_tier(program, row, "tier", (*place, "perk", at))
        yield from _wrong_value(row, grammars, (*place, "perk", at))
    factors = ((at, "tier", row.get("tier")) for at, row in perks if row.get("type") == "multiplier")
    yield from twice(factors, (*place, "perk"), "is a multiplier of this tier")


def _rewards(program: Raw, place: Place) -> Iterator[Mistake]:
    grammars = {
        "discount_percent": rule_values.percent, "discount_amount": values.price, "sats": rule_values.sats,
    }  # fmt: skip
    rewards = rows(program, "reward")
    yield from twice(((at, "id", row.get("id")) for at, row in rewards), (*place, "reward"), "has this id")
    for at, row in rewards:
        here = (*place, "reward", at)
        yield from _known_tier(program, row, "min_tier", here)
        yield from _wrong_value(row, grammars, here)
        if "limit_period" in row and "limit" not in row:
            yield _needs(row, "limit_period", "limit", here)
        first = _read(rule_values.local_date, row.get("valid_from"))
        last = _read(rule_values.local_date, row.get("valid_until"))
        if first is not None and last is not None and last < first:
            yield Mistake((*here, "valid_until"), f"{shown(row['valid_until'])}: before valid_from ({first})")


def _known_tier(program: Raw, row: Raw, key: str, place: Place) -> Iterator[Mistake]:
    ids = [tier.get("id") for _, tier in rows(program, "tier")]
    if (tier := _read(values.slug, row.get(key))) is not None and tier not in ids:
        known = f"known here: {', '.join(map(shown, ids))}" if ids else "add a section [[program.tier]]"
        yield Mistake((*place, key), f"{shown(tier)}: no tier has this id; {known}")


def _wrong_value(row: Raw, grammars: Mapping[str, Callable[[str], object]], place: Place) -> Iterator[Mistake]:
    kind, value = row.get("type"), row.get("value")
    if not isinstance(kind, str) or kind not in grammars or not isinstance(value, str) or not value:
        return
    try:
        grammars[kind](value)
    except ValueError as error:
        yield Mistake((*place, "value"), f"{shown(value)}: {error}")


def _spans(program: Raw, place: Place) -> Iterator[Mistake]:
    for key, needed in _NEEDS:
        if key in program and needed not in program:
            yield _needs(program, key, needed, place)
    ttl = _read(rule_values.some_days, program.get("ttl"))
    warning = _read(rule_values.days, program.get("expiry_warning", "14d"))
    if ttl is not None and warning is not None and warning >= ttl:
        written = shown(program.get("expiry_warning", "14d"))
        sentence = f"{written}: not shorter than ttl ({shown(program['ttl'])}); write a shorter span"
        yield Mistake((*place, "expiry_warning"), sentence)
    one, every = program.get("claim_attempts", 5), program.get("claim_attempts_all", 100)
    if isinstance(one, int) and isinstance(every, int) and every < one:
        yield Mistake((*place, "claim_attempts_all"), f"{every}: below claim_attempts ({one})")


def _operators(program: Raw, place: Place) -> Iterator[Mistake]:
    """Nobody has two roles. Keys are compared as what they mean: one may be written as npub, one in hex."""
    owners = program.get("operators")
    keys = {_read(values.public_key, key) for key in (owners if isinstance(owners, list) else [])} - {None}
    listed = rows(program, "operator")
    for at, row in listed:
        if _read(values.public_key, row.get("key")) in keys:
            yield Mistake((*place, "operator", at, "key"), "stands in operators too, as an owner; remove it there")
    written = ((at, "key", row.get("key")) for at, row in listed)
    yield from twice(
        written, (*place, "operator"), "has this key already", lambda key: _read(values.public_key, key), shows=False
    )


def _needs(written: Raw, key: str, needed: str, place: Place) -> Mistake:
    return Mistake((*place, key), f"{shown(written[key])}: needs {needed}; write it, or remove this")


def twice(
    found: Iterator[tuple[int, str, Any]], place: Place, says: str, same: Callable[[Any], object] = lambda value: value,
    *, shows: bool = True,
) -> Iterator[Mistake]:  # fmt: skip
    """A mistake for each value that an earlier row of the list has already; `same` gives what is compared, or None.

    `shows`: the value may be repeated (a key is not).
    """
    first: dict[object, int] = {}
    for at, key, value in found:
        compared = same(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
        if compared is not None and first.setdefault(compared, at) != at:
            sentence = f"{place[-1]}[{first[compared]}] {says}"
            yield Mistake((*place, at, key), f"{shown(value)}: {sentence}" if shows else sentence)


def _read(parse: Callable[[str], Value], value: Any) -> Value | None:
    """What a grammar makes of a text; None if it is no text, or the grammar refuses it."""
    try:
        return parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _threshold(value: Any) -> int | values.Price | None:
    try:
        return rule_values.threshold(value)
    except ValueError:
        return None
