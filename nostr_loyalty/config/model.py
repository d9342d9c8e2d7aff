"""The configuration file's form: every key with its type, its default and its limits.

This, `program_model` (a program's rules) and `public_model` (what is published besides) are the only list of keys.
`config.example.toml` is tested against it, unknown keys are refused by it, and `load` turns it into the `settings` that
the daemon uses. Strict: a number in quotes is not a number. Rules that look at more than one key are in `agreement` and
`program_agreement`.
"""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from nostr_loyalty.config import program_model as rules
from nostr_loyalty.config import public_model, public_values, rule_values, values
from nostr_loyalty.config.form import STRICT, Block, Line, PublicKey, RelayUrl, Slug, read_by
from nostr_loyalty.rules.program import DAY_S

FilePath = Annotated[str, read_by(values.file_path)]


class Section(BaseModel):
    """What every table has in common."""

    model_config = STRICT


class DaemonSection(Section):
    """[daemon]"""

    key: str = Field(repr=False, min_length=1)
    database: FilePath = "loyalty.db"
    relays: Annotated[list[RelayUrl], Field(max_length=16)] = []
    dm_relays: Annotated[list[RelayUrl], Field(max_length=16)] = []
    staff_relays: Annotated[list[RelayUrl], Field(max_length=16)] = []
    indexers: Annotated[list[RelayUrl], Field(max_length=16)] = []
    allow_private_relays: bool = False
    acks: Annotated[int, Field(ge=1, le=16)] = 1
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    batch_max: Annotated[int, Field(ge=1, le=4096)] = 512
    catch_up_interval_s: Annotated[int, Field(ge=5, le=3600)] = 60
    stop_deadline_s: Annotated[int, Field(ge=1, le=300)] = 10
    web_handler: Annotated[str, read_by(public_values.web_page)] | None = None
    profile: public_model.ProfileSection = public_model.ProfileSection()


class RelaySection(Section):
    """[relay]"""

    listen: Annotated[values.ListenAddress, read_by(values.listen_address)] = values.DEFAULT_LISTEN
    data: FilePath = "relay-data"


class ProgramSection(Section):
    """[[program]]"""

    slug: Slug
    title: Annotated[Line, Field(min_length=1, max_length=200)]
    summary: Annotated[Line, Field(max_length=500)] = ""
    image: Annotated[str, read_by(values.image_url)] | None = None
    terms: Annotated[Block, Field(max_length=8000)] = ""
    key: str | None = Field(default=None, repr=False, min_length=1)
    sources: Annotated[list[PublicKey], Field(max_length=64)] = []
    operators: Annotated[list[PublicKey], Field(max_length=64)] = []
    monitors: Annotated[list[PublicKey], Field(max_length=16)] = []
    language: Annotated[str, read_by(public_values.language)] = "en"
    nip04: bool = False
    first_contact_work: Annotated[int, Field(ge=0, le=32)] = 0
    relays: Annotated[list[RelayUrl], Field(max_length=16)] = []
    visibility: Literal["private", "public"] = "private"
    status: Literal["active", "paused", "ended"] = "active"
    tz: Annotated[ZoneInfo, read_by(values.time_zone)] = ZoneInfo("UTC")
    rounding: Literal["floor", "half_up", "ceil"] = "floor"
    unit: Annotated[list[Annotated[Line, Field(min_length=1, max_length=32)]], Field(min_length=2, max_length=2)] = [
        "point",
        "points",
    ]
    exclude: Annotated[list[Annotated[str, read_by(rule_values.excluded)]], Field(max_length=64)] = []
    ttl: rules.SomeDays | None = None
    expiry_warning: rules.Days = 14
    vest: rules.Seconds = 0
    vest_orders: Literal["delivery", "all"] = "delivery"
    deficit: Literal["allow", "clamp"] = "allow"
    refund_retention: rules.SomeSeconds = 90 * DAY_S
    point_value: Annotated[rule_values.PointValue, read_by(rule_values.point_value)] | None = None
    claim_valid: rules.SomeSeconds = 30 * DAY_S
    claim_attempts: Annotated[int, Field(ge=1, le=1_000)] = 5
    claim_attempts_all: Annotated[int, Field(ge=1, le=100_000)] = 100
    claim_url: Annotated[str, read_by(rule_values.web_address)] | None = None
    earn: Annotated[list[rules.EarnSection], Field(min_length=1, max_length=64)]
    multiplier: Annotated[list[rules.MultiplierSection], Field(max_length=16)] = []
    cap: Annotated[list[rules.CapSection], Field(max_length=3)] = []
    tier_basis: rules.TierBasisSection | None = None
    tier: Annotated[list[rules.TierSection], Field(max_length=16)] = []
    perk: Annotated[list[rules.PerkSection], Field(max_length=64)] = []
    reward: Annotated[list[rules.RewardSection], Field(max_length=64)] = []
    guard: rules.GuardSection = rules.GuardSection()
    hand: rules.HandSection = rules.HandSection()
    operator: Annotated[list[rules.OperatorSection], Field(max_length=64)] = []


Lists = Annotated[list[public_model.ListSection], Field(max_length=100)]


class ConfigFile(Section):
    """The whole file."""

    daemon: DaemonSection
    relay: RelaySection | None = None
    program: Annotated[list[ProgramSection], Field(min_length=1, max_length=1000)]
    list: Lists = []
