"""What commands do: who may ask, once by its ref, then the desk that it is for.

A command that was refused leaves no trace: it may be asked again. (A wrong claim code is counted, and what had run out
when the command came is written off, as a sweep would have done.) One that was done is recorded with its ref, so that a
repetition is answered "duplicate" and moves nothing.
"""

from collections.abc import Callable
from typing import Any, Final

from ledger.actions import Action
from nostr_loyalty.commands.command import (
    CUSTOMER_VERBS,
    Cancel,
    Claim,
    Drop,
    Feedback,
    Freeze,
    Grant,
    Redeem,
    Refer,
    Refund,
    Release,
    Relink,
    Request,
    Revoke,
    RevokeEntry,
    Undo,
    Unfreeze,
    Use,
    verb_of,
)
from nostr_loyalty.commands.outcome import Outcome, duplicate, refused
from nostr_loyalty.desk import guest_desk, hand_desk, order_hand_desk, relink_desk, reward_desk, undo_desk
from nostr_loyalty.desk.deed import Deed
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.publishing.saying import key_shown
from nostr_loyalty.rules.authority import beyond, may
from nostr_loyalty.rules.refusal import Refusal

OLD_S: Final = 14 * 86_400
"""A command older than this is refused (protocol §10)."""
AHEAD_S: Final = 600
"""So is one that is dated further ahead of our clock than this."""

_DESKS: Final[dict[type, Callable[[WorkingCopy, Request, Any], Deed | Refusal]]] = {
    Grant: hand_desk.grant,
    Revoke: hand_desk.revoke,
    RevokeEntry: hand_desk.revoke_entry,
    Freeze: hand_desk.freeze,
    Unfreeze: hand_desk.freeze,
    Refund: order_hand_desk.refund,
    Release: order_hand_desk.release,
    Drop: order_hand_desk.drop,
    Redeem: reward_desk.redeem,
    Use: reward_desk.use,
    Cancel: reward_desk.cancel,
    Relink: relink_desk.relink,
    Undo: undo_desk.undo,
    Claim: guest_desk.claim,
    Feedback: guest_desk.feedback,
    Refer: guest_desk.refer,
}


def at_the_door(request: Request, before: Action | None, now: int) -> Outcome | None:
    """What can be said before anything is looked up: done before (`before` is what it did), or not allowed."""
    if before is not None:
        return duplicate(
            "Done before.", **{name: before.detail[name] for name in ("entries",) if name in before.detail}
        )
    refusal = _not_allowed(request, now)
    return None if refusal is None else refused(refusal)


def take(copy: WorkingCopy, request: Request) -> Outcome:
    """Decide one command that was let in."""
    deed = _DESKS[type(request.command)](copy, request, request.command)
    if isinstance(deed, Refusal):
        return refused(deed)
    action = Action(
        id=copy.facts.next_action_id, program_id=request.program.ledger_id, ref=request.ref, actor=request.actor,
        verb=verb_of(request.command), standing_id=deed.standing_id, points=deed.points,
        day=copy.today(request.program), detail={**deed.detail, "entries": deed.entry_refs}, undone_by=None,
        done_at=copy.now,
    )  # fmt: skip
    copy.facts.next_action_id += 1
    copy.slip.actions.append(action)
    if deed.undoes is not None:
        copy.slip.undone.append((deed.undoes, action.id))
    return deed.outcome()


def _not_allowed(request: Request, now: int) -> Refusal | None:
    verb = verb_of(request.command)
    if request.role == "customer" and verb not in CUSTOMER_VERBS:
        return Refusal("command-not-allowed", verb)
    if request.role == "customer" and getattr(request.command, "who", None) not in (None, request.actor):
        return Refusal.saying("command-not-allowed", "{verb} for somebody else", verb=verb)
    program = request.program
    if request.role == "operator":
        operator = program.operator(request.actor)
        if operator is not None and not may(operator.role, verb):
            return beyond(operator.role, verb)
        if operator is None:
            return Refusal.saying(
                "command-not-allowed", "{verb} by {who} at {program}", verb=verb, who=key_shown(request.actor),
                program=program.slug,
            )  # fmt: skip
    return untimely(request.at, now)


def untimely(at: int, now: int) -> Refusal | None:
    """Why nothing that was asked at this time (unix seconds) is done now."""
    if at < now - OLD_S:
        return Refusal.saying("command-too-old", "asked {days} days ago", days=(now - at) // 86_400)
    if at > now + AHEAD_S:
        return Refusal.saying("command-from-the-future", "dated {seconds} s ahead of this clock", seconds=at - now)
    return None
