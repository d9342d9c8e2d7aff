"""What exceeds an operator's limits waits for an owner, who says `confirm <code>` within a day (protocol §10).

The code is told to the owners only; the ledger keeps its hash. Confirmed, the command is done as its asker's, once, and
the asker is told what came of it.
"""

from typing import Final

from ledger import confirmations, outbox
from ledger.confirmations import Confirmation
from ledger.database import Write
from nostr_loyalty.command_path import CommandPath
from nostr_loyalty.commands.command import Request
from nostr_loyalty.commands.fields import from_fields, to_fields
from nostr_loyalty.commands.outcome import Outcome
from nostr_loyalty.commands.questions import Confirm
from nostr_loyalty.desk.facts import Dice
from nostr_loyalty.intake.recognition import Message
from nostr_loyalty.letters.reply import Said, refused
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import answering, publications
from nostr_loyalty.rules import claiming
from nostr_loyalty.rules.authority import beyond, may
from nostr_loyalty.rules.refusal import Refusal

VALID_S: Final = 86_400
LIMITS: Final = frozenset({"hand-limit-count", "hand-limit-points"})


def wants_an_owner(program: ServedProgram, request: Request, outcome: Outcome) -> bool:
    """Whether a refusal is one that an owner could lift."""
    return outcome.code in LIMITS and bool(_owners(program, request.actor))


async def ask_owners(w: Write, program: ServedProgram, request: Request, now: int, dice: Dice) -> Said:
    """Keep the command, and tell every owner its code."""
    code = claiming.claim_code(dice(claiming.RANDOM_BYTES))
    asked = {
        "ref": request.ref, "at": request.at, "actor": request.actor, "role": request.role,
        "command": to_fields(request.command),
    }  # fmt: skip
    await confirmations.keep(
        w, Confirmation(claiming.claim_hash(code), program.ledger_id, asked, now, now + VALID_S, None)
    )
    owners = _owners(program, request.actor)
    text = answering.please_confirm(program, request, code)
    promises = [publications.word(program, owner, text, now, dice(32)) for owner in owners]
    await outbox.post(w, promises, now)
    return Said(program, answering.waits_for_owner(program), code="waits-for-owner", promises=len(promises))


async def confirm(
    w: Write, commands: CommandPath, program: ServedProgram, message: Message, asked: Confirm, now: int
) -> Said:  # fmt: skip
    """Do what waits, as its asker's. Refused in words: not an owner, no such code, too late, done before."""
    operator = program.operator(message.author)
    found = await confirmations.by_hash(w, claiming.claim_hash(asked.code))
    if operator is None:
        return refused(program, Refusal("command-not-allowed"))
    if not may(operator.role, "confirm"):
        return refused(program, beyond(operator.role, "confirm"))
    if found is None or found.program_id != program.ledger_id or found.request["actor"] == message.author:
        return Said(program, answering.nothing_to_confirm(program), code="confirm-unknown")
    if found.done_at is not None or now > found.until:
        return Said(program, answering.confirmed_before(program), code="confirm-over")
    waits = found.request
    request = Request(
        ref=waits["ref"], at=max(waits["at"], now - VALID_S), actor=waits["actor"], role=waits["role"], adapter="nostr",
        program=program, command=from_fields(waits["command"]), confirmed=True,
    )  # fmt: skip
    outcome, promises = await commands.decide(w, request, now)
    await confirmations.done(w, found.hash, now)
    return Said(
        program, answering.outcome(program, request, outcome), code=outcome.code, facts=outcome.facts,
        promises=promises, shows_entries=True, asker=(request.actor, request.ref),
    )  # fmt: skip


def _owners(program: ServedProgram, but: str) -> list[str]:
    return [one.key for one in program.staff if one.role == "owner" and one.key != but]
