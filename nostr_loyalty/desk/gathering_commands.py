"""The facts of one command, read inside the open transaction: everything about the customers that it is about.

Commands are few: each is gathered, decided and written by itself, one after another in one transaction. A customer
whom the program has never seen is made only where the command gives something.
"""

from dataclasses import dataclass, field

from ledger import actions, book, claim_attempts, flags, orders, referrals, statement, vouchers
from ledger.database import Write
from ledger.orders import OrderRow
from nostr_loyalty.commands.command import (
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
)
from nostr_loyalty.desk import completing
from nostr_loyalty.desk.facts import Facts
from nostr_loyalty.rules import claiming, redeeming
from nostr_loyalty.rules.calendar import day_of

VOUCHERS_MAX = 10_000
"""Vouchers of one customer that move with its key."""
CHAIN_MAX = 100
"""How far up a chain of referrals is looked for a cycle."""


@dataclass(slots=True)
class _Wanted:
    """What a command is about: customers to find or to make, orders, and credits that may be reversed."""

    find: list[str] = field(default_factory=list)
    make: list[str] = field(default_factory=list)
    rows: list[OrderRow] = field(default_factory=list)
    standing_ids: set[int] = field(default_factory=set)
    credits: list[int] = field(default_factory=list)


async def gather(w: Write, request: Request, now: int) -> Facts:
    """The facts that deciding this command needs."""
    program, rules = request.program, request.program.rules
    facts = Facts(
        next_entry_id=await book.next_entry_id(w),
        next_order_id=await orders.next_order_id(w),
        next_voucher_id=await vouchers.next_id(w),
        next_action_id=await actions.next_id(w),
        next_referral_id=await referrals.next_id(w),
        clamping=frozenset({program.ledger_id} if rules.deficit == "clamp" else ()),
    )
    wanted = _Wanted()
    await _look_up(w, request, facts, wanted, now)
    pairs = [(program.ledger_id, customer) for customer in wanted.find]
    found = await book.find_standings(w, pairs)
    found |= await book.standings(w, [(program.ledger_id, customer) for customer in wanted.make], now)
    facts.standing_ids = {pair: standing.id for pair, standing in found.items()}
    facts.standings = {standing.id: standing for standing in found.values()}
    wanted.standing_ids |= facts.standings.keys()
    wanted.standing_ids |= {voucher.standing_id for voucher in facts.vouchers.values()}
    wanted.standing_ids |= {row.standing_id for row in wanted.rows if row.standing_id is not None}
    if missing := wanted.standing_ids - facts.standings.keys():
        facts.standings |= await book.standings_by_id(w, sorted(missing))
    facts.orders = {(row.program_id, row.source, row.reference): row for row in wanted.rows}
    await completing.follow(w, facts)
    hanging, reversible = await completing.hang_on(w, facts, wanted.rows)
    await _more(w, request, facts, now)
    paid_at = [now, *(row.paid_at for row in wanted.rows)]
    await completing.count(w, facts, {program.ledger_id: completing.first_day_of(rules, paid_at, now)})
    if rules.tiers or isinstance(request.command, Relink):
        await completing.set_apart(w, facts, [program.ledger_id])
    if isinstance(request.command, Claim):
        claimed_at = [row.paid_at for row in wanted.rows]
        await completing.stamp(w, facts, {program.ledger_id: rules}, {program.ledger_id: claimed_at})
    touched = completing.with_followed(facts, wanted.standing_ids | hanging)
    await completing.open_up(w, facts, touched, [*wanted.credits, *reversible])
    return facts


async def _look_up(w: Write, request: Request, facts: Facts, wanted: _Wanted, now: int) -> None:
    """Which customers, orders, vouchers and entries the command names."""
    program_id = request.program.ledger_id
    match request.command:
        case Grant(who=who):
            wanted.make.append(who)
        case Revoke(who=who) | Freeze(who=who) | Unfreeze(who=who):
            wanted.find.append(who)
        case Redeem(who=named):
            wanted.find.append(named or request.actor)
        case Relink(old=old, new=new):
            wanted.find.append(old)
            known = await book.find_standings(w, [(program_id, old)])
            (wanted.make if known else wanted.find).append(new)
        case Refund(order=reference) | Release(order=reference) | Drop(order=reference):
            wanted.rows = await orders.by_reference(w, program_id, reference)
        case Use(code=code) | Cancel(code=code):
            facts.vouchers = await vouchers.by_hash(w, [claiming.claim_hash(code)])
            named = request.command.order if isinstance(request.command, Use) else None
            if named is not None:
                wanted.rows = await orders.by_reference(w, program_id, named)
        case RevokeEntry(entry=ref):
            await _look_up_entry(w, facts, wanted, ref)
        case Claim(code=code):
            claimed = await orders.by_claim(w, [claiming.claim_hash(code)])
            wanted.rows = [row for row in claimed.values() if row.program_id == program_id]
            facts.wrong_claims = await claim_attempts.wrong(w, program_id, request.actor, now // 3_600)
            (wanted.make if wanted.rows else wanted.find).append(request.actor)
        case Feedback(order=named):
            wanted.find.append(request.actor)
            if named is not None:
                wanted.rows = await orders.by_reference(w, program_id, named)
        case Refer(friend=friend):
            wanted.find.append(request.actor)
            known = await book.find_standings(w, [(program_id, request.actor)])
            (wanted.make if known and request.program.rules.referral is not None else wanted.find).append(friend)
        case Undo():
            await _look_up_last(w, request, facts, wanted)


async def _look_up_entry(w: Write, facts: Facts, wanted: _Wanted, ref: str) -> None:
    entry = await statement.entry(w, ref)
    if entry is None:
        return
    facts.entries[ref] = entry
    wanted.standing_ids.add(entry.standing_id)
    if entry.type == "redeemed":
        history = await vouchers.of_standing(w, entry.standing_id, VOUCHERS_MAX)
        facts.vouchers = {one.hash: one for one in history if one.entry_id == entry.id}
    else:
        wanted.credits.append(entry.id)
    if entry.order_id is not None:
        wanted.rows = list((await orders.by_id(w, [entry.order_id])).values())


async def _look_up_last(w: Write, request: Request, facts: Facts, wanted: _Wanted) -> None:
    last = facts.last_action = await actions.last_of(w, request.program.ledger_id, request.actor)
    if last is None:
        return
    if last.standing_id is not None:
        wanted.standing_ids.add(last.standing_id)
    if "voucher" in last.detail:
        facts.vouchers = await vouchers.by_hash(w, [last.detail["voucher"]])
    if "entry" in last.detail:
        wanted.credits.append(int(last.detail["entry"]))


async def _more(w: Write, request: Request, facts: Facts, now: int) -> None:
    """What some commands need besides, once their customers are known."""
    program, rules = request.program, request.program.rules
    match request.command:
        case Grant() | Revoke() | RevokeEntry():
            day = day_of(now, rules.tz)
            facts.hand_today = await actions.on_day(w, program.ledger_id, request.actor, day)
        case Redeem(reward=reward_id):
            facts.hand_today = await actions.on_day(w, program.ledger_id, request.actor, day_of(now, rules.tz))
            reward = rules.reward(reward_id)
            facts.stock[program.ledger_id, reward_id] = await vouchers.stock_taken(w, program.ledger_id, reward_id)
            if reward is not None and reward.limit is not None:
                period = redeeming.period_of(rules, reward, now)
                owners = {one.id for one in facts.standings.values() if one.relinked_to is None}
                for owner in owners:
                    facts.slots = frozenset(await vouchers.slots(w, owner, reward_id, period))
        case Release():
            facts.flagged = frozenset(flag.order_id for flag in await flags.open_flags(w, program.ledger_id))
        case Relink():
            for standing in list(facts.standings.values()):
                for voucher in await vouchers.of_standing(w, standing.id, VOUCHERS_MAX):
                    facts.vouchers[voucher.hash] = voucher
        case Feedback(order=None):
            latest = [one.last_order_id for one in facts.standings.values() if one.last_order_id is not None]
            rows = await orders.by_id(w, latest)
            facts.orders = {(row.program_id, row.source, row.reference): row for row in rows.values()}
            await completing.hang_on(w, facts, list(rows.values()))
        case Refer(friend=friend):
            await _look_up_the_chain(w, request, facts, friend)


async def _look_up_the_chain(w: Write, request: Request, facts: Facts, friend: str) -> None:
    """Who brought the referrer, who brought that one, and so on up; and whether somebody brought the friend before."""
    program_id = request.program.ledger_id
    friend_id = facts.standing_ids.get((program_id, friend))
    at = facts.standing_ids.get((program_id, request.actor))
    if at is not None:
        facts.referred_so_far = await referrals.count_of_referrer(w, at)
    if friend_id is not None:
        while (moved_to := facts.standings[friend_id].relinked_to) is not None:
            friend_id = moved_to
        facts.friend_referred = await referrals.of_friend(w, friend_id) is not None
    chain: list[str] = []
    while at is not None and len(chain) < CHAIN_MAX:
        at = await referrals.referrer_of(w, at)
        if at is not None:
            chain += [one.customer for one in (await book.standings_by_id(w, [at])).values()]
    facts.referrers = tuple(chain)
