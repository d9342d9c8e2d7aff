"""What a client makes of a gift wrap: whose it is, what it says, and the proof it carries (protocol §6 and §7)."""

from collections.abc import Mapping

from kinds import entry, gift_wrap
from kinds.answer import Answer, parse_answer
from kinds.direct_message import parse as parse_message
from kinds.entry import Entry
from kinds.errors import Unreadable
from kinds.event import Event, Rumor, parse_event, verify
from kinds.keys import SecretKey
from kinds.registry import GIFT_WRAP
from kinds.tags import all_of, value


def opened(event: Event, keys: Mapping[str, SecretKey]) -> tuple[str, Rumor] | None:
    """The addressee (hex) and the message, of a wrap to one of these keys; None for anything else.

    Raises Unreadable for a wrap that should be ours and does not open.
    """
    addressee = value(event.tags, "p") if event.kind == GIFT_WRAP else None
    if addressee is None or addressee not in keys:
        return None
    return addressee, gift_wrap.unwrap(event, keys[addressee])


def answer_in(rumor: Rumor, issuer: str) -> Answer:
    """The answer to an order, by the issuer it was sent to; Unreadable otherwise."""
    if rumor.pubkey != issuer:
        raise Unreadable("answer-malformed", f"by {rumor.pubkey}")
    return parse_answer(rumor)


def proof_in(rumor: Rumor, customer: str, proof: str | None = None) -> tuple[Event, Entry]:
    """The signed entry inside a guest's notice, verified; `proof`: another than the first. Raises Unreadable, or
    NotAdmitted when the proof is none.

    The notice's author must be the entry's issuer, and the entry must be about this customer.
    """
    message = parse_message(rumor)
    event = verify(parse_event(proof or value(message.tags, "proof") or ""))
    line = entry.parse(event)
    if event.pubkey != rumor.pubkey or line.customer != customer:
        raise Unreadable("entry-malformed", "the proof is about somebody else, or by somebody else")
    return event, line


def proofs_in(rumor: Rumor) -> list[str]:
    """The text of every proof that a message carries, in their order."""
    return [tag[1] for tag in all_of(rumor.tags, "proof") if len(tag) > 1]


def card_in(rumor: Rumor) -> str | None:
    """The address of the guest's card ("37412:<issuer>:<d>") in a notice."""
    return value(rumor.tags, "card")
