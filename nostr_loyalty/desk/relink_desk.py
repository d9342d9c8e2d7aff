"""A lost key: everything of it moves to a new one, as pairs of linked entries, one for each lot, with its date (Bug
50).

On the old chain a `revoked` empties the lot; on the new one a `granted` names it (e-tag `linked`) and opens a lot that
ends on the same day. The sums that tiers look at, vouchers and referrals move along; orders that name the old key
later, and refunds of its orders, count for the new one.
"""

from ledger.book import Standing
from ledger.entry import EntryType, NewEntry
from ledger.lot import Moved
from ledger.orders import OrderRow
from ledger.vouchers import Voucher
from nostr_loyalty.commands.command import Relink, Request
from nostr_loyalty.desk import tier_desk
from nostr_loyalty.desk.choice_desk import choose
from nostr_loyalty.desk.deed import Deed
from nostr_loyalty.desk.facts import Movement
from nostr_loyalty.desk.lot_moves import write_off
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import deeds, wording
from nostr_loyalty.publishing.saying import key_shown
from nostr_loyalty.rules.refusal import Refusal


def relink(copy: WorkingCopy, request: Request, command: Relink) -> Deed | Refusal:
    """Move everything from the old key to the new one."""
    program = request.program
    if command.old == command.new:
        return Refusal("relink-same")
    old_id = copy.facts.standing_ids.get((program.ledger_id, command.old))
    if old_id is None:
        return Refusal.saying(
            "customer-unknown", "{who} at {program}", who=key_shown(command.old), program=program.slug
        )
    old, new = copy.facts.standings[old_id], copy.standing(program, command.new)
    if old.relinked_to is not None or new.relinked_to is not None:
        return Refusal("relink-done", key_shown((old if old.relinked_to is not None else new).customer))
    old, new = write_off(copy, program, old), write_off(copy, program, new)
    new = _take_choices_over(copy, old, new)
    entries = _move_points(copy, request, old, new)
    old, new = copy.facts.standings[old.id], copy.facts.standings[new.id]
    _move_the_rest(copy, program, old, new)
    tier_desk.reviewed(copy, program, copy.facts.standings[new.id])
    moved = sum(entry.points for entry in entries if entry.standing_id == new.id)
    text = deeds.relinked(program, command.old, command.new, moved)
    return Deed(text, new.id, tuple(entries), facts={"customer": command.new})


def _take_choices_over(copy: WorkingCopy, old: Standing, new: Standing) -> Standing:
    """What was chosen with the old key holds for a new one that had no card and has not chosen: above all, that nobody
    else sees it. That everybody may see it, or a badge, is to be said with the new key: that names it to the world.
    """
    if new.seq or new.card_at:
        return new
    chosen = new._replace(
        shares=new.shares or ("private" if old.shares == "private" else None),
        notify=new.notify or old.notify, language=new.language or old.language,
    )  # fmt: skip
    return new if chosen == new else choose(copy, chosen)


def _move_points(copy: WorkingCopy, request: Request, old: Standing, new: Standing) -> list[NewEntry]:
    program, entries = request.program, []

    def movement(type_: EntryType, moved: Moved, place: str, linked: str | None = None) -> Movement:
        return Movement(
            type=type_, moved=moved, text=wording.relinked, author=request.actor, reference=f"{request.ref}:{place}",
            occurred_at=request.at, adapter=request.adapter, by=request.actor, linked=linked,
        )  # fmt: skip

    for place, lot in enumerate(copy.position(old).lots):
        moved = copy.position(old).take_lot(lot.entry_id)
        if moved is None:
            continue
        left = copy.enter(program, old, movement("revoked", moved, f"{place}:old"))
        credit = copy.position(new).credit(
            copy.facts.next_entry_id, lot.remaining, expires_at=lot.expires_at, at=copy.now
        )
        came = copy.enter(program, new, movement("granted", credit, f"{place}:new", left.ref))
        entries += [left, came]
        old, new = copy.facts.standings[old.id], copy.facts.standings[new.id]
    if old.deficit:
        deficit = old.deficit
        filled = copy.position(old).credit(copy.facts.next_entry_id, deficit, expires_at=None, at=copy.now)
        left = copy.enter(program, old, movement("granted", filled, "deficit:old"))
        owed = copy.position(new).take(deficit, at=copy.now)
        entries += [left, copy.enter(program, new, movement("revoked", owed, "deficit:new", left.ref))]
    return entries


def _move_the_rest(copy: WorkingCopy, program: ServedProgram, old: Standing, new: Standing) -> None:
    """Sums, tier, vouchers, referrals: the new key goes on where the old one stopped."""
    facts, rules = copy.facts, program.rules
    latest = max(old.month, new.month)
    ranks = {tier.id: rank for rank, tier in enumerate(rules.tiers, 1)}
    higher = max(new, old, key=lambda one: ranks.get(one.tier or "", 0))  # with the grace that it is in
    is_new = new.last_order_id is None and new.referral_id is None  # who has ordered before is nobody's new friend
    copy.put_standing(program, new._replace(
        visits=new.visits + old.visits, carried_visits=new.carried_visits + old.visits,
        visits_month=sum(one.visits_month for one in (old, new) if one.month == latest), month=latest,
        spent_minor=new.spent_minor + old.spent_minor, earned_points=new.earned_points + old.earned_points,
        welcomed=max(old.welcomed, new.welcomed),
        referral_id=old.referral_id if is_new else new.referral_id,
        last_order_id=max((one for one in (old.last_order_id, new.last_order_id) if one is not None), default=None),
        tier=higher.tier, grace_until=higher.grace_until, review_at=higher.review_at,
        frozen=max(old.frozen, new.frozen),
    ))  # fmt: skip
    copy.put_standing(program, old._replace(
        visits=0, carried_visits=old.carried_visits - old.visits, visits_month=0, spent_minor=0, earned_points=0,
        referral_id=None, tier=None, grace_until=None, review_at=None, frozen=1, relinked_to=new.id,
    ))  # fmt: skip
    facts.tallies.setdefault(new.id, []).extend(
        one._replace(standing_id=new.id) for one in facts.tallies.pop(old.id, [])
    )
    facts.stamps.setdefault(new.id, []).extend(one._replace(standing_id=new.id) for one in facts.stamps.pop(old.id, []))
    copy.slip.moved_tallies.append((old.id, new.id))
    for row in list(facts.set_apart.pop(old.id, {}).values()):
        _move_order(copy, program, row, new.id)
    taken = {_slot_of(one) for one in facts.vouchers.values() if one.standing_id == new.id}
    for voucher in [one for one in facts.vouchers.values() if one.standing_id == old.id]:
        moved = voucher._replace(standing_id=new.id)
        while moved.slot is not None and _slot_of(moved) in taken:  # what both had had of a limited reward adds up
            moved = moved._replace(slot=moved.slot + 1)
        taken.add(_slot_of(moved))
        copy.put_voucher(moved)


def _move_order(copy: WorkingCopy, program: ServedProgram, row: OrderRow, new_id: int) -> None:
    """An order of which nothing was booked is the new key's, with its visit."""
    if row.standing_id is not None and row.status == "paid":
        old, new = copy.facts.standings[row.standing_id], copy.facts.standings[new_id]
        copy.put_standing(program, old._replace(carried_visits=old.carried_visits + 1))
        copy.put_standing(program, new._replace(carried_visits=new.carried_visits - 1))
    copy.put_order(row._replace(standing_id=new_id))


def _slot_of(voucher: Voucher) -> tuple[str, int, int | None]:
    return voucher.reward, voucher.period, voucher.slot
