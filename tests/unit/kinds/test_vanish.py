"""What `kinds.vanish` (NIP-62, kind 62) promises."""

import pytest

from kinds.errors import Unreadable
from kinds.event import Template, author, sign
from kinds.vanish import parse, template
from tests.unit.kinds.samples import CUSTOMER, NOW

HERE, ELSEWHERE = "wss://relay.example", "wss://elsewhere.example"


def test_a_request_to_one_relay_survives_the_wire() -> None:
    """Author, relay, time and reason; signed, and as the rumor of a wrap, with the same id."""
    written = template([HERE], NOW, reason="I am leaving")
    assert written == Template(62, NOW, (("relay", HERE),), "I am leaving")
    event, rumor = sign(written, CUSTOMER), author(written, CUSTOMER.public)
    found = parse(event)
    assert parse(rumor) == found
    assert (found.id, found.author, found.relays, found.everywhere) == (event.id, CUSTOMER.public, (HERE,), False)
    assert (found.reason, found.created_at) == ("I am leaving", NOW)


def test_a_request_to_one_relay_concerns_that_relay() -> None:
    """However it is written; somebody who leaves another relay stays our customer."""
    found = parse(sign(template(["WSS://Relay.Example:443/"], NOW), CUSTOMER))
    assert found.concerns([ELSEWHERE, HERE + "/"])
    assert not found.concerns([ELSEWHERE])
    assert not found.concerns([])
    assert not found.concerns(["no relay"])


def test_a_request_to_all_relays_concerns_everybody() -> None:
    """NIP-62: the word ALL_RELAYS, in upper case, alone or beside others."""
    alone = sign(template([], NOW, everywhere=True), CUSTOMER)
    assert alone.tags == (("relay", "ALL_RELAYS"),)
    assert parse(alone).concerns([])
    assert parse(sign(template([HERE], NOW, everywhere=True), CUSTOMER)).concerns([ELSEWHERE])


@pytest.mark.parametrize(
    "tags", [(), (("relay",),), (("relay", "all_relays"),), (("relay", "https://relay.example"),), (("r", HERE),)]
)
def test_a_request_to_nobody_is_refused(tags: tuple[tuple[str, ...], ...]) -> None:
    """Nobody is forgotten by a typing error."""
    with pytest.raises(Unreadable, match="vanish-malformed"):
        parse(sign(Template(62, NOW, tags, ""), CUSTOMER))


def test_another_kind_is_no_request() -> None:
    """A deletion is not a farewell."""
    with pytest.raises(Unreadable, match="kind 5"):
        parse(sign(Template(5, NOW, (("relay", "ALL_RELAYS"),), ""), CUSTOMER))


@pytest.mark.parametrize("relays", [[], ["x"], [HERE, "ALL_RELAYS"]])
def test_our_own_code_writes_no_request_to_nobody(relays: list[str]) -> None:
    """The same rules when writing; "everywhere" is said by its own argument, not by chance."""
    with pytest.raises(ValueError):
        template(relays, NOW)
