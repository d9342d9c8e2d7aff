"""A batch of messages, decided one after another; letters are answered elsewhere, when the orders are written."""

from collections.abc import Mapping, Sequence
from typing import Final

from ledger import inbox
from ledger.programs import InForce
from nostr_loyalty.desk.order_desk import OrderDesk
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.intake.recognition import Letter, OrderMessage, Recognised, Rejection

TAKEN: Final = "order-taken"


def as_in_force(recognised: Sequence[Recognised], in_force: Mapping[int, InForce]) -> list[Recognised]:
    """The same, each order with its program as it stands now: a message may have paused it."""
    return [_in_force(one, in_force) if isinstance(one, OrderMessage) else one for one in recognised]


def _in_force(message: OrderMessage, in_force: Mapping[int, InForce]) -> OrderMessage:
    program = message.program.as_in_force(in_force.get(message.program.ledger_id))
    return message if program is message.program else message._replace(program=program)


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
