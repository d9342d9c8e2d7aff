"""What is due, and the facts that deciding it needs, read inside the open transaction. At most `limit` of each kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger import book, orders, referrals, vouchers
from ledger.database import Write
from ledger.lot import Lot
from ledger.orders import OrderRow
from ledger.referrals import Referral
from ledger.vouchers import Voucher
from nostr_loyalty.desk import completing
from nostr_loyalty.desk.facts import Facts
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.rules.calendar import day_of, start_of_day


@dataclass(slots=True)
class Due:
    """What is to be done, in the order in which it is done."""

    ripe: list[OrderRow] = field(default_factory=list)
    referrals: list[Referral] = field(default_factory=list)
    expired: list[int] = field(default_factory=list)
    vouchers: list[Voucher] = field(default_factory=list)
    reviews: list[int] = field(default_factory=list)
    warnings: dict[int, list[Lot]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.ripe or self.referrals or self.expired or self.vouchers or self.reviews or self.warnings)


async def due(w: Write, programs: Mapping[int, ServedProgram], now: int, limit: int) -> Due:
    """What is due now. Programs that are no longer served keep what they hold."""
    found = Due(
        ripe=[row for row in await orders.pending_due(w, now, limit) if row.program_id in programs],
        referrals=[one for one in await referrals.vesting_due(w, now, limit) if one.program_id in programs],
        vouchers=[one for one in await vouchers.due(w, now, limit) if one.program_id in programs],
    )
    over = list(dict.fromkeys(standing_id for standing_id, _ in await book.due_lots(w, now, limit)))
    reviews = await book.standings_to_review(w, now, limit)
    known = await book.standings_by_id(w, list({*over, *reviews}))
    served = {id_ for id_, standing in known.items() if standing.program_id in programs}
    found.expired = [each for each in over if each in served]
    found.reviews = [each for each in reviews if each in served]
    for program_id, program in programs.items():
        days = program.rules.expiry_warning_days
        if program.rules.ttl_days is not None and days is not None:
            tz = program.rules.tz
            until = start_of_day(day_of(now, tz) + days + 1, tz)
            for standing_id, lot in await book.lots_to_warn(w, program_id, until, now, limit):
                found.warnings.setdefault(standing_id, []).append(lot)
    return found


async def gather(w: Write, found: Due, programs: Mapping[int, ServedProgram], now: int) -> Facts:
    """The facts about everybody concerned."""
    facts = Facts(
        next_entry_id=await book.next_entry_id(w), next_order_id=await orders.next_order_id(w),
        next_voucher_id=await vouchers.next_id(w), next_referral_id=await referrals.next_id(w),
    )  # fmt: skip
    touched = {*found.expired, *found.reviews, *found.warnings}
    touched |= {row.standing_id for row in found.ripe if row.standing_id is not None}
    touched |= {each for one in found.referrals for each in (one.referrer_id, one.friend_id)}
    touched |= {one.standing_id for one in found.vouchers}
    facts.standings = await book.standings_by_id(w, sorted(touched))
    facts.orders = {(row.program_id, row.source, row.reference): row for row in found.ripe}
    facts.vouchers = {one.hash: one for one in found.vouchers}
    facts.referrals = {one.id: one for one in found.referrals}
    await completing.follow(w, facts)
    await completing.count(
        w, facts, {id_: completing.first_day_of(program.rules, [now], now) for id_, program in programs.items()}
    )
    await completing.open_up(w, facts, completing.with_followed(facts, touched))
    return facts
