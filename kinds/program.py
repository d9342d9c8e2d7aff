"""Kind 37411: a program's definition, with every tag of protocol section 3.

The definition is addressable: the newest one of `37411:<issuer>:<slug>` is in force, and every entry names the event id
of the one that it was decided under. The rules in it are values here; what they do is `nostr_loyalty.rules`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, NamedTuple, cast, get_args

from kinds import tags
from kinds.earn import Earn, parse_earn, write_earn
from kinds.errors import Unreadable
from kinds.event import Event, Template
from kinds.registry import PROGRAM
from kinds.reward import PERIODS, Reward, parse_rewards, write_rewards
from kinds.tags import Tags, decimal, span, whole_number

Rounding = Literal["floor", "half_up", "ceil"]
Visibility = Literal["private", "public"]
Status = Literal["active", "paused", "ended"]
Deficit = Literal["allow", "clamp"]

_ADDRESS = re.compile(r"37411:([0-9a-f]{64}):([a-z0-9-]{1,64})")
_SLUG = re.compile(r"[a-z0-9-]{1,64}")
_EXCLUDABLE: Final = ("tip", "gift_card", "service", "delivery")
_BASES: Final = ("points", "spend", "visits")
_PERKS: Final = ("multiplier", "discount_percent", "item", "note")
_VESTED: Final = ("delivery", "all")


class Multiplier(NamedTuple):
    """A time when points count more: `factor` is a decimal, `schedule` such as "tue,wed 15:00-18:00"."""

    name: str
    factor: str
    schedule: str


class Cap(NamedTuple):
    """At most `points` per customer in a "day", "week" or "month"."""

    points: int
    period: str


class Tier(NamedTuple):
    """A level that is reached at `threshold`, counted in the unit of the program's tier basis."""

    id: str
    title: str
    threshold: int


class TierBasis(NamedTuple):
    """What tiers count ("points", "spend" or "visits"), over which window ("" for the whole life) and with what grace
    ("90d", "30d"). "spend" counts whole smallest units of `currency`.
    """

    basis: str
    window: str
    grace: str
    currency: str | None = None


class Perk(NamedTuple):
    """What a tier is good for."""

    tier: str
    type: str
    value: str


class Vest(NamedTuple):
    """Points of an order wait for so long ("3d"), of "all" orders or of those with a "delivery" line."""

    span: str
    orders: str


@dataclass(frozen=True, slots=True)
class Program:
    """A definition. Keys are hex; `relays` is where entries, cards and wraps are found; `terms` are for people.
    `staff_relay` is where sources and operators send what is for the issuer alone, if that is another relay.

    What is None is not said: points live for ever without a `ttl`, `expiry_warning` and `claim_valid` have the
    protocol's defaults, nothing waits without a `vest`.
    """

    issuer: str
    slug: str
    title: str
    summary: str = ""
    image: str | None = None
    geohash: str | None = None
    location: str | None = None
    sources: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    relays: tuple[str, ...] = ()
    staff_relay: str | None = None
    unit: tuple[str, str] = ("point", "points")
    earn: tuple[Earn, ...] = ()
    excludes: tuple[str, ...] = ()
    multipliers: tuple[Multiplier, ...] = ()
    caps: tuple[Cap, ...] = ()
    rounding: Rounding = "floor"
    tiers: tuple[Tier, ...] = ()
    tier_basis: TierBasis | None = None
    perks: tuple[Perk, ...] = ()
    rewards: tuple[Reward, ...] = ()
    ttl: str | None = None
    expiry_warning: str | None = None
    vest: Vest | None = None
    deficit: Deficit = "allow"
    claim_valid: str | None = None
    tz: str = "UTC"
    visibility: Visibility = "private"
    status: Status = "active"
    terms: str = ""

    @property
    def address(self) -> str:
        """ "37411:<issuer>:<slug>"."""
        return address(self.issuer, self.slug)


def address(issuer: str, slug: str) -> str:
    """The program's name everywhere: "37411:<issuer, hex>:<slug>"."""
    return f"{PROGRAM}:{issuer}:{slug}"


@lru_cache(maxsize=1_024)
def parse_address(text: str) -> tuple[str, str]:
    """The issuer and the slug of an address. ValueError: another kind, a wrong key, a slug not of a-z, 0-9 and "-"."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise ValueError("a program's address is 37411:<64 hex digits>:<slug>")
    return match[1], match[2]


def template(program: Program, created_at: int) -> Template:
    """The definition's event, for its issuer to sign. The same program always gives the same tags."""
    hint = program.relays[0] if program.relays else ""
    written: list[tuple[str, ...]] = [("d", program.slug), ("title", program.title), ("summary", program.summary)]
    if program.image is not None:
        written.append(("image", program.image))
    written.append(("t", "loyalty"))
    written += [(name, text) for name, text in (("g", program.geohash), ("location", program.location)) if text]
    written.append(("p", program.issuer, hint, "issuer"))
    written += [("p", source, program.staff_relay or hint, "source") for source in program.sources]
    written += [("p", operator, program.staff_relay or "", "operator") for operator in program.operators]
    written += [("relay", url) for url in program.relays]
    written.append(("unit", *program.unit))
    written += [write_earn(earn) for earn in program.earn]
    written += [("exclude", excluded) for excluded in program.excludes]
    written += [("multiplier", *multiplier) for multiplier in program.multipliers]
    written += [("cap", str(cap.points), cap.period) for cap in program.caps]
    written.append(("rounding", program.rounding))
    written += [("tier", tier.id, tier.title, str(tier.threshold)) for tier in program.tiers]
    if program.tier_basis is not None:
        written.append(("tier_basis", *(part for part in program.tier_basis if part is not None)))
    written += [("perk", *perk) for perk in program.perks]
    written += write_rewards(program.rewards)
    spans = (("ttl", program.ttl), ("expiry_warning", program.expiry_warning), ("claim_valid", program.claim_valid))
    written += [(name, span_) for name, span_ in spans if span_ is not None]
    if program.vest is not None:
        written.append(("vest", *program.vest))
    if program.deficit != "allow":
        written.append(("deficit", program.deficit))
    written += [("tz", program.tz), ("visibility", program.visibility), ("status", program.status)]
    return Template(PROGRAM, created_at, tuple(written), program.terms)


def parse(event: Event) -> Program:
    """Read a definition; its issuer is its author. Raises Unreadable "program-malformed" and says at which tag."""
    if event.kind != PROGRAM:
        raise Unreadable("program-malformed", f"kind {event.kind}")
    try:
        return _program(event)
    except ValueError as fault:
        raise Unreadable("program-malformed", str(fault)) from None


def _program(event: Event) -> Program:
    written = event.tags
    slug = _text(written, "d") or ""
    if _SLUG.fullmatch(slug) is None:
        raise ValueError("d: a slug is 1 to 64 characters of a-z, 0-9 and -")
    relays = tuple(tag[1] for tag in _rows(written, "relay", 1))
    unit = _row(written, "unit", 2)
    vest = _row(written, "vest", 2)
    return Program(
        issuer=event.pubkey,
        slug=slug,
        title=_text(written, "title") or slug,
        summary=_text(written, "summary") or "",
        image=_text(written, "image"),
        geohash=_text(written, "g"),
        location=_text(written, "location"),
        sources=_keys(written, "source"),
        operators=_keys(written, "operator"),
        relays=relays,
        staff_relay=_staff_relay(written, relays),
        unit=(unit[1], unit[2]) if unit else ("point", "points"),
        earn=tuple(parse_earn(tag) for tag in _rows(written, "earn", 2)),
        excludes=tuple(_excluded(tag[1]) for tag in _rows(written, "exclude", 1)),
        multipliers=tuple(Multiplier(tag[1], decimal(tag[2]), tag[3]) for tag in _rows(written, "multiplier", 3)),
        caps=tuple(Cap(whole_number(tag[1]), _known(tag[2], PERIODS)) for tag in _rows(written, "cap", 2)),
        rounding=cast(Rounding, _choice(written, "rounding", "floor", get_args(Rounding))),
        tiers=_tiers(_rows(written, "tier", 3)),
        tier_basis=_tier_basis(_row(written, "tier_basis", 3)),
        perks=tuple(Perk(tag[1], _known(tag[2], _PERKS), tag[3]) for tag in _rows(written, "perk", 3)),
        rewards=parse_rewards(_rows(written, "reward", 5), _rows(written, "reward_terms", 3)),
        ttl=_span(written, "ttl"),
        expiry_warning=_span(written, "expiry_warning"),
        vest=None if vest is None else Vest(span(vest[1]), _known(vest[2], _VESTED)),
        deficit=cast(Deficit, _choice(written, "deficit", "allow", get_args(Deficit))),
        claim_valid=_span(written, "claim_valid"),
        tz=_text(written, "tz") or "UTC",
        visibility=cast(Visibility, _choice(written, "visibility", "private", get_args(Visibility))),
        status=cast(Status, _choice(written, "status", "active", get_args(Status))),
        terms=event.content,
    )


def _text(written: Tags, name: str) -> str | None:
    tag = tags.sole(written, name, "program-malformed")
    return None if tag is None or len(tag) < 2 else tag[1]


def _span(written: Tags, name: str) -> str | None:
    text = _text(written, name)
    return None if text is None else span(text)


def _rows(written: Tags, name: str, values: int) -> list[tuple[str, ...]]:
    """The tags called `name`, each of which must carry at least so many values."""
    rows = tags.all_of(written, name)
    if any(len(row) <= values for row in rows):
        raise ValueError(f"{name}: takes {values} values")
    return rows


def _row(written: Tags, name: str, values: int) -> tuple[str, ...] | None:
    """The only tag called `name`, which must carry at least so many values, or None."""
    tags.sole(written, name, "program-malformed")
    rows = _rows(written, name, values)
    return rows[0] if rows else None


def _keys(written: Tags, role: str) -> tuple[str, ...]:
    keys = tuple(tag[1] for tag in tags.all_of(written, "p") if len(tag) > 3 and tag[3] == role)
    if not all(map(tags.is_hex64, keys)):
        raise ValueError(f"p: a {role} is not a public key")
    return keys


def _staff_relay(written: Tags, relays: tuple[str, ...]) -> str | None:
    """What stands as the relay of an operator, or of a source where that is not the program's first relay."""
    hints = (tag[2] for tag in tags.all_of(written, "p") if len(tag) > 3 and tag[3] in ("operator", "source"))
    return next((hint for hint in hints if hint and hint != "".join(relays[:1])), None)


def _tiers(rows: list[tuple[str, ...]]) -> tuple[Tier, ...]:
    tiers = tuple(Tier(row[1], row[2], whole_number(row[3])) for row in rows)
    if len({tier.id for tier in tiers}) < len(tiers):
        raise ValueError("tier: an id stands twice")
    return tiers


def _tier_basis(row: tuple[str, ...] | None) -> TierBasis | None:
    if row is None:
        return None
    window = span(row[2]) if row[2] else ""
    return TierBasis(_known(row[1], _BASES), window, span(row[3]), row[4] if len(row) > 4 else None)


def _known(text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise ValueError(f"{text[:32]!r} is none of {', '.join(allowed)}")
    return text


def _choice(written: Tags, name: str, default: str, allowed: tuple[str, ...]) -> str:
    text = _text(written, name)
    return default if text is None else _known(text, allowed)


def _excluded(text: str) -> str:
    return text if text.startswith("item:") else _known(text, _EXCLUDABLE)
