"""Facts that every kind of batch needs of the customers it touches, read inside the open transaction. Only SQL is
awaited.

`follow` adds the keys that customers moved to, `count` the tallies that the program's rules look back on, `set_apart`
the orders that count for no tier (yet), `offer` what is out of rewards, `stamp` the stamps near the orders, `open_up`
their lots and whatever hangs on them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from ledger import book, heirs, orders, referrals, stamps, statement, tally, vouchers
from ledger import feedback as feedbacks
from ledger.database import Read
from ledger.entry import Entry
from ledger.orders import OrderRow
from ledger.vouchers import Voucher
from nostr_loyalty.desk.facts import Facts, is_again
from nostr_loyalty.rules.calendar import day_of, period_days
from nostr_loyalty.rules.program import ProgramRules
from nostr_loyalty.rules.redeeming import period_of
from nostr_loyalty.rules.tiering import window_from


async def follow(r: Read, facts: Facts) -> None:
    """Add the standings that others have moved to, and referrals that wait for their first order."""
    while (
        missing := {one.relinked_to for one in facts.standings.values() if one.relinked_to is not None}
        - facts.standings.keys()
    ):
        facts.standings |= await book.standings_by_id(r, sorted(missing))
    waiting = [one.referral_id for one in facts.standings.values() if one.referral_id is not None]
    if waiting:
        facts.referrals |= await referrals.by_id(r, waiting)


def first_day_of(rules: ProgramRules, paid_at: Iterable[int], now: int) -> int | None:
    """The first local day that the rules look back on for orders paid at these times; None: on none."""
    first = window_from(rules, day_of(now, rules.tz)) if rules.tiers else None
    guarded = rules.guard.customer_orders is not None or rules.guard.source_orders is not None
    if not rules.caps and not guarded:
        return first
    days = [] if first is None else [first]
    for moment in paid_at:
        day = day_of(moment, rules.tz)
        days += [day, *(period_days(day, cap.period)[0] for cap in rules.caps)]
    return min(days, default=None)


async def count(r: Read, facts: Facts, first_days: Mapping[int, int | None]) -> None:
    """Add the tallies of all standings in the facts; `first_days`: program's ledger id -> the first day wanted."""
    wanted = []
    for standing in facts.standings.values():
        first = first_days.get(standing.program_id)
        if first is not None:
            wanted.append((standing.id, first))
    facts.tallies |= await tally.since(r, wanted)


async def set_apart(r: Read, facts: Facts, programs: Collection[int]) -> None:
    """Add the orders that count for no tier, or not yet, of all standings in the facts of these programs: of those that
    have tiers.
    """
    wanted = [one.id for one in facts.standings.values() if one.program_id in programs]
    for row in await orders.set_apart(r, wanted):
        assert row.standing_id is not None
        facts.set_apart.setdefault(row.standing_id, {})[row.id] = row
        if row.pending_until is None:
            facts.dropped.add(row.id)


async def offer(r: Read, facts: Facts, rules: Mapping[int, ProgramRules], now: int) -> None:
    """Add what is out of rewards that have a stock, and what all standings in the facts have of those with a limit;
    `rules`: by program's ledger id.
    """
    limited = {id_: [one for one in each.rewards if one.limit is not None] for id_, each in rules.items()}
    if any(one.stock is not None for each in rules.values() for one in each.rewards):
        facts.stock |= await vouchers.stocks(r, rules)
    facts.had |= await vouchers.slots_of(r, [
        (standing.id, reward.id, period_of(rules[standing.program_id], reward, now))
        for standing in facts.standings.values() for reward in limited.get(standing.program_id, ())
    ])  # fmt: skip


async def stamp(r: Read, facts: Facts, rules: Mapping[int, ProgramRules], paid_at: Mapping[int, Iterable[int]]) -> None:
    """Add the stamps of all standings in the facts that orders paid at these times must keep a gap to; both by
    program's ledger id.
    """
    spans = {}
    for program_id, moments in paid_at.items():
        visit, at = rules[program_id].visit, list(moments)
        if visit is not None and visit.gap_s and at:
            spans[program_id] = (min(at) - visit.gap_s, max(at) + visit.gap_s)
    wanted = [(one.id, *spans[one.program_id]) for one in facts.standings.values() if one.program_id in spans]
    for found in await stamps.between(r, wanted):
        facts.stamps.setdefault(found.standing_id, []).append(found)


async def hang_on(r: Read, facts: Facts, rows: Collection[OrderRow]) -> tuple[set[int], list[int]]:
    """Add what hangs on orders that may be taken back: used vouchers, feedback, referrals, and their customers.

    Gives the ids of the standings that are touched, and of the credits that may be reversed.
    """
    ids = [row.id for row in rows]
    for voucher in await vouchers.used_on(r, [(row.program_id, row.reference) for row in rows]):
        facts.vouchers[voucher.hash] = voucher
    facts.feedback |= await feedbacks.by_order(r, ids)
    ripe = await referrals.by_order(r, ids)
    facts.referrals |= {one.id: one for one in ripe.values()}
    bonuses = [one.entry_id for one in facts.feedback.values()]
    bonuses += [each for one in ripe.values() for each in (one.referrer_entry, one.friend_entry)]
    named = [each for each in bonuses if each is not None]
    facts.bonuses |= await statement.entries_by_id(r, named)
    wanted = {voucher.standing_id for voucher in facts.vouchers.values()}
    wanted |= {one.standing_id for one in facts.feedback.values()}
    wanted |= {each for one in ripe.values() for each in (one.referrer_id, one.friend_id)}
    wanted |= {row.standing_id for row in rows if row.standing_id is not None}
    wanted |= {facts.bonuses[each].standing_id for each in named}  # on the chain of a key that was replaced since
    if missing := wanted - facts.standings.keys():
        facts.standings |= await book.standings_by_id(r, sorted(missing))
    await follow(r, facts)
    booked = [row.entry_id for row in rows if row.entry_id is not None]
    return with_followed(facts, wanted), [*named, *booked, *await _moved(r, facts, rows, named)]


async def _moved(r: Read, facts: Facts, rows: Collection[OrderRow], bonuses: Sequence[int]) -> list[int]:
    """Add what became of these orders' points, and of bonuses, where the customer's key was replaced; the new lots."""
    gone = [row for row in rows if row.standing_id is not None and facts.standings[row.standing_id].relinked_to]
    lots = [row.entry_id for row in gone if row.entry_id is not None]
    lots += [each for each in bonuses if facts.standings[facts.bonuses[each].standing_id].relinked_to]
    if not lots:
        return []
    facts.heirs |= await heirs.heirs(r, lots)
    facts.taken |= {row.id: 0 for row in gone}
    for refund in await orders.refunds_of(r, [row.id for row in gone]):
        facts.taken[refund.order_id] += refund.points if refund.entry_id is not None else 0
    return [heir for each in facts.heirs.values() for heir in each]


def with_followed(facts: Facts, standing_ids: Iterable[int]) -> set[int]:
    """These standings, and those that they have moved to."""
    found = set()
    for standing_id in standing_ids:
        at: int | None = standing_id
        while at is not None:
            found.add(at)
            at = facts.standings[at].relinked_to
    return found


async def open_up(r: Read, facts: Facts, standing_ids: Iterable[int], also: Iterable[int] = ()) -> None:
    """Add all lots of these standings, those of the credits in `also`, and those that vouchers drew on.

    Ends with the event ids of every entry that may have to be named.
    """
    reversible = set(also)
    of_vouchers = list(facts.vouchers.values())
    homes = await statement.entries_by_id(r, [one.entry_id for one in of_vouchers])
    for voucher in of_vouchers:
        drawn = facts.drawn[voucher.entry_id] = await book.entries_drawn(r, voucher.entry_id)
        reversible |= {draw.lot_id for draw in drawn}
        if not _at_home(voucher, homes):
            lots = await book.lots(r, [], also=[draw.lot_id for draw in drawn])
            facts.ends[voucher.entry_id] = [lot.expires_at for each in lots.values() for lot in each]
    reversible |= await _drawn_on(r, facts)
    facts.whole = set(standing_ids)
    clamped = [each for each in facts.whole if facts.standings[each].program_id in facts.clamping]
    facts.held |= await vouchers.held(r, clamped)
    facts.lots = await book.lots(r, sorted(facts.whole), also=sorted(reversible))
    named = {lot.entry_id for lots in facts.lots.values() for lot in lots}
    named |= reversible | {one.entry_id for one in of_vouchers}
    facts.entry_refs = await book.refs(r, sorted(named))


async def _drawn_on(r: Read, facts: Facts) -> set[int]:
    """Add the orders whose points used vouchers spent where the program clamps, also those of a key that was replaced.

    Gives the lots that the orders' points are, and became.
    """
    used = [one for one in facts.vouchers.values() if one.status == "used" and one.program_id in facts.clamping]
    lots = {draw.lot_id for one in used for draw in facts.drawn[one.entry_id]}
    origins = await heirs.origins(r, sorted(lots))
    credits_ = await statement.entries_by_id(r, sorted(set(origins.values())))
    rows = await orders.by_id(r, [one.order_id for one in credits_.values() if one.order_id is not None])
    of_lot = {row.entry_id: row for row in rows.values()}
    last = {one.order_id: one.recorded_at for one in await orders.refunds_of(r, list(rows)) if not is_again(one)}
    for lot_id, origin in origins.items():
        if origin in of_lot:
            row = of_lot[origin]
            facts.drawn_on[lot_id] = (row, last.get(row.id, 0))
    if missing := {row.standing_id for row in rows.values() if row.standing_id is not None} - facts.standings.keys():
        facts.standings |= await book.standings_by_id(r, sorted(missing))
        await follow(r, facts)
    moved = await _moved(r, facts, list(rows.values()), [])
    return {*moved, *(row.entry_id for row in rows.values() if row.entry_id is not None)}


def _at_home(voucher: Voucher, homes: Mapping[int, Entry]) -> bool:
    """Whether the redemption stands on the chain of the voucher's owner (not: on that of a key that was replaced)."""
    return homes[voucher.entry_id].standing_id == voucher.standing_id
