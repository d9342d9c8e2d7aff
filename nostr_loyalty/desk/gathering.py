"""The facts of a batch, read inside the open transaction; and its slip, written in the same.

Everything is asked for once per batch, whatever the batch's size. Only SQL is awaited here.
"""

from collections.abc import Collection, Sequence

from ledger import book, orders, outbox, waiting_refunds
from ledger.database import Write
from ledger.orders import OrderName
from nostr_loyalty.desk.order_desk import order_name, refund_reference
from nostr_loyalty.desk.working_copy import Facts, Slip
from nostr_loyalty.intake.recognition import OrderMessage


async def gather(w: Write, messages: Sequence[OrderMessage], now: int) -> Facts:
    """The facts that deciding these orders needs. Standings that were missing are made."""
    names = list(dict.fromkeys(order_name(message) for message in messages))
    known = await orders.find(w, names)
    waiting = await waiting_refunds.find(w, names)
    ended = [message for message in messages if message.order.status != "paid"]
    refunded = await orders.refunds(w, [_refund_name(message) for message in ended]) if ended else set()
    customers = [
        (message.program.ledger_id, message.order.customer)
        for message in messages
        if message.order.status == "paid" and message.order.customer is not None and order_name(message) not in known
    ]
    found = await book.standings(w, customers, now)
    standings = {standing.id: standing for standing in found.values()}
    missing = {row.standing_id for row in known.values() if row.standing_id is not None} - standings.keys()
    if missing:
        standings |= await book.standings_by_id(w, list(missing))
    facts = Facts(
        standings=standings,
        standing_ids={pair: standing.id for pair, standing in found.items()},
        orders=known,
        refunded=refunded,
        waiting=waiting,
        lots={},
        entry_refs={},
        next_entry_id=await book.next_entry_id(w),
        next_order_id=await orders.next_order_id(w),
    )
    touched = {order_name(message) for message in ended} | waiting.keys()
    if touched:
        await _gather_reversals(w, facts, messages, touched)
    return facts


async def _gather_reversals(
    w: Write, facts: Facts, messages: Sequence[OrderMessage], touched: Collection[OrderName]
) -> None:
    """Lots and entry ids for the orders from which points may be taken back in this batch."""
    rows = [facts.orders[name] for name in touched if name in facts.orders]
    entry_ids = [row.entry_id for row in rows if row.entry_id is not None]
    standing_ids = {row.standing_id for row in rows if row.standing_id is not None}
    for message in messages:
        pair = (message.program.ledger_id, message.order.customer)
        if message.order.customer is not None and order_name(message) in touched and pair in facts.standing_ids:
            standing_ids.add(facts.standing_ids[message.program.ledger_id, message.order.customer])
    facts.lots = await book.lots(w, list(standing_ids), also=entry_ids)
    facts.entry_refs = await book.refs(w, entry_ids)


async def write(w: Write, slip: Slip, now: int) -> None:
    """Write everything the batch decided, in the order that the ledger's own checks expect."""
    standings = list(slip.standings.values())
    await book.append(w, slip.entries, opened=slip.opened, draws=slip.draws, standings=standings)
    await orders.record(w, list(slip.new_orders.values()))
    await orders.update(w, list(slip.changed_orders.values()))
    await orders.record_refunds(w, slip.refunds)
    await waiting_refunds.keep(w, [one for one in slip.waiting if one not in slip.released])
    await waiting_refunds.release(w, slip.released)
    await outbox.post(w, slip.promises, now)


def _refund_name(message: OrderMessage) -> OrderName:
    program_id, source, _ = order_name(message)
    return (program_id, source, refund_reference(message))
