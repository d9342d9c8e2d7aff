"""What an issuer says about its programs and itself: 37411, its relay lists 10002 and 10050, profile, badges.

Rules:
- Published when the content differs from what was said last, and only then: a restart says nothing new (`announcing`).
- Every revision of a program is kept for ever (protocol §3): entries name the one they were decided under.
- A pause by message is a revision too: the status is another, the rest is the same, and a restart says the same.
- A change of how long points live is written down with its revision and holds for old points at once, within the same
  transaction; it never ends them earlier than one full period after the change (Bug 37).
- A change of what counts (currency, clock) counts everybody anew, and a change of the tiers lets the sweep look at
  everybody's: tiers do not wait for a customer's next order.
- `created_at` strictly increases from one to the next: of two in one second the lowest id would win (NIP-01; Bug 69).
"""

from collections.abc import Sequence
from typing import Final

from kinds import program as wire
from kinds import relay_list
from kinds.event import Template, author, canonical_of, rumor_from_canonical
from ledger import book, expiry_policy, outbox, programs, recount, shown
from ledger.database import Write
from ledger.expiry_policy import ExpiryPolicy
from ledger.programs import Revision
from nostr_loyalty.config.settings import Config, DaemonSettings, ProgramSettings
from nostr_loyalty.errors import ConfigInvalid
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing.announcing import DOCUMENT_BYTES_MAX, Dice, Said, announce, digest_of, promise
from nostr_loyalty.publishing.badges import badges
from nostr_loyalty.publishing.describing import definition
from nostr_loyalty.publishing.publications import LANE_ANSWER, LANE_CARD, LANE_DEFINITION, LANE_ENTRY
from nostr_loyalty.publishing.self_portrait import portrait
from nostr_loyalty.rules.calendar import day_of
from nostr_loyalty.rules.expiring import limit_for_change
from nostr_loyalty.rules.program import ProgramRules, Status

RELAYS_LABEL: Final = "relay list"


async def serve(w: Write, settings: ProgramSettings, daemon: DaemonSettings, now: int, dice: Dice) -> ServedProgram:
    """Register the program, add and promise a revision if its definition has changed, and give it as it is served.

    ConfigInvalid: the definition is larger than relays take.
    """
    issuer = settings.key.public
    address = wire.address(issuer, settings.slug)
    program_id = await programs.register(w, address, settings.slug, issuer, now)
    latest = await programs.latest_revision(w, program_id)
    stated = wire.template(definition(settings, daemon), 0)
    if settings.rules().status == "active" and await programs.is_paused(w, program_id):
        stated = _with_status(stated, "paused")  # by message: the configuration does not know of it
    _check_size(stated, issuer, settings)
    revision = await _state(w, program_id, issuer, stated, settings.relays, daemon.acks, now, dice) or latest
    assert revision is not None, "what was not stated anew was stated before"
    await _apply_ttl(w, program_id, revision.id, settings, now, is_new=latest is None)
    await _count_anew(w, program_id, settings.rules(), now)
    await shown.again_elsewhere(w, program_id, settings.relays)
    return ServedProgram(
        ledger_id=program_id, address=address, slug=settings.slug, title=settings.title, issuer=issuer,
        rules=settings.rules(), visibility=settings.visibility, sources=frozenset(settings.sources),
        relays=settings.relays, dm_relays=daemon.dm_relays, acks=daemon.acks, unit=settings.unit, revision=revision.ref,
        revision_id=revision.id, operators=frozenset(settings.operators), claim_url=settings.claim_url,
        staff=settings.staff, monitors=settings.monitors, language=settings.language, allows_nip04=settings.nip04,
        first_contact_work=settings.first_contact_work,
    )  # fmt: skip


async def restate(w: Write, program: ServedProgram, status: Status, now: int, dice: Dice) -> bool:
    """Add and promise a revision that differs from the one in force in its status only; whether it does."""
    latest = await programs.latest_revision(w, program.ledger_id)
    assert latest is not None, "a program that is served has a revision"
    rumor = rumor_from_canonical(latest.document)
    stated = _with_status(Template(rumor.kind, 0, rumor.tags, rumor.content), status)
    return (
        await _state(w, program.ledger_id, program.issuer, stated, program.relays, program.acks, now, dice) is not None
    )


async def _state(
    w: Write, program_id: int, issuer: str, stated: Template, relays: tuple[str, ...], acks: int, now: int, dice: Dice
) -> Revision | None:
    """The new revision, where what is `stated` (at time 0) is not what the latest one says."""
    latest, digest = await programs.latest_revision(w, program_id), digest_of(stated)
    if latest is not None and latest.digest == digest:
        return None
    created_at = now if latest is None else max(now, latest.added_at + 1)
    rumor = author(stated._replace(created_at=created_at), issuer)
    document = canonical_of(rumor)
    revision_id = await programs.add_revision(w, program_id, rumor.id, digest, document, created_at)
    await outbox.post(w, [promise("program", issuer, document, dice(32), relays, acks, f"program:{program_id}")], now)
    return Revision(revision_id, program_id, rumor.id, digest, document, created_at)


def _with_status(stated: Template, status: Status) -> Template:
    return stated._replace(tags=tuple(("status", status) if tag[0] == "status" else tag for tag in stated.tags))


def _check_size(stated: Template, issuer: str, settings: ProgramSettings) -> None:
    size = len(canonical_of(author(stated, issuer)))
    if size > DOCUMENT_BYTES_MAX:
        sentence = (
            f'program "{settings.slug}": its definition has {size} bytes, and relays take at most '
            f"{DOCUMENT_BYTES_MAX}; shorten the terms, or write fewer or shorter rewards and rules"
        )
        raise ConfigInvalid([sentence])


async def _apply_ttl(
    w: Write, program_id: int, revision_id: int, settings: ProgramSettings, now: int, *, is_new: bool
) -> None:
    """Note how long points live from this revision on, if that has changed, and limit older points where it is less.

    A program whose ledger is older than these notes had no ttl.
    """
    rules = settings.rules()
    policy = await expiry_policy.latest(w, program_id)
    old_ttl = None if policy is None else policy.ttl_days
    if policy is not None and old_ttl == rules.ttl_days:
        return
    limit_at = None if is_new else limit_for_change(old_ttl, rules.ttl_days, now, rules.tz)
    await expiry_policy.record(w, ExpiryPolicy(0, program_id, revision_id, rules.ttl_days, now, limit_at))
    if limit_at is not None:
        await book.limit_lots(w, program_id, limit_at)


async def _count_anew(w: Write, program_id: int, rules: ProgramRules, now: int) -> None:
    """Where what counts is not what counted at the last start, or is not known of it."""
    basis = rules.tier_basis
    counted = f"{rules.counted_currency} {rules.tz.key}"
    steps = " ".join(f"{each.id}:{each.threshold}" for each in rules.tiers)
    tiers = f"{basis.basis} {basis.window_days} {steps}"
    before = await recount.counted_as(w, program_id)
    if before == (counted, tiers):
        return
    if before[0] != counted:
        await recount.recount(w, program_id, rules.counted_currency, lambda moment: day_of(moment, rules.tz))
    await recount.review_all(w, program_id, now)
    await recount.note(w, program_id, counted, tiers)


async def announce_relays(
    w: Write, issuer: str, daemon: DaemonSettings, relays: Sequence[str], now: int, dice: Dice
) -> None:
    """Promise the issuer's 10002 (`relays`: read and written) and 10050 (where wraps are read) if they have changed."""
    everywhere = tuple(dict.fromkeys((*relays, *daemon.dm_relays)))
    for said in (
        Said("10002", RELAYS_LABEL, relay_list.template(relays, relays, 0)),
        Said("10050", RELAYS_LABEL, relay_list.dm_template(daemon.dm_relays, 0)),
    ):
        await announce(w, issuer, said, everywhere, daemon.acks, now, dice)


async def introduce(w: Write, config: Config, key: str, now: int, dice: Dice) -> None:
    """Promise who a key (public, hex) says that it is, and the badges of its tiers, where they have changed."""
    for said in portrait(config, key):
        await announce(w, key, said, config.relays_of(key), config.daemon.acks, now, dice)
    for program in config.programs:
        if program.key.public == key:
            for said in badges(program):
                await announce(w, key, said, program.relays, config.daemon.acks, now, dice)


async def readdress(w: Write, issuer: str, daemon: DaemonSettings, relays: tuple[str, ...]) -> None:
    """What the issuer promised to relays that are no longer configured goes to those that are."""
    known = {*relays, *daemon.dm_relays}
    await outbox.readdress(w, issuer, known, relays, (LANE_DEFINITION, LANE_ENTRY, LANE_CARD))
    await outbox.readdress(w, issuer, known, daemon.dm_relays, (LANE_ANSWER,))
