"""What `kinds.deletion` (NIP-09, kind 5) promises."""

import pytest

from kinds.deletion import REFERENCES_MAX, parse, templates
from kinds.errors import Unreadable
from kinds.event import Template, sign, to_json
from tests.unit.kinds.samples import CUSTOMER, ISSUER, NOW, PROGRAM

ONE, TWO = "ab" * 32, "cd" * 32
BADGE = f"30009:{ISSUER.public}:cafe-sol:gold"


def test_a_deletion_is_written_as_nip_09_says() -> None:
    """e and a tags, and a k tag for each kind among them."""
    (written,) = templates({ONE: 7411, TWO: 7411}, NOW, addresses=[BADGE], reason="forget me")
    assert (written.kind, written.content) == (5, "forget me")
    assert written.tags == (("e", ONE), ("e", TWO), ("a", BADGE), ("k", "7411"), ("k", "30009"))


def test_a_deletion_survives_the_wire() -> None:
    """What was asked is what is read."""
    (written,) = templates({ONE: 7411, TWO: 37412}, NOW, addresses=[BADGE], reason="forget me")
    found = parse(sign(written, ISSUER))
    assert (found.author, found.events, found.addresses) == (ISSUER.public, (ONE, TWO), (BADGE,))
    assert (found.kinds, found.reason, found.created_at) == ((7411, 30009, 37412), "forget me", NOW)


def test_a_public_card_is_deleted_without_naming_its_customer() -> None:
    """A deletion stays public for ever: by id it holds no key but the issuer's."""
    (written,) = templates({ONE: 37412}, NOW)
    assert CUSTOMER.public not in to_json(sign(written, ISSUER))


def test_a_long_history_is_deleted_in_parts() -> None:
    """Each part names all kinds of what is in it, no id is lost, and each is small enough for any relay."""
    events = {f"{number:064x}": 7411 for number in range(2 * REFERENCES_MAX + 1)}
    parts = templates(events, NOW, addresses=[BADGE])
    assert [len(part.tags) for part in parts] == [REFERENCES_MAX + 1, REFERENCES_MAX + 1, 4]
    assert [id_ for part in parts for id_ in parse(sign(part, ISSUER)).events] == list(events)
    assert parse(sign(parts[-1], ISSUER)).addresses == (BADGE,)
    assert max(len(to_json(sign(part, ISSUER))) for part in parts) < 16_000


def test_nothing_to_delete_is_no_request() -> None:
    """An empty history asks relays for nothing."""
    assert templates({}, NOW) == []


@pytest.mark.parametrize("address", ["", "x", "7411:x:y", f"99999:{ISSUER.public}:x", f"30009:{ISSUER.public}"])
def test_what_is_no_address_is_not_written(address: str) -> None:
    """A request that relays would not understand is our mistake."""
    with pytest.raises(ValueError, match="address"):
        templates({}, NOW, addresses=[address])


def test_nobody_deletes_at_anothers_address() -> None:
    """Addresses of other authors, broken ids and broken kinds are passed over; what is left still counts."""
    tags = (("e",), ("e", "x"), ("a", PROGRAM), ("a",), ("k", "x"), ("k",), ("k", "65536"), ("e", ONE), ("e", ONE))
    found = parse(sign(Template(5, NOW, tags, ""), CUSTOMER))
    assert (found.events, found.addresses, found.kinds) == ((ONE,), (), ())


@pytest.mark.parametrize("tags", [(), (("e", "x"),), (("a", PROGRAM),), (("k", "1"),)])
def test_a_request_that_names_nothing_is_refused(tags: tuple[tuple[str, ...], ...]) -> None:
    """NIP-09: one or more references, and only to the author's own."""
    with pytest.raises(Unreadable, match="deletion-malformed"):
        parse(sign(Template(5, NOW, tags, ""), CUSTOMER))


def test_another_kind_deletes_nothing() -> None:
    """A note that quotes an event leaves it alone."""
    with pytest.raises(Unreadable, match="kind 1"):
        parse(sign(Template(1, NOW, (("e", ONE),), ""), CUSTOMER))
