"""A program as the running daemon serves it: its rules, its key, its place in the ledger and on relays.

Made once at start from the configuration (`nostr_loyalty.daemon`), then only read; a message that pauses or resumes it
adds a revision to the ledger, and each transaction that books takes the program `as_in_force`. `kinds.program.Program`
is the same thing as published on the wire; `rules.program.ProgramRules` is the part that decisions depend on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from ledger.programs import InForce
from nostr_loyalty.rules.authority import Operator
from nostr_loyalty.rules.program import ProgramRules

Visibility = Literal["private", "public"]


@dataclass(frozen=True, slots=True)
class ServedProgram:
    """One program that this daemon serves.

    `ledger_id` and `revision_id` are its rows in the ledger; `revision` is the event id of the definition in force (the
    `rev` of its entries); `issuer` is D's public key; `sources` are the public keys allowed to report orders.
    `staff`: who may do what by message; `monitors`: keys of kitchen displays; `language`: what people are spoken to in
    (`own_language` is the program's, where that is somebody's choice); `first_contact_work`: the difficulty (NIP-13)
    that wraps of strangers must have.
    """

    ledger_id: int
    address: str
    slug: str
    title: str
    issuer: str
    rules: ProgramRules
    visibility: Visibility
    sources: frozenset[str]
    relays: tuple[str, ...]
    dm_relays: tuple[str, ...]
    acks: int
    unit: tuple[str, str]
    revision: str
    revision_id: int
    operators: frozenset[str] = frozenset()
    claim_url: str | None = None
    language: str = "en"
    own_language: str | None = None
    staff: tuple[Operator, ...] = ()
    monitors: tuple[str, ...] = ()
    allows_nip04: bool = False
    first_contact_work: int = 0

    def operator(self, key: str) -> Operator | None:
        """The operator of this public key, or None. The issuer's own key is an owner without limits."""
        if key == self.issuer:
            return Operator(key, "owner")
        return next((one for one in self.staff if one.key == key), None)

    def spoken(self, language: str | None) -> "ServedProgram":
        """The same program as it speaks to somebody in another language (None: its own, whomever it spoke to)."""
        own = self.own_language or self.language
        wanted = language or own
        return self if wanted == self.language else replace(self, language=wanted, own_language=own)

    def as_in_force(self, now: InForce | None) -> "ServedProgram":
        """The same program as the ledger has it now: entries name the revision in force, and orders earn nothing while
        it is paused by message. None: the ledger says nothing else.
        """
        if now is None or (now.revision_id == self.revision_id and not now.is_paused):
            return self
        rules = self.rules
        if now.is_paused and rules.status == "active":
            rules = replace(rules, status="paused")
        return replace(self, rules=rules, revision=now.revision, revision_id=now.revision_id)

    def amount_of(self, points: int) -> str:
        """Points in the program's own words: "1 point", "12 points", "-3 stamps"."""
        singular, plural = self.unit
        return f"{points} {singular if abs(points) == 1 else plural}"


class ServedPrograms:
    """The programs of this daemon, found by address; never empty."""

    def __init__(self, programs: Iterable[ServedProgram]) -> None:
        """`programs`: at least one; addresses are unique because slugs are."""
        self.all = tuple(programs)
        assert self.all, "the configuration demands a program"
        self._by_address = {program.address: program for program in self.all}
        self.issuers = frozenset(program.issuer for program in self.all)
        self.people = frozenset(one.key for program in self.all for one in program.staff)
        self.sources = frozenset(source for program in self.all for source in program.sources)

    def at(self, address: str) -> ServedProgram | None:
        """The program with this address ("37411:<issuer>:<slug>"), or None."""
        return self._by_address.get(address)

    def known_as(self, ledger_id: int) -> ServedProgram | None:
        """The program with this id in the ledger, or None where it is not served any more."""
        return next((program for program in self.all if program.ledger_id == ledger_id), None)

    def of_issuer(self, issuer: str) -> tuple[ServedProgram, ...]:
        """All programs signed by one key, in the order of the configuration."""
        return tuple(program for program in self.all if program.issuer == issuer)
