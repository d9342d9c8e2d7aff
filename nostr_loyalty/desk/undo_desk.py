"""Takes the asker's last command back, within the program's time for it.

What can be undone: grant, revoke, redeem, use (of the whole voucher), freeze and unfreeze. The reversal of a revocation
is a new credit: lots do not come back to life (Bug 5: the net is right). An entry that was taken back is not given
again: a refund of the order that it came from would not find those points (Bug 14).
"""

from ledger.actions import Action
from nostr_loyalty.commands.command import Request, Undo
from nostr_loyalty.desk.deed import Deed
from nostr_loyalty.desk.facts import Movement
from nostr_loyalty.desk.hand_desk import give
from nostr_loyalty.desk.lot_moves import take_credit, write_off
from nostr_loyalty.desk.voucher_moves import give_back, has_forgiven
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.publishing import deeds, wording
from nostr_loyalty.rules import expiring
from nostr_loyalty.rules.refusal import Refusal


def undo(copy: WorkingCopy, request: Request, _command: Undo) -> Deed | Refusal:
    """Take the last action of the asker back."""
    action = copy.facts.last_action
    if action is None:
        return Refusal("undo-nothing")
    if copy.now > action.done_at + request.program.rules.hand.undo_s:
        return Refusal.saying(
            "undo-too-late", "{verb}, {minutes} minutes ago", verb=action.verb,
            minutes=(copy.now - action.done_at) // 60,
        )  # fmt: skip
    if action.standing_id is None or copy.facts.standings[action.standing_id].relinked_to is not None:
        return Refusal("undo-impossible", action.verb)
    match action.verb:
        case "grant":
            return _take_back_the_grant(copy, request, action)
        case "revoke":
            return _give_again(copy, request, action)
        case "redeem" | "use":
            return _undo_voucher(copy, request, action)
        case "freeze" | "unfreeze":
            standing = copy.facts.standings[action.standing_id]
            copy.put_standing(request.program, standing._replace(frozen=int(action.detail["was"])))
            return Deed(deeds.undone(request.program, action.verb), standing.id, undoes=action.id)
    return Refusal("undo-impossible", action.verb)


def _take_back_the_grant(copy: WorkingCopy, request: Request, action: Action) -> Deed | Refusal:
    assert action.standing_id is not None
    entry_id = int(action.detail["entry"])
    standing = write_off(copy, request.program, copy.facts.standings[action.standing_id])
    lot = next(one for one in copy.position(standing).lots if one.entry_id == entry_id)
    moved = take_credit(copy, request.program, standing, entry_id, lot.points - lot.reversed)
    if moved is None:
        return Refusal.saying("undo-impossible", "the points are gone")
    entry = copy.enter(request.program, standing, Movement(
        type="revoked", moved=moved, text=lambda it: wording.revoked_by_hand(it, ""), author=request.actor,
        reference=request.ref, occurred_at=request.at, adapter=request.adapter, by=request.actor, reverses=entry_id,
    ))  # fmt: skip
    text = deeds.points_undone(request.program, entry.points, entry.balance)
    return Deed(text, standing.id, (entry,), facts={"customer": standing.customer}, undoes=action.id)


def _give_again(copy: WorkingCopy, request: Request, action: Action) -> Deed | Refusal:
    assert action.standing_id is not None
    standing, points = copy.facts.standings[action.standing_id], int(action.detail["revoked"])
    expires_at = expiring.expires_at(request.program.rules, copy.now)
    entry = give(copy, request, standing, points, "", expires_at)
    text = deeds.points_undone(request.program, entry.points, entry.balance)
    return Deed(text, standing.id, (entry,), facts={"customer": standing.customer}, undoes=action.id)


def _undo_voucher(copy: WorkingCopy, request: Request, action: Action) -> Deed | Refusal:
    voucher = copy.facts.vouchers.get(str(action.detail.get("voucher")))
    if voucher is None:
        return Refusal("undo-impossible", action.verb)
    if action.verb == "use":
        if voucher.status != "used" or voucher.charged != voucher.cost:
            return Refusal.saying("undo-impossible", "the bill was smaller than the discount")
        if has_forgiven(copy, voucher):
            return Refusal.saying("undo-impossible", "points that it had spent were forgiven since")
        copy.put_voucher(voucher._replace(
            status="issued", ended_at=None, order_reference=None, hold_until=max(voucher.hold_until, copy.now + 3_600),
        ))  # fmt: skip
        return Deed(deeds.use_undone(request.program, voucher.title), voucher.standing_id, undoes=action.id)
    if voucher.status != "issued":
        return Refusal.saying("undo-impossible", "the voucher was used, cancelled or not used in time")
    back = give_back(
        copy, request.program, voucher, "cancelled", author=request.actor, reference=request.ref,
        adapter=request.adapter, by=request.actor,
    )  # fmt: skip
    entries = (back,) if back is not None else ()
    text = deeds.redemption_undone(request.program, voucher.title)
    return Deed(text, voucher.standing_id, entries, undoes=action.id)
