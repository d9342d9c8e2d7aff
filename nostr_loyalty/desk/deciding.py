"""A batch of messages, decided one after another; letters are answered elsewhere, when the orders are written."""

from collections.abc import Collection, Sequence
from typing import Final

from ledger import inbox
from nostr_loyalty.desk.order_desk import OrderDesk
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.intake.recognition import Letter, OrderMessage, Recognised, Rejection

TAKEN: Final = "order-taken"


def with_pauses(recognised: Sequence[Recognised], paused: Collection[int]) -> list[Recognised]:
    """The same, with the programs that are paused by message as paused."""
    if not paused:
        return list(recognised)
    return [
        one._replace(program=one.program.paused())
        if isinstance(one, OrderMessage) and one.program.ledger_id in paused
        else one
        for one in recognised
    ]


def decide(copy: WorkingCopy, recognised: Sequence[Recognised], now: int) -> list[inbox.Seen]:
    """What became of each message but letters, by its code."""
    desk = OrderDesk(copy)
    seen = []
    for item in recognised:
        if isinstance(item, Letter):
            continue
        if isinstance(item, OrderMessage):
            desk.take(item)
        elif isinstance(item, Rejection):
            desk.reject(item)
        code = TAKEN if isinstance(item, OrderMessage) else item.code
        seen.append(inbox.Seen(item.message.ref, item.message.created_at, code, now))
    return seen
