"""What the daemon knows of its configuration: nothing here is a guess or a default any more.

Paths are absolute, keys are keys, relay URLs are in one form without repetitions, and every program carries the relays
that hold for it. All values are frozen; a `SecretKey` shows itself to nobody, so these may be printed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from kinds.keys import SecretKey
from nostr_loyalty.config.rule_values import PointValue
from nostr_loyalty.config.values import ListenAddress
from nostr_loyalty.rules.program import ProgramRules


@dataclass(frozen=True, slots=True)
class DaemonSettings:
    """[daemon]: `relays` includes the embedded relay, first; `dm_relays` is what 10050 announces; times in seconds."""

    key: SecretKey
    database: Path
    relays: tuple[str, ...]
    dm_relays: tuple[str, ...]
    acks: int
    log_level: str
    batch_max: int
    catch_up_interval_s: int
    stop_deadline_s: int


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """[relay]: the embedded relay's address and its folder; `listen.url` is how this daemon reaches it."""

    listen: ListenAddress
    data: Path


@dataclass(frozen=True, slots=True)
class ProgramSettings:
    """[[program]]: `key` is the program's own or the daemon's, `relays` its own or the daemon's.

    `point_value` is for reports only; to `claim_url` a receipt's link adds the program and the code; `decides` is what
    `rules` gives.
    """

    slug: str
    title: str
    summary: str
    image: str | None
    terms: str
    key: SecretKey
    sources: tuple[str, ...]
    operators: tuple[str, ...]
    relays: tuple[str, ...]
    visibility: Literal["private", "public"]
    unit: tuple[str, str]
    point_value: PointValue | None
    claim_url: str | None
    decides: ProgramRules

    def rules(self) -> ProgramRules:
        """The part that decisions depend on."""
        return self.decides


class ProposedRules(NamedTuple):
    """What a program would decide, and what its points are worth in reports."""

    rules: ProgramRules
    point_value: PointValue | None


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; `path` is the file it came from, `programs` holds at least one, in the file's order."""

    path: Path
    daemon: DaemonSettings
    relay: RelaySettings | None
    programs: tuple[ProgramSettings, ...]
