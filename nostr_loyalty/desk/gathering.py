"""The facts of a batch of orders, read inside the open transaction.

Everything is asked for once per batch, whatever the batch's size. Only SQL is awaited here.
"""

from collections.abc import Collection, Sequence

from ledger import book, orders, vouchers, waiting_refunds
from ledger.database import Write
from ledger.orders import OrderName
from nostr_loyalty.desk import completing
from nostr_loyalty.desk.facts import Facts
from nostr_loyalty.desk.order_desk import order_name
from nostr_loyalty.intake.recognition import OrderMessage
from nostr_loyalty.programs import ServedProgram


async def gather(w: Write, messages: Sequence[OrderMessage], now: int) -> Facts:
    """The facts that deciding these orders needs. Who is new has a standing among them that is not made yet."""
    names = list(dict.fromkeys(order_name(message) for message in messages))
    known = await orders.find(w, names)
    waiting = await waiting_refunds.find(w, names)
    ended = [message for message in messages if message.order.status != "paid"]
    refunds = await orders.refunds_of(w, [row.id for row in known.values()])
    customers = [
        (message.program.ledger_id, message.order.customer)
        for message in messages
        if message.order.status == "paid" and message.order.customer is not None and order_name(message) not in known
    ]
    found = await book.find_standings(w, customers)
    new = await book.unmade(w, [pair for pair in customers if pair not in found], now)
    found |= new
    standings = {standing.id: standing for standing in found.values()}
    missing = {row.standing_id for row in known.values() if row.standing_id is not None} - standings.keys()
    if missing:
        standings |= await book.standings_by_id(w, list(missing))
    facts = Facts(
        standings=standings,
        standing_ids={pair: standing.id for pair, standing in found.items()},
        orders=known,
        refunded={(one.program_id, one.source, one.reference): one for one in refunds},
        waiting=waiting,
        unmade={standing.id for standing in new.values()},
        next_entry_id=await book.next_entry_id(w),
        next_order_id=await orders.next_order_id(w),
    )
    await completing.follow(w, facts)
    touched = {order_name(message) for message in ended} | waiting.keys()
    if touched:
        await _open_up(w, facts, messages, touched)
    await _count(w, facts, messages, now)
    return facts


async def _open_up(
    w: Write, facts: Facts, messages: Sequence[OrderMessage], touched: Collection[OrderName]
) -> None:  # fmt: skip
    """Lots, and what else hangs on them, for the orders from which points may be taken back in this batch."""
    facts.clamping = frozenset(each.program.ledger_id for each in messages if each.program.rules.deficit == "clamp")
    rows = [facts.orders[name] for name in touched if name in facts.orders]
    standing_ids, reversible = await completing.hang_on(w, facts, rows)
    new = [each for each in messages if order_name(each) in touched and order_name(each) not in facts.orders]
    for voucher in await vouchers.used_on(w, [(each.program.ledger_id, each.reference) for each in new]):
        facts.vouchers[voucher.hash] = voucher
        standing_ids.add(voucher.standing_id)
    for message in new:
        pair = (message.program.ledger_id, message.order.customer or "")
        if pair in facts.standing_ids:
            standing_ids.add(facts.standing_ids[pair])
    if missing := standing_ids - facts.standings.keys():
        facts.standings |= await book.standings_by_id(w, sorted(missing))
        await completing.follow(w, facts)
    await completing.open_up(w, facts, completing.with_followed(facts, standing_ids), reversible)


async def _count(w: Write, facts: Facts, messages: Sequence[OrderMessage], now: int) -> None:
    """The tallies, stamps and vouchers that the rules of these programs look back on."""
    programs: dict[int, ServedProgram] = {}
    paid_at: dict[int, list[int]] = {}
    for message in messages:
        programs[message.program.ledger_id] = message.program
        paid_at.setdefault(message.program.ledger_id, []).append(message.order.paid_at)
    await completing.count(
        w, facts, {id_: completing.first_day_of(one.rules, paid_at[id_], now) for id_, one in programs.items()}
    )
    await completing.set_apart(w, facts, [id_ for id_, one in programs.items() if one.rules.tiers])
    rules = {id_: one.rules for id_, one in programs.items()}
    await completing.stamp(w, facts, rules, paid_at)
    await completing.offer(w, facts, rules, now)
