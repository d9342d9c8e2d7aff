"""What an issuer says about its programs and itself: 37411, and its relay lists 10002 and 10050.

Rules:
- Published when the content differs from what was said last, and only then: a restart says nothing new.
- Every revision of a program is kept for ever (protocol §3): entries name the one they were decided under.
- `created_at` strictly increases from one to the next: of two in one second the lowest id would win (NIP-01; Bug 69).
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

import orjson

from kinds import program as wire
from kinds import relay_list
from kinds.earn import SpendEarn
from kinds.event import Template, author, canonical_of
from ledger import announcements, outbox, programs
from ledger.database import Write
from ledger.outbox import Promise
from ledger.units import Money, format_money
from nostr_loyalty.config.settings import DaemonSettings, ProgramSettings
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import sealing
from nostr_loyalty.publishing.publications import LANE_ANSWER, LANE_CARD, LANE_DEFINITION, LANE_ENTRY

RELAYS_LABEL: Final = "relay list"


def definition(settings: ProgramSettings) -> wire.Program:
    """The program as it is published."""
    rules = settings.rules()
    return wire.Program(
        issuer=settings.key.public,
        slug=settings.slug,
        title=settings.title,
        summary=settings.summary,
        image=settings.image,
        sources=settings.sources,
        operators=settings.operators,
        relays=settings.relays,
        unit=settings.unit,
        earn=tuple(SpendEarn(rule.points, *format_money(Money(rule.per_minor, rule.currency))) for rule in rules.spend),
        rounding=rules.rounding,
        tz=rules.tz.key,
        visibility=settings.visibility,
        status=rules.status,
        terms=settings.terms,
    )


async def serve(
    w: Write, settings: ProgramSettings, daemon: DaemonSettings, now: int, dice: Callable[[int], bytes]
) -> ServedProgram:
    """Register the program, add and promise a revision if its definition has changed, and give it as it is served."""
    issuer = settings.key.public
    address = wire.address(issuer, settings.slug)
    program_id = await programs.register(w, address, settings.slug, issuer, now)
    latest = await programs.latest_revision(w, program_id)
    definition_now = definition(settings)
    digest = _digest(wire.template(definition_now, 0))
    if latest is None or latest.digest != digest:
        created_at = now if latest is None else max(now, latest.added_at + 1)
        rumor = author(wire.template(definition_now, created_at), issuer)
        document = canonical_of(rumor)
        revision_id = await programs.add_revision(w, program_id, rumor.id, digest, document, created_at)
        revision = rumor.id
        supersedes = f"program:{program_id}"
        await outbox.post(
            w, [_promise("program", issuer, document, dice(32), settings.relays, daemon.acks, supersedes)], now
        )
    else:
        revision, revision_id = latest.ref, latest.id
    return ServedProgram(
        ledger_id=program_id, address=address, slug=settings.slug, title=settings.title, issuer=issuer,
        rules=settings.rules(), visibility=settings.visibility, sources=frozenset(settings.sources),
        relays=settings.relays, dm_relays=daemon.dm_relays, acks=daemon.acks, unit=settings.unit, revision=revision,
        revision_id=revision_id,
    )  # fmt: skip


async def announce_relays(
    w: Write, issuer: str, daemon: DaemonSettings, relays: Sequence[str], now: int, dice: Callable[[int], bytes]
) -> None:
    """Promise the issuer's 10002 (`relays`: read and written) and 10050 (where wraps are read) if they have changed."""
    everywhere = tuple(dict.fromkeys((*relays, *daemon.dm_relays)))
    for name, template in (
        ("10002", relay_list.template(relays, relays, 0)),
        ("10050", relay_list.dm_template(daemon.dm_relays, 0)),
    ):
        digest = _digest(template)
        last = await announcements.last(w, issuer, name)
        if last is not None and last[0] == digest:
            continue
        created_at = now if last is None else max(now, last[1] + 1)
        await announcements.say(w, issuer, name, digest, created_at)
        document = canonical_of(author(template._replace(created_at=created_at), issuer))
        promise = _promise(RELAYS_LABEL, issuer, document, dice(32), everywhere, daemon.acks, f"{name}:{issuer}")
        await outbox.post(w, [promise], now)


async def readdress(w: Write, issuer: str, daemon: DaemonSettings, relays: tuple[str, ...]) -> None:
    """What the issuer promised to relays that are no longer configured goes to those that are."""
    known = {*relays, *daemon.dm_relays}
    await outbox.readdress(w, issuer, known, relays, (LANE_DEFINITION, LANE_ENTRY, LANE_CARD))
    await outbox.readdress(w, issuer, daemon.dm_relays, daemon.dm_relays, (LANE_ANSWER,))


def _promise(
    label: str, issuer: str, document: bytes, seed: bytes, relays: tuple[str, ...], acks: int, supersedes: str
) -> Promise:
    recipe = sealing.plain(document)
    return Promise(LANE_DEFINITION, label, issuer, recipe, seed, relays, min(acks, len(relays)), supersedes)


def _digest(template: Template) -> str:
    """Equal where kind, tags and content are."""
    return hashlib.sha256(orjson.dumps((template.kind, template.tags, template.content))).hexdigest()
