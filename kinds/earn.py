"""How points are earned: the `earn` tags of a program definition, protocol section 3. One value per kind of rule."""

from typing import NamedTuple

from kinds.tags import is_decimal, whole_number


class SpendEarn(NamedTuple):
    """`points` for every `per` (a decimal) of `unit`: 1 point per 1000 sat."""

    points: int
    per: str
    unit: str


class VisitEarn(NamedTuple):
    """`points` for a visit, of at least `minimum` (a decimal and its unit) where the program says so."""

    points: int
    minimum: tuple[str, str] | None = None


class ItemEarn(NamedTuple):
    """`points` for each of an item."""

    points: int
    item: str


class OccasionEarn(NamedTuple):
    """`points` once for an occasion: "welcome" or "feedback"."""

    occasion: str
    points: int


class ReferralEarn(NamedTuple):
    """Points for whoever brings a friend, and for the friend."""

    referrer_points: int
    friend_points: int


Earn = SpendEarn | VisitEarn | ItemEarn | OccasionEarn | ReferralEarn


def write_earn(earn: Earn) -> tuple[str, ...]:
    """The tag of a rule."""
    match earn:
        case SpendEarn(points, per, unit):
            return ("earn", "spend", str(points), per, unit)
        case VisitEarn(points, minimum):
            return ("earn", "visit", str(points), *(minimum or ()))
        case ItemEarn(points, item):
            return ("earn", "item", str(points), item)
        case OccasionEarn(occasion, points):
            return ("earn", occasion, str(points))
        case ReferralEarn(referrer_points, friend_points):
            return ("earn", "referral", str(referrer_points), str(friend_points))


def parse_earn(tag: tuple[str, ...]) -> Earn:
    """The rule of a tag. ValueError: a rule that we do not know (guessing would be worse), or one that is cut short."""
    match tag[1:]:
        case ("spend", points, per, unit, *_):
            return SpendEarn(whole_number(points), _decimal(per), unit)
        case ("visit", points, amount_min, unit, *_):
            return VisitEarn(whole_number(points), (_decimal(amount_min), unit))
        case ("visit", points):
            return VisitEarn(whole_number(points))
        case ("item", points, item, *_):
            return ItemEarn(whole_number(points), item)
        case ("welcome" | "feedback" as occasion, points, *_):
            return OccasionEarn(occasion, whole_number(points))
        case ("referral", referrer_points, friend_points, *_):
            return ReferralEarn(whole_number(referrer_points), whole_number(friend_points))
    raise ValueError(f"earn: no rule that we know: {tag[1:3]!r}"[:200])


def _decimal(text: str) -> str:
    if not is_decimal(text):
        raise ValueError(f"earn: {text[:32]!r} is not a decimal number")
    return text
