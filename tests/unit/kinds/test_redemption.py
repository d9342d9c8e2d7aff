"""What `kinds.redemption` (7413) promises."""

import pytest

from kinds.errors import Unreadable
from kinds.event import Template, author, parse_rumor, rumor_json
from kinds.redemption import TEXT_MAX, compose, parse
from tests.unit.kinds.samples import CUSTOMER, NOW, PROGRAM

ASKED = compose(CUSTOMER.public, PROGRAM, "coffee", nonce="7f3a", expiration=NOW + 600, at=NOW)


def test_a_request_is_written_as_the_protocol_says() -> None:
    """Protocol section 10: a, reward, nonce, expiration, and no word."""
    assert (ASKED.kind, ASKED.content, ASKED.pubkey) == (7413, "", CUSTOMER.public)
    assert ASKED.tags == (
        ("a", PROGRAM), ("reward", "coffee"), ("nonce", "7f3a"), ("expiration", str(NOW + 600)),
    )  # fmt: skip


def test_a_request_is_read_as_it_was_composed() -> None:
    """Through the text inside a seal; its id is the rumor's, which makes it count once."""
    request = parse(parse_rumor(rumor_json(ASKED)))
    assert (request.id, request.customer, request.created_at) == (ASKED.id, CUSTOMER.public, NOW)
    assert (request.program, request.reward, request.nonce) == (PROGRAM, "coffee", "7f3a")


def test_the_nonce_tells_two_requests_of_one_second_apart() -> None:
    """The same wish twice is two requests; the same bytes twice are one."""
    ids = [compose(CUSTOMER.public, PROGRAM, "coffee", nonce=nonce, expiration=NOW + 600, at=NOW).id for nonce in "112"]
    assert ids[0] == ids[1] != ids[2]


def test_a_request_ends_with_its_expiration() -> None:
    """NIP-40: at that second it has expired, a second before it has not."""
    request = parse(ASKED)
    assert [request.has_expired(NOW + 600 + late) for late in (-1, 0, 1)] == [False, True, True]


@pytest.mark.parametrize(
    "instead",
    [
        ("a",), ("a", "37412:x"), ("reward",), ("reward", ""), ("reward", "x" * (TEXT_MAX + 1)), ("reward", "a\0b"),
        ("nonce",), ("nonce", ""), ("expiration",), ("expiration", "soon"), ("expiration", "-1"), ("expiration", "01"),
    ],
)  # fmt: skip
def test_a_malformed_request_is_refused(instead: tuple[str, ...]) -> None:
    """A missing, empty or impossible part is named as such; so is the tag that is not there at all."""
    without = tuple(tag for tag in ASKED.tags if tag[0] != instead[0])
    for tags in (without, (*without, instead)):
        with pytest.raises(Unreadable) as unreadable:
            parse(author(Template(7413, NOW, tags, ""), CUSTOMER.public))
        assert unreadable.value.code == "redemption-malformed"


def test_a_request_that_says_two_things_is_refused() -> None:
    """Two rewards in one request would be two requests to two readers."""
    with pytest.raises(Unreadable, match="redemption-malformed"):
        parse(author(Template(7413, NOW, (*ASKED.tags, ("reward", "cake")), ""), CUSTOMER.public))


def test_another_kind_is_no_request() -> None:
    """A message with the same tags asks for nothing."""
    with pytest.raises(Unreadable, match="kind 14"):
        parse(author(Template(14, NOW, ASKED.tags, ""), CUSTOMER.public))
