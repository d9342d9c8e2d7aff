"""The configuration file's form: every key with its type, its default and its limits.

This is the only list of keys. `config.example.toml` is tested against it, unknown keys are refused by it, and
`load` turns it into the `settings` that the daemon uses. Strict: a number in quotes is not a number. Rules that look at
more than one key are in `agreement`.
"""

from collections.abc import Callable
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator
from pydantic_core import PydanticCustomError

from nostr_loyalty.config import values

Value = TypeVar("Value")


def _read_by(parse: Callable[[str], Value]) -> PlainValidator:
    """The validator for a string with a grammar of its own; the grammar's sentence becomes the mistake's text."""

    def validate(value: object) -> Value:
        if not isinstance(value, str):
            raise PydanticCustomError("string_type", "not a string")
        try:
            return parse(value)
        except ValueError as error:
            raise PydanticCustomError("grammar", "{sentence}", {"sentence": str(error)}) from error

    return PlainValidator(validate)


def _then(check: Callable[[str], str]) -> AfterValidator:
    """The same for a text that pydantic has already found to be one, so that limits of length still apply."""

    def validate(text: str) -> str:
        try:
            return check(text)
        except ValueError as error:
            raise PydanticCustomError("grammar", "{sentence}", {"sentence": str(error)}) from error

    return AfterValidator(validate)


Slug = Annotated[str, _read_by(values.slug)]
RelayUrl = Annotated[str, _read_by(values.relay_url)]
PublicKey = Annotated[str, _read_by(values.public_key)]
FilePath = Annotated[str, _read_by(values.file_path)]
Line = Annotated[str, _then(values.one_line)]
Block = Annotated[str, _then(values.text_block)]


class Section(BaseModel):
    """What every table of the file has in common: no other keys, no loose types, no values in error texts."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class DaemonSection(Section):
    """[daemon]"""

    key: str = Field(repr=False, min_length=1)
    database: FilePath = "loyalty.db"
    relays: Annotated[list[RelayUrl], Field(max_length=16)] = []
    dm_relays: Annotated[list[RelayUrl], Field(max_length=16)] = []
    acks: Annotated[int, Field(ge=1, le=16)] = 1
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    batch_max: Annotated[int, Field(ge=1, le=4096)] = 512
    catch_up_interval_s: Annotated[int, Field(ge=5, le=3600)] = 60
    stop_deadline_s: Annotated[int, Field(ge=1, le=300)] = 10


class RelaySection(Section):
    """[relay]"""

    listen: Annotated[values.ListenAddress, _read_by(values.listen_address)] = values.DEFAULT_LISTEN
    data: FilePath = "relay-data"


class EarnSection(Section):
    """[[program.earn]]"""

    type: Literal["spend"]
    points: Annotated[int, Field(ge=1, le=1_000_000)]
    per: Annotated[values.Price, _read_by(values.price)]


class ProgramSection(Section):
    """[[program]]"""

    slug: Slug
    title: Annotated[Line, Field(min_length=1, max_length=200)]
    summary: Annotated[Line, Field(max_length=500)] = ""
    image: Annotated[str, _read_by(values.image_url)] | None = None
    terms: Annotated[Block, Field(max_length=8000)] = ""
    key: str | None = Field(default=None, repr=False, min_length=1)
    sources: Annotated[list[PublicKey], Field(max_length=64)] = []
    operators: Annotated[list[PublicKey], Field(max_length=64)] = []
    relays: Annotated[list[RelayUrl], Field(max_length=16)] = []
    visibility: Literal["private", "public"] = "private"
    status: Literal["active", "paused", "ended"] = "active"
    tz: Annotated[ZoneInfo, _read_by(values.time_zone)] = ZoneInfo("UTC")
    rounding: Literal["floor", "half_up", "ceil"] = "floor"
    unit: Annotated[list[Annotated[Line, Field(min_length=1, max_length=32)]], Field(min_length=2, max_length=2)] = [
        "point",
        "points",
    ]
    earn: Annotated[list[EarnSection], Field(min_length=1, max_length=16)]


class ConfigFile(Section):
    """The whole file."""

    daemon: DaemonSection
    relay: RelaySection | None = None
    program: Annotated[list[ProgramSection], Field(min_length=1, max_length=1000)]
