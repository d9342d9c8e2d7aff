"""The answer to an order: a kind-14 message from the issuer to the source. Protocol section 6.

Its text is the line for the order monitor; its tags say the same to a program. Every order is answered, the refused
ones with the code of the refusal.
"""

from typing import Final, Literal, NamedTuple, cast, get_args

from kinds import tags
from kinds.direct_message import parse as parse_message
from kinds.errors import Unreadable
from kinds.event import Rumor
from kinds.tags import Tags, points_text

Result = Literal["accepted", "duplicate", "rejected"]
RESULTS: Final[tuple[str, ...]] = get_args(Result)


class Answer(NamedTuple):
    """What became of an order. `to_event` is the id of the order's event or rumor (hex), `order_id` the source's own.

    `points` is what the order moved, `balance` where the customer stands after it; `claim` is the code for the receipt
    of an order without a customer, `claim_uris` the same for a QR code; `perks` are (type, value) of what the
    customer's
    tier is good for; `pending_until` (unix seconds) is when the points can be spent; `reason` is the code of a refusal.
    """

    to_event: str
    order_id: str | None
    result: Result
    points: int | None = None
    balance: int | None = None
    tier: str | None = None
    visits_month: int | None = None
    claim: str | None = None
    reason: str | None = None
    claim_uris: tuple[str, ...] = ()
    perks: tuple[tuple[str, str], ...] = ()
    pending_until: int | None = None


def answer_tags(answer: Answer) -> list[tuple[str, ...]]:
    """The tags of the message, besides its receiver's; for `direct_message.compose`."""
    written: list[tuple[str, ...]] = [("e", answer.to_event, "", "reply")]
    if answer.order_id is not None:
        written.append(("order", answer.order_id))
    written.append(("result", answer.result))
    if answer.points is not None:
        written.append(("points", points_text(answer.points)))
    for name, number in (("balance", answer.balance), ("visits_month", answer.visits_month)):
        if number is not None:
            written.append((name, str(number)))
    for name, text in (("tier", answer.tier), ("claim", answer.claim), ("reason", answer.reason)):
        if text is not None:
            written.append((name, text))
    written += [("claim_uri", uri) for uri in answer.claim_uris]
    written += [("perk", *perk) for perk in answer.perks]
    if answer.pending_until is not None:
        written.append(("pending_until", str(answer.pending_until)))
    return written


def parse_answer(rumor: Rumor) -> Answer:
    """Read an answer, as an order system does. The caller checks that its author is the program's issuer.

    Raises Unreadable "message-malformed" (no kind 14) or "answer-malformed".
    """
    message = parse_message(rumor)
    result = _value(message.tags, "result")
    if message.reply_to is None or result not in RESULTS:
        raise Unreadable("answer-malformed", "it names no order event, or no result")
    points = _value(message.tags, "points")
    balance = _value(message.tags, "balance")
    visits_month = _value(message.tags, "visits_month")
    pending = _value(message.tags, "pending_until")
    try:
        return Answer(
            to_event=message.reply_to,
            order_id=_value(message.tags, "order"),
            result=cast(Result, result),
            points=None if points is None else tags.signed_points(points),
            balance=None if balance is None else tags.integer(balance),
            tier=_value(message.tags, "tier"),
            visits_month=None if visits_month is None else tags.whole_number(visits_month),
            claim=_value(message.tags, "claim"),
            reason=_value(message.tags, "reason"),
            claim_uris=tuple(tag[1] for tag in tags.all_of(message.tags, "claim_uri") if len(tag) > 1),
            perks=tuple((tag[1], tag[2]) for tag in tags.all_of(message.tags, "perk") if len(tag) > 2),
            pending_until=None if pending is None else tags.whole_number(pending),
        )
    except ValueError as fault:
        raise Unreadable("answer-malformed", str(fault)) from None


def _value(all_tags: Tags, name: str) -> str | None:
    tag = tags.sole(all_tags, name, "answer-malformed")
    return None if tag is None else "".join(tag[1:2])
