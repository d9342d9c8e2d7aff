"""Kind 14 and what travels in it: `kinds.direct_message` and `kinds.answer`."""

import pytest

from kinds.answer import Answer, answer_tags, parse_answer
from kinds.direct_message import compose, parse
from kinds.errors import Unreadable
from kinds.event import Rumor, Template, author
from tests.unit.kinds.samples import CUSTOMER, ISSUER, NOW, SOURCE

EVENT_ID = "ab" * 32
FULL = Answer(
    to_event=EVENT_ID,
    order_id="2025/0815",
    result="accepted",
    points=12,
    balance=-2,
    tier="gold",
    visits_month=4,
    claim="K7Q2",
    reason="none",
)


def said(*tags: tuple[str, ...]) -> Rumor:
    """A message of the issuer with these tags."""
    return compose(ISSUER.public, [SOURCE.public], "4th visit this month", tags, NOW)


def refusal(rumor: Rumor) -> str:
    """The code with which an answer is refused."""
    with pytest.raises(Unreadable) as unreadable:
        parse_answer(rumor)
    return unreadable.value.code


def test_a_message_is_read_as_it_was_composed() -> None:
    """Author, receivers, text, time, what it replies to and all tags."""
    tags = (("e", EVENT_ID, "", "reply"), ("subject", "points"))
    rumor = compose(ISSUER.public, [CUSTOMER.public, SOURCE.public], "hello", tags, NOW)
    message = parse(rumor)
    assert (message.id, message.author, message.text, message.created_at) == (rumor.id, ISSUER.public, "hello", NOW)
    assert message.recipients == (CUSTOMER.public, SOURCE.public)
    assert message.reply_to == EVENT_ID
    assert message.tags == (("p", CUSTOMER.public), ("p", SOURCE.public), *tags)


def test_a_sloppy_message_is_still_read() -> None:
    """Without receivers, with a broken `p` or `e`: the wrap was for us, so the text counts."""
    message = parse(author(Template(14, NOW, (("p",), ("p", "x"), ("e",), ("e", "x")), "balance"), CUSTOMER.public))
    assert (message.text, message.recipients, message.reply_to) == ("balance", (), None)


def test_another_kind_is_no_message() -> None:
    """Kind 15 and the rest are named."""
    with pytest.raises(Unreadable) as unreadable:
        parse(author(Template(15, NOW, (), ""), CUSTOMER.public))
    assert unreadable.value.code == "message-malformed"


@pytest.mark.parametrize("answer", [FULL, Answer(EVENT_ID, None, "rejected", reason="order-no-amount")])
def test_an_answer_survives_the_wire(answer: Answer) -> None:
    """All fields, and only the two that every answer has."""
    assert parse_answer(said(*answer_tags(answer))) == answer


@pytest.mark.parametrize(
    "tags",
    [
        (),
        (("result", "accepted"),),
        (("e", EVENT_ID),),
        (("e", EVENT_ID), ("result", "maybe")),
        (("e", EVENT_ID), ("result", "accepted"), ("result", "rejected")),
        (("e", EVENT_ID), ("result", "accepted"), ("points", "12")),
        (("e", EVENT_ID), ("result", "accepted"), ("balance", "x")),
        (("e", EVENT_ID), ("result", "accepted"), ("visits_month", "-1")),
    ],
)
def test_what_is_no_answer_is_named(tags: tuple[tuple[str, ...], ...]) -> None:
    """A missing or doubled result and numbers that are none make no answer."""
    assert refusal(said(*tags)) == "answer-malformed"
