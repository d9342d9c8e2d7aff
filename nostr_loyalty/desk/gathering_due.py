"""What is due, and the facts that deciding it needs, read inside the open transaction. At most `limit` of each kind."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ledger import book, orders, referrals, vouchers
from ledger.book import Standing
from ledger.database import Write
from ledger.lot import Lot
from ledger.orders import OrderRow
from ledger.referrals import Referral
from ledger.vouchers import Voucher
from nostr_loyalty.desk import completing
from nostr_loyalty.desk.facts import Facts
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.rules.calendar import day_of, start_of_day

KINDS: Final = ("order", "referral", "lots", "voucher", "tier", "warning")
MORE: Final = 8
"""How many times as many are asked for where all that were found are to be left alone."""

Name = tuple[str, int]
"""The kind of a due thing, and its number in the ledger."""
Item = TypeVar("Item", OrderRow, Referral, Voucher, Standing)
Fetch = Callable[[Write, int, int, Collection[int]], Awaitable[list[Item]]]


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
        return bool(self.names)

    @property
    def names(self) -> set[Name]:
        """What each of it is known by."""
        return {
            *(("order", row.id) for row in self.ripe), *(("referral", one.id) for one in self.referrals),
            *(("lots", each) for each in self.expired), *(("voucher", one.id) for one in self.vouchers),
            *(("tier", each) for each in self.reviews), *(("warning", each) for each in self.warnings),
        }  # fmt: skip


async def due(
    w: Write, programs: Mapping[int, ServedProgram], now: int, limit: int, *, kinds: Collection[str] = KINDS,
    without: Collection[Name] = (),
) -> Due:  # fmt: skip
    """What is due now, of these kinds and `without` some. Programs that are no longer served keep what they hold."""

    async def of(kind: str, fetch: Fetch[Item]) -> list[Item]:
        asked = limit if kind in kinds else 0
        while asked:
            found = await fetch(w, now, asked, programs)
            left = [one for one in found if (kind, one.id) not in without]
            if left or len(found) < asked:
                return left[:limit]
            asked *= MORE
        return []

    return Due(
        ripe=await of("order", orders.pending_due),
        referrals=await of("referral", referrals.vesting_due),
        expired=[one.id for one in await of("lots", _over)],
        vouchers=await of("voucher", vouchers.due),
        reviews=[one.id for one in await of("tier", _to_review)],
        warnings=await _warnings(w, programs, now, limit, without) if "warning" in kinds else {},
    )


async def _over(w: Write, now: int, asked: int, programs: Collection[int]) -> list[Standing]:
    return await _standings(w, [standing_id for standing_id, _ in await book.due_lots(w, now, asked, programs)])


async def _to_review(w: Write, now: int, asked: int, programs: Collection[int]) -> list[Standing]:
    return await _standings(w, await book.standings_to_review(w, now, asked, programs))


async def _standings(w: Write, ids: list[int]) -> list[Standing]:
    """One for each id, in their order, also where an id comes twice."""
    known = await book.standings_by_id(w, list(dict.fromkeys(ids)))
    return [known[each] for each in ids]


async def _warnings(
    w: Write, programs: Mapping[int, ServedProgram], now: int, limit: int, without: Collection[Name]
) -> dict[int, list[Lot]]:
    found: dict[int, list[Lot]] = {}
    for program_id, program in programs.items():
        days = program.rules.expiry_warning_days
        if program.rules.ttl_days is not None and days is not None:
            tz = program.rules.tz
            until = start_of_day(day_of(now, tz) + days + 1, tz)
            for standing_id, lot in await book.lots_to_warn(w, program_id, until, now, limit):
                if ("warning", standing_id) not in without:
                    found.setdefault(standing_id, []).append(lot)
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
    await completing.set_apart(w, facts, [id_ for id_, program in programs.items() if program.rules.tiers])
    await completing.open_up(w, facts, completing.with_followed(facts, touched))
    return facts
