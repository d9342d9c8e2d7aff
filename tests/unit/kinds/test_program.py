"""What `kinds.program` and `kinds.earn` promise: every tag of protocol section 3, both ways."""

from dataclasses import replace

import pytest

from kinds.errors import Unreadable
from kinds.event import Template, sign
from kinds.program import Program, address, parse, parse_address, template
from kinds.reward import Reward
from tests.unit.kinds.samples import CUSTOMER, FULL_PROGRAM, ISSUER, NOW, SOURCE

TAGS = template(FULL_PROGRAM, NOW).tags
ONCE = ("d", "rounding", "visibility", "status", "tier_basis", "vest", "deficit", "expiry_warning", "claim_valid")


def read(*tags: tuple[str, ...], kind: int = 37411) -> Program:
    """The program of an event with exactly these tags."""
    return parse(sign(Template(kind, NOW, tags, FULL_PROGRAM.terms), ISSUER))


@pytest.mark.parametrize(
    "program",
    [
        FULL_PROGRAM,
        Program(issuer=ISSUER.public, slug="x", title="X"),
        replace(FULL_PROGRAM, status="paused", visibility="private", rounding="ceil"),
    ],
)
def test_a_program_survives_the_wire(program: Program) -> None:
    """Everything and nearly nothing."""
    assert parse(sign(template(program, NOW), ISSUER)) == program


def test_the_same_program_gives_the_same_tags() -> None:
    """Whether a definition changed can be told from its template."""
    assert template(FULL_PROGRAM, NOW) == template(replace(FULL_PROGRAM), NOW)


def test_the_issuer_is_the_author() -> None:
    """A definition that names somebody else as issuer is still its author's."""
    assert read(("d", "x"), ("p", "ab" * 32, "", "issuer")).issuer == ISSUER.public


def test_a_bare_definition_has_the_protocols_defaults() -> None:
    """private, floor, UTC, active, points; the slug stands in for a title."""
    program = read(("d", "x"))
    assert (program.visibility, program.rounding, program.tz, program.status) == ("private", "floor", "UTC", "active")
    assert (program.unit, program.title) == (("point", "points"), "x")


@pytest.mark.parametrize(
    "again",
    [
        ("unit", "a", "b"),
        ("tier_basis", "points", "", "0d"),
        ("vest", "3d", "all"),
        ("deficit", "allow"),
        ("ttl", "1d"),
    ],
)
def test_what_is_said_once_is_not_said_twice(again: tuple[str, ...]) -> None:
    """Of two that differ neither is taken: two readers would read two programs."""
    with pytest.raises(Unreadable, match="program-malformed"):
        read(*TAGS, again)


def test_a_reward_s_empty_tier_is_none() -> None:
    """Where a writer fills the place of `min_tier` with "", everybody may have the reward."""
    (reward,) = read(("d", "x"), ("reward", "coffee", "A coffee", "100", "item", "espresso", "")).rewards
    assert reward == Reward("coffee", "A coffee", 100, "item", "espresso")


def test_unknown_tags_are_ignored() -> None:
    """Later versions may say more."""
    assert read(*TAGS, ("opening_hours", "8-20"), ("p", "x"), ("p", "x", "", "friend")) == FULL_PROGRAM


@pytest.mark.parametrize(
    "instead",
    [
        ("d",),
        ("d", ""),
        ("d", "Café"),
        ("d", "a" * 65),
        ("title", "another"),
        ("p", "x", "", "source"),
        ("relay",),
        ("unit", "bean"),
        ("earn",),
        ("earn", "spend"),
        ("earn", "spend", "1", "x", "sat"),
        ("earn", "spend", "one", "1", "sat"),
        ("earn", "breathing", "5"),
        ("earn", "visit", "5", "1"),
        ("earn", "visit", "5", "1", "EUR", "soon"),
        ("earn", "payment", "5"),
        ("earn", "referral", "5", "5", "a week"),
        ("earn", "referral", "5", "5", "7d", "-1"),
        ("exclude", "everything"),
        ("multiplier", "Happy hour", "-2", "tue"),
        ("cap", "5", "year"),
        ("rounding", "banker"),
        ("tier", "gold", "Gold", "-5"),
        ("tier", "gold", "Gold again", "50"),
        ("tier_basis", "mood", "90d", "30d"),
        ("tier_basis", "points", "90d", ""),
        ("tier_basis", "points", "a while", "30d"),
        ("perk", "gold", "hug", "1"),
        ("reward", "coffee", "A coffee", "free", "item", "espresso"),
        ("reward", "coffee", "A coffee", "100", "hug", "1"),
        ("reward", "coffee", "Another coffee", "100", "item", "espresso"),
        ("reward_terms", "coffee", "stock"),
        ("reward_terms", "coffee", "stock", "some"),
        ("reward_terms", "coffee", "limit", "1", "year"),
        ("reward_terms", "coffee", "valid_from", "2026-13-01"),
        ("reward_terms", "coffee", "valid_until", "tomorrow"),
        ("reward_terms", "coffee", "hold", "-1d"),
        ("reward_terms", "coffee", "colour", "red"),
        ("reward_terms", "tea", "stock", "1"),
        ("reward_terms", "tote", "stock", "1"),
        ("expiry_warning", "2 weeks"),
        ("vest", "3d"),
        ("vest", "3d", "some"),
        ("deficit", "maybe"),
        ("claim_valid", "1y"),
        ("visibility", "secret"),
        ("status", "gone"),
        ("ttl", "1d"),
    ],
)
def test_a_definition_with_a_fault_is_refused(instead: tuple[str, ...]) -> None:
    """A rule that is read wrongly would be applied wrongly: broken, doubled and unknown ones are named."""
    tags = [tag for tag in TAGS if tag[0] != instead[0]] if instead[0] in ONCE else TAGS
    with pytest.raises(Unreadable) as unreadable:
        read(*tags, instead)
    assert unreadable.value.code == "program-malformed"
    assert unreadable.value.detail


def test_another_kind_is_no_program() -> None:
    """The kind is part of the address."""
    with pytest.raises(Unreadable):
        read(("d", "x"), kind=37412)


def test_addresses_have_one_form() -> None:
    """37411:<issuer>:<slug> is read back; anything else is a ValueError."""
    assert parse_address(address(ISSUER.public, "cafe-sol")) == (ISSUER.public, "cafe-sol")
    assert FULL_PROGRAM.address == address(ISSUER.public, "cafe-sol")
    for text in (
        "",
        "37411",
        f"37411:{ISSUER.public}",
        f"37411:{ISSUER.public}:a:b",
        f"37411:{ISSUER.public}:a\n",
        "37411:AB:x",
    ):
        with pytest.raises(ValueError, match="address"):
            parse_address(text)


@pytest.mark.parametrize(
    ("people", "relay", "said"),
    [
        (("source", "operator"), "wss://staff.example", "wss://staff.example"),
        (("operator",), "wss://staff.example", "wss://staff.example"),
        (("source",), None, None),
        ((), "wss://staff.example", None),
    ],
)
def test_the_venue_s_own_people_have_a_relay(people: tuple[str, ...], relay: str | None, said: str | None) -> None:
    """It stands beside the key of each of them, is read back from there, and concerns nobody else."""
    sources = (SOURCE.public,) if "source" in people else ()
    operators = (CUSTOMER.public,) if "operator" in people else ()
    written = replace(FULL_PROGRAM, sources=sources, operators=operators, staff_relay=relay)
    event = sign(template(written, NOW), ISSUER)
    assert parse(event).staff_relay == said
    hints = [tag[2] for tag in event.tags if tag[0] == "p" and tag[3] in people]
    assert set(hints) <= {relay or FULL_PROGRAM.relays[0]}
    assert ("p", ISSUER.public, FULL_PROGRAM.relays[0], "issuer") in event.tags
