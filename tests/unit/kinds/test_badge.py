"""What `kinds.badge` (NIP-58: 30009 and 8) promises."""

import pytest

from kinds import badge
from kinds.badge import Badge, Picture
from kinds.errors import Unreadable
from kinds.event import Template, sign
from tests.unit.kinds.samples import CUSTOMER, ISSUER, NOW, SOURCE

BRAVERY = Badge(
    ISSUER.public,
    "bravery",
    "Medal of Bravery",
    "Awarded to users demonstrating bravery",
    Picture("https://nostr.academy/awards/bravery.png", "1024x1024"),
    (Picture("https://nostr.academy/awards/bravery_256x256.png", "256x256"),),
)


def test_the_example_of_nip_58_is_what_we_write() -> None:
    """Every tag that the NIP shows, and no other."""
    assert sorted(badge.template(BRAVERY, NOW).tags) == sorted(
        [
            ("d", "bravery"),
            ("name", "Medal of Bravery"),
            ("description", "Awarded to users demonstrating bravery"),
            ("image", "https://nostr.academy/awards/bravery.png", "1024x1024"),
            ("thumb", "https://nostr.academy/awards/bravery_256x256.png", "256x256"),
        ]
    )


def test_a_badge_survives_the_wire() -> None:
    """The NIP's example, and one that has nothing but its name."""
    for one in (BRAVERY, Badge(ISSUER.public, "cafe-sol:gold")):
        assert badge.parse(sign(badge.template(one, NOW), ISSUER)) == one


def test_an_award_survives_the_wire() -> None:
    """Each receiver once, in its order, of the badge at its address."""
    receivers = [CUSTOMER.public, SOURCE.public, CUSTOMER.public]
    event = sign(badge.award_template(BRAVERY.address, receivers, NOW), ISSUER)
    assert event.tags == (
        ("a", f"30009:{ISSUER.public}:bravery"), ("p", CUSTOMER.public), ("p", SOURCE.public),
    )  # fmt: skip
    assert badge.parse_award(event) == badge.Award(BRAVERY.address, (CUSTOMER.public, SOURCE.public))


def test_nobody_awards_anothers_badge() -> None:
    """An award by another key than the badge's issuer is none."""
    with pytest.raises(Unreadable, match="badge-malformed"):
        badge.parse_award(sign(badge.award_template(BRAVERY.address, [CUSTOMER.public], NOW), CUSTOMER))


def test_an_award_to_nobody_is_not_written() -> None:
    """NIP-58: one or more receivers."""
    with pytest.raises(ValueError, match="somebody"):
        badge.award_template(BRAVERY.address, [], NOW)


@pytest.mark.parametrize(
    "tags",
    [
        (), (("d",),), (("d", ""),), (("d", "x" * 257),), (("d", "a"), ("d", "b")),
        (("d", "a"), ("name", "b"), ("name",)), (("d", "a"), ("image", "b"), ("image", "c")),
    ],
)  # fmt: skip
def test_a_malformed_badge_is_refused(tags: tuple[tuple[str, ...], ...]) -> None:
    """Without a name to award it by, or with two of anything that stands once."""
    with pytest.raises(Unreadable, match="badge-malformed"):
        badge.parse(sign(Template(30009, NOW, tags, ""), ISSUER))


@pytest.mark.parametrize(
    "tags",
    [
        (), (("a", BRAVERY.address),), (("a", BRAVERY.address), ("p", "x"), ("p",)), (("p", CUSTOMER.public),),
        (("a", f"30008:{ISSUER.public}:bravery"), ("p", CUSTOMER.public)), (("a",), ("p", CUSTOMER.public)),
        (("a", BRAVERY.address), ("a", BRAVERY.address), ("p", CUSTOMER.public)),
    ],
)  # fmt: skip
def test_a_malformed_award_is_refused(tags: tuple[tuple[str, ...], ...]) -> None:
    """Of no badge, of two, or to nobody."""
    with pytest.raises(Unreadable, match="badge-malformed"):
        badge.parse_award(sign(Template(8, NOW, tags, ""), ISSUER))


def test_other_kinds_are_neither() -> None:
    """A definition is no award, and an award no definition."""
    with pytest.raises(Unreadable, match="kind 8"):
        badge.parse(sign(badge.award_template(BRAVERY.address, [CUSTOMER.public], NOW), ISSUER))
    with pytest.raises(Unreadable, match="kind 30009"):
        badge.parse_award(sign(badge.template(BRAVERY, NOW), ISSUER))
