"""The form of a program's rules in the file: the tables below [[program]], each key with its type, default and limits.

Spans are seconds or whole local days here, decimals are exact fractions; `program_rules` makes of them what decisions
depend on. Rules that look at more than one key are in `program_agreement`.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from kinds.order import PaymentMethod
from nostr_loyalty.config import rule_values, values
from nostr_loyalty.config.form import STRICT, Line, PublicKey, Slug, read_any_by, read_by
from nostr_loyalty.rules.authority import OperatorRole
from nostr_loyalty.rules.program import DAY_S, Factor, Period, PerkType, RewardType
from nostr_loyalty.rules.schedule import Schedule

Points = Annotated[int, Field(ge=1, le=1_000_000)]
SomePoints = Annotated[int, Field(ge=0, le=1_000_000)]
ManyPoints = Annotated[int, Field(ge=1, le=1_000_000_000)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
HandCount = Annotated[int, Field(ge=0, le=1_000_000)]
HandPoints = Annotated[int, Field(ge=0, le=1_000_000_000)]
Seconds = Annotated[int, read_by(rule_values.span)]
SomeSeconds = Annotated[int, read_by(rule_values.some_span)]
Days = Annotated[int, read_by(rule_values.days)]
SomeDays = Annotated[int, read_by(rule_values.some_days)]
PriceText = Annotated[values.Price, read_by(values.price)]
ItemId = Annotated[str, read_by(rule_values.item_id)]
LocalDate = Annotated[date, read_by(rule_values.local_date)]
Text = Annotated[Line, Field(min_length=1, max_length=200)]


class Section(BaseModel):
    """What every table has in common."""

    model_config = STRICT


class SpendSection(Section):
    """[[program.earn]] type = "spend": points for money."""

    type: Literal["spend"]
    points: Points
    per: PriceText


class VisitSection(Section):
    """[[program.earn]] type = "visit": points for an order, as on a stamp card."""

    type: Literal["visit"]
    points: Points
    minimum: PriceText | None = None
    gap: Seconds = 0


class ItemSection(Section):
    """[[program.earn]] type = "item": points for each of an item."""

    type: Literal["item"]
    points: Points
    item: ItemId


class PaymentSection(Section):
    """[[program.earn]] type = "payment": points for a way of paying."""

    type: Literal["payment"]
    points: Points
    method: PaymentMethod


class WelcomeSection(Section):
    """[[program.earn]] type = "welcome": points for the first order."""

    type: Literal["welcome"]
    points: Points


class FeedbackSection(Section):
    """[[program.earn]] type = "feedback": points for what a customer says about an order."""

    type: Literal["feedback"]
    points: Points


class ReferralSection(Section):
    """[[program.earn]] type = "referral": points for bringing a friend, and for the friend."""

    type: Literal["referral"]
    points: SomePoints
    friend_points: SomePoints
    vest: Seconds = 7 * DAY_S
    cap: Count | None = None


EarnSection = Annotated[
    SpendSection | VisitSection | ItemSection | PaymentSection | WelcomeSection | FeedbackSection | ReferralSection,
    Field(discriminator="type"),
]


class MultiplierSection(Section):
    """[[program.multiplier]]"""

    name: Annotated[Line, Field(min_length=1, max_length=64)]
    factor: Annotated[Factor, read_by(rule_values.factor)]
    schedule: Annotated[Schedule, read_by(rule_values.schedule)]


class CapSection(Section):
    """[[program.cap]]"""

    points: ManyPoints
    period: Period


class TierBasisSection(Section):
    """[program.tier_basis]"""

    by: Literal["points", "spend", "visits"]
    window: SomeDays | None = None
    grace: Days = 0
    currency: Annotated[str, read_by(rule_values.currency)] | None = None


class TierSection(Section):
    """[[program.tier]]"""

    id: Slug
    title: Annotated[Line, Field(min_length=1, max_length=64)]
    threshold: Annotated[int | values.Price, read_any_by(rule_values.threshold)]


class PerkSection(Section):
    """[[program.perk]]"""

    tier: Slug
    type: PerkType
    value: Text


class RewardSection(Section):
    """[[program.reward]]"""

    id: Slug
    title: Text
    cost: ManyPoints
    type: RewardType
    value: Text
    min_tier: Slug | None = None
    stock: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] | None = None
    limit_period: Period | None = None
    valid_from: LocalDate | None = None
    valid_until: LocalDate | None = None
    hold: SomeSeconds = 30 * DAY_S


class GuardSection(Section):
    """[program.guard]"""

    customer_orders: Count | None = None
    source_orders: Count | None = None
    action: Literal["flag", "hold"] = "flag"


class HandSection(Section):
    """[program.hand]"""

    count: HandCount | None = None
    points: HandPoints | None = None
    undo: Seconds = 3_600


class OperatorSection(Section):
    """[[program.operator]]: what is not said of its limits is as in [program.hand]."""

    key: PublicKey
    role: OperatorRole
    count: HandCount | None = None
    points: HandPoints | None = None
