"""The operator's hand on a customer's points: grant, revoke, freeze."""

from ledger.book import Standing
from ledger.entry import CREDITS, NewEntry
from ledger.lot import Moved
from nostr_loyalty.commands.command import Freeze, Grant, Request, Revoke, RevokeEntry, Unfreeze
from nostr_loyalty.desk import tier_desk
from nostr_loyalty.desk.deed import Deed
from nostr_loyalty.desk.facts import Movement, Sentence
from nostr_loyalty.desk.lot_moves import left_of_order, take, take_credit, write_off
from nostr_loyalty.desk.voucher_moves import give_back
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import deeds, wording
from nostr_loyalty.publishing.saying import key_shown
from nostr_loyalty.rules import expiring, handling
from nostr_loyalty.rules.program import HandRules
from nostr_loyalty.rules.refusal import Refusal


def known(copy: WorkingCopy, program: ServedProgram, customer: str) -> Standing | Refusal:
    """The customer's standing, followed to the key that it moved to; refused where the program never saw the
    customer.
    """
    standing_id = copy.facts.standing_ids.get((program.ledger_id, customer))
    if standing_id is None:
        return unknown(program, customer)
    return copy.followed(standing_id)


def unknown(program: ServedProgram, customer: str) -> Refusal:
    """The program never saw the customer."""
    return Refusal.saying("customer-unknown", "{who} at {program}", who=key_shown(customer), program=program.slug)


def is_frozen(copy: WorkingCopy, request: Request) -> bool:
    """Whether the asker's own card is frozen: also that of a key that was replaced, whoever holds it now."""
    standing_id = copy.facts.standing_ids.get((request.program.ledger_id, request.actor))
    return standing_id is not None and bool(copy.facts.standings[standing_id].frozen)


def grant(copy: WorkingCopy, request: Request, command: Grant) -> Deed | Refusal:
    """Give points: a new lot."""
    refusal = hand_limit(copy, request, command.points)
    if refusal is None and command.expires_at is not None:
        refusal = handling.end(command.expires_at, copy.now, request.program.rules.tz)
    if refusal is not None:
        return refusal
    standing = known(copy, request.program, command.who)
    if isinstance(standing, Refusal):
        return standing
    if standing.forgotten:  # the key that was given is a pseudonym: nobody has it
        return unknown(request.program, command.who)
    expires_at = command.expires_at
    if expires_at is None:
        expires_at = expiring.expires_at(request.program.rules, copy.now)
    entry = give(copy, request, standing, command.points, command.reason, expires_at)
    return _deed(copy, request.program, standing, entry, {"entry": entry.id}, points=command.points)


def give(
    copy: WorkingCopy, request: Request, standing: Standing, points: int, reason: str, expires_at: int | None
) -> NewEntry:
    """Book a granted credit by the asker; the customer is told the reason, "" is none."""
    moved = copy.position(standing).credit(copy.facts.next_entry_id, points, expires_at=expires_at, at=copy.now)
    return copy.enter(request.program, standing, Movement(
        type="granted", moved=moved, text=lambda it: wording.granted(it, reason), author=request.actor,
        reference=request.ref, occurred_at=request.at, adapter=request.adapter, by=request.actor,
        said=_with_reason(moved, standing, reason),
    ))  # fmt: skip


def revoke(copy: WorkingCopy, request: Request, command: Revoke) -> Deed | Refusal:
    """Take points by hand. Beyond what there is: a deficit, or where the program clamps only what there is."""
    found = known(copy, request.program, command.who)
    if isinstance(found, Refusal):
        return found
    refusal = hand_limit(copy, request, command.points)
    if refusal is not None:
        return refusal
    standing = write_off(copy, request.program, found)
    moved = take(copy, request.program, standing, command.points)
    if moved is None:
        return Refusal.saying(
            "points-none-to-take", "{who} at {program}", who=key_shown(standing.customer), program=request.program.slug
        )
    entry = copy.enter(request.program, standing, Movement(
        type="revoked", moved=moved, text=lambda it: wording.revoked_by_hand(it, command.reason),
        author=request.actor, reference=request.ref, occurred_at=request.at, adapter=request.adapter, by=request.actor,
        said=_with_reason(moved, standing, command.reason),
    ))  # fmt: skip
    return _deed(copy, request.program, standing, entry, {"revoked": -entry.points}, points=-entry.points)


def revoke_entry(copy: WorkingCopy, request: Request, command: RevokeEntry) -> Deed | Refusal:
    """Reverse what is left of one credit; or of a redemption, by giving its voucher back."""
    program = request.program
    entry = copy.facts.entries.get(command.entry)
    if entry is None or entry.program_id != program.ledger_id:
        return Refusal("entry-unknown", command.entry[:8])
    standing = copy.facts.standings[entry.standing_id]
    if standing.relinked_to is not None or entry.type not in (*CREDITS, "redeemed"):
        return Refusal.saying("entry-not-reversible", "{type} entry {entry}", type=entry.type, entry=command.entry[:8])
    if entry.type == "redeemed":
        voucher = next((one for one in copy.facts.vouchers.values() if one.entry_id == entry.id), None)
        if voucher is None or not voucher.charged:
            return Refusal("entry-reversed-before", command.entry[:8])
        back = give_back(
            copy, program, voucher, "cancelled", author=request.actor, reference=request.ref, adapter=request.adapter,
            by=request.actor,
        )  # fmt: skip
        assert back is not None, "something was charged"
        return _deed(copy, program, standing, back, {})
    standing = write_off(copy, program, standing)
    order = next((one for one in copy.facts.orders.values() if one.id == entry.order_id), None)
    lot = next(one for one in copy.position(standing).lots if one.entry_id == entry.id)
    due = lot.points - lot.reversed if order is None else order.earned - order.reversed
    refusal = hand_limit(copy, request, due) if due else Refusal("entry-reversed-before", command.entry[:8])
    if refusal is not None:
        return refusal
    left = due if order is None else min(due, left_of_order(copy, order))  # the rest had run out, or is forgiven
    moved = take_credit(copy, program, standing, entry.id, left)
    if moved is None:
        return Refusal.saying("entry-reversed-before", "{entry}: it has run out, or was spent", entry=command.entry[:8])
    booked = copy.enter(program, standing, Movement(
        type="revoked", moved=moved, text=lambda it: wording.revoked_by_hand(it, command.reason),
        author=request.actor, reference=request.ref, occurred_at=request.at, adapter=request.adapter,
        by=request.actor, reverses=entry.id, order_id=entry.order_id,
        said=_with_reason(moved, standing, command.reason),
    ))  # fmt: skip
    if order is not None:
        copy.put_order(order._replace(reversed=order.earned, clamped=order.clamped + left + moved.points))
        copy.put_refund(copy.by_hand(order, request.actor, request.ref), order.id, -moved.points, booked.id)
        standing = copy.count(copy.facts.standings[standing.id], order.day, order.source, points=-due)
        copy.put_standing(program, standing)
    elif entry.type == "earned":
        standing = copy.count(
            copy.facts.standings[standing.id], copy.day_of(program, entry.occurred_at), points=moved.points
        )
        copy.put_standing(program, standing)
    tier_desk.reviewed(copy, program, copy.facts.standings[standing.id])
    return _deed(copy, program, standing, booked, {}, points=-moved.points)


def _with_reason(moved: Moved, standing: Standing, reason: str) -> Sentence:
    points, balance = moved.points, standing.balance + moved.points
    return lambda it: wording.notice_of_deed(it, points, balance, reason)


def freeze(copy: WorkingCopy, request: Request, command: Freeze | Unfreeze) -> Deed | Refusal:
    """Stop a customer's spending, or let it go on."""
    standing = known(copy, request.program, command.who)
    if isinstance(standing, Refusal):
        return standing
    frozen = isinstance(command, Freeze)
    copy.put_standing(request.program, standing._replace(frozen=int(frozen)))
    text = deeds.frozen(request.program, standing.customer, frozen=frozen)
    return Deed(text, standing.id, detail={"was": standing.frozen}, facts={"customer": standing.customer})


def hand_limit(copy: WorkingCopy, request: Request, points: int) -> Refusal | None:
    """What one operator may not, today; the issuer itself (the venue's own key) has no limits."""
    operator = request.program.operator(request.actor)
    unlimited = request.confirmed or operator is None or request.actor == request.program.issuer
    hand = HandRules() if unlimited or operator is None else operator.hand
    return handling.limit(hand, *copy.facts.hand_today, points)


def _deed(
    copy: WorkingCopy, program: ServedProgram, standing: Standing, entry: NewEntry, detail: dict[str, object], *,
    points: int = 0,
) -> Deed:  # fmt: skip
    count, so_far = copy.facts.hand_today
    copy.facts.hand_today = (count + 1, so_far + points)
    text = deeds.moved(program, standing.customer, entry.points, entry.balance)
    return Deed(text, standing.id, (entry,), points, detail, {"customer": standing.customer})
