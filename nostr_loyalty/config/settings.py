"""What the daemon knows of its configuration: nothing here is a guess or a default any more.

Paths are absolute, keys are keys, relay URLs are in one form without repetitions, and every program carries the relays
that hold for it. All values are frozen; a `SecretKey` shows itself to nobody, so these may be printed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from kinds.keys import SecretKey
from kinds.metadata import Metadata
from kinds.program_set import Item
from nostr_loyalty.config.rule_values import PointValue
from nostr_loyalty.config.values import ListenAddress
from nostr_loyalty.rules.authority import Operator
from nostr_loyalty.rules.program import ProgramRules


@dataclass(frozen=True, slots=True)
class DaemonSettings:
    """[daemon]: `relays` includes the embedded relay, first; `dm_relays` is what 10050 announces; times in seconds.

    `staff_relays` are for sources and operators only; at `indexers` people's relay lists are looked up; `web_handler`
    and `profile` (without a name where none was written) are what the daemon's key says of itself.
    """

    key: SecretKey
    database: Path
    relays: tuple[str, ...]
    dm_relays: tuple[str, ...]
    staff_relays: tuple[str, ...]
    indexers: tuple[str, ...]
    allow_private_relays: bool
    acks: int
    log_level: str
    batch_max: int
    catch_up_interval_s: int
    stop_deadline_s: int
    web_handler: str | None
    profile: Metadata

    @property
    def wrap_relays(self) -> tuple[str, ...]:
        """Where wraps are read: everybody's, and those of the venue's own people."""
        return tuple(dict.fromkeys((*self.dm_relays, *self.staff_relays)))


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """[relay]: the embedded relay's address and its folder; `listen.url` is how this daemon reaches it."""

    listen: ListenAddress
    data: Path


@dataclass(frozen=True, slots=True)
class ProgramSettings:
    """[[program]]: `key` is the program's own or the daemon's, `relays` its own or the daemon's.

    `staff` are the operators with what each may do by hand; `first_contact_work` is the difficulty (NIP-13) that wraps
    of strangers must have. `point_value` is for reports only; to `claim_url` a receipt's link adds the program and the
    code; `decides` is what `rules` gives.
    """

    slug: str
    title: str
    summary: str
    image: str | None
    terms: str
    key: SecretKey
    sources: tuple[str, ...]
    staff: tuple[Operator, ...]
    monitors: tuple[str, ...]
    language: str
    nip04: bool
    first_contact_work: int
    relays: tuple[str, ...]
    visibility: Literal["private", "public"]
    unit: tuple[str, str]
    point_value: PointValue | None
    claim_url: str | None
    decides: ProgramRules

    @property
    def operators(self) -> tuple[str, ...]:
        """The keys of all operators, whatever their role, in the order of the file."""
        return tuple(operator.key for operator in self.staff)

    def rules(self) -> ProgramRules:
        """The part that decisions depend on."""
        return self.decides


class ProposedRules(NamedTuple):
    """What a program would decide, and what its points are worth in reports."""

    rules: ProgramRules
    point_value: PointValue | None


@dataclass(frozen=True, slots=True)
class ListSettings:
    """[[list]]: programs that `key` recommends under `name`; beside it their issuers as a `follow_set` (kind 30000)."""

    name: str
    title: str
    image: str | None
    description: str | None
    programs: tuple[Item, ...]
    key: SecretKey
    follow_set: bool


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; `path` is the file it came from, `programs` holds at least one, in the file's order."""

    path: Path
    daemon: DaemonSettings
    relay: RelaySettings | None
    programs: tuple[ProgramSettings, ...]
    lists: tuple[ListSettings, ...]

    @property
    def curators(self) -> dict[str, SecretKey]:
        """The public keys (hex) of those whose lists are published, each with its secret key."""
        return {each.key.public: each.key for each in self.lists}

    def relays_of(self, key: str) -> tuple[str, ...]:
        """Where a public key (hex) publishes: the relays of all its programs; the daemon's if it has none."""
        of_programs = (url for each in self.programs if each.key.public == key for url in each.relays)
        return tuple(dict.fromkeys(of_programs)) or self.daemon.relays
