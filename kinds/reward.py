"""What points buy: the `reward` and `reward_terms` tags of a program definition, protocol section 3.

A reward is one tag; each further term (how many there are, how often, from when until when) is a tag of its own that
names the reward. A term that is not known is a fault: a reward would be shown as open to somebody whom it is closed to.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from kinds.tags import calendar_date, span, whole_number

TYPES: Final = ("item", "discount_percent", "discount_amount", "coupon", "donation", "sats")
PERIODS: Final = ("day", "week", "month")


class Reward(NamedTuple):
    """`cost` in points; `min_tier` is the tier that it takes, if any; `value` says what it is, by its type.

    `stock` in all; `limit` for one customer in a `limit_period` (None: for ever); `valid_from` and `valid_until` are
    local dates, both inclusive; a voucher is held for `hold` (None: 30 days).
    """

    id: str
    title: str
    cost: int
    type: str
    value: str
    min_tier: str | None = None
    stock: int | None = None
    limit: int | None = None
    limit_period: str | None = None
    valid_from: str | None = None
    valid_until: str | None = None
    hold: str | None = None


def write_rewards(rewards: Sequence[Reward]) -> list[tuple[str, ...]]:
    """The tags of all rewards: one each, then the terms."""
    tags: list[tuple[str, ...]] = []
    for each in rewards:
        tier = [] if each.min_tier is None else [each.min_tier]
        tags.append(("reward", each.id, each.title, str(each.cost), each.type, each.value, *tier))
    for each in rewards:
        limit = [] if each.limit is None else [str(each.limit), *([each.limit_period] if each.limit_period else [])]
        terms = {
            "stock": [] if each.stock is None else [str(each.stock)],
            "limit": limit,
            "valid_from": [each.valid_from] if each.valid_from else [],
            "valid_until": [each.valid_until] if each.valid_until else [],
            "hold": [each.hold] if each.hold else [],
        }
        tags += [("reward_terms", each.id, key, *values) for key, values in terms.items() if values]
    return tags


def parse_rewards(rewards: Sequence[tuple[str, ...]], terms: Sequence[tuple[str, ...]]) -> tuple[Reward, ...]:
    """The rewards of tags with at least 5 and terms with at least 3 values. ValueError names what is wrong."""
    found: dict[str, Reward] = {}
    for tag in rewards:
        reward = _reward(tag)
        if reward.id in found:
            raise ValueError(f"reward: {reward.id[:64]!r} stands twice")
        found[reward.id] = reward
    said: set[tuple[str, str]] = set()
    for tag in terms:
        if tag[1] not in found or (tag[1], tag[2]) in said:
            raise ValueError(f"reward_terms: {tag[1:3]!r} is of no reward, or stands twice"[:200])
        said.add((tag[1], tag[2]))
        found[tag[1]] = _with_term(found[tag[1]], tag)
    return tuple(found.values())


def _reward(tag: tuple[str, ...]) -> Reward:
    if tag[4] not in TYPES:
        raise ValueError(f"{tag[4][:32]!r} is none of {', '.join(TYPES)}")
    min_tier = tag[6] if len(tag) > 6 and tag[6] else None
    return Reward(tag[1], tag[2], whole_number(tag[3]), tag[4], tag[5], min_tier)


def _with_term(reward: Reward, tag: tuple[str, ...]) -> Reward:
    match tag[2:]:
        case ("stock", count, *_):
            return reward._replace(stock=whole_number(count))
        case ("limit", count):
            return reward._replace(limit=whole_number(count))
        case ("limit", count, period, *_) if period in PERIODS:
            return reward._replace(limit=whole_number(count), limit_period=period)
        case ("valid_from", date, *_):
            return reward._replace(valid_from=calendar_date(date))
        case ("valid_until", date, *_):
            return reward._replace(valid_until=calendar_date(date))
        case ("hold", length, *_):
            return reward._replace(hold=span(length))
    raise ValueError(f"reward_terms: no term that we know: {tag[2:5]!r}"[:200])
