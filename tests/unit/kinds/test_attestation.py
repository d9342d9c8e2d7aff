"""What `kinds.attestation` (7414) promises: one claim, one subject, one audience, one day, once."""

from typing import Any

import pytest

from kinds.attestation import VALID_S, Attestation, Claim, claim, parse, template, verify
from kinds.errors import NotAdmitted, Unreadable
from kinds.event import Claimed, Event, Template, sign
from kinds.event import verify as verify_event
from kinds.keys import SecretKey
from tests.unit.kinds.samples import CUSTOMER, ISSUER, NOW, PROGRAM, SOURCE, new_key

AUDIENCE = new_key().public
GOLD = Attestation(PROGRAM, CUSTOMER.public, AUDIENCE, claim("tier", "gold"), "nonce 1", NOW + VALID_S)
TAGS = template(GOLD, NOW).tags


def attested(attestation: Attestation = GOLD, key: SecretKey = ISSUER, at: int = NOW) -> Event:
    """An attestation, signed."""
    return sign(template(attestation, at), key)


def refusal(event: Event, **changes: Any) -> str:
    """The code with which the audience refuses it."""
    asked: dict[str, Any] = {"audience": AUDIENCE, "sender": CUSTOMER.public, "now": NOW + 60, "seen_nonces": ()}
    with pytest.raises(Unreadable) as unreadable:
        verify(event, **(asked | changes))
    return unreadable.value.code


def test_an_attestation_is_written_as_the_protocol_says() -> None:
    """Protocol section 8, tag by tag; protected (NIP-70), so that relays take it from nobody but its issuer."""
    written = template(GOLD, NOW).tags
    assert written == (
        ("a", PROGRAM), ("p", CUSTOMER.public), ("aud", AUDIENCE), ("claim", "tier", "gold"), ("nonce", "nonce 1"),
        ("expiration", str(NOW + 24 * 60 * 60)), ("-",),
    )  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        claim("tier", "gold"),
        claim("points_at_least", "500"),
        claim("points_at_least", "500", "30d"),
        claim("visits_at_least", "10"),
        claim("visits_at_least", "10", "90d"),
        claim("member_since", "1700000000"),
    ],
)
def test_each_claim_convinces_its_audience(said: Claim) -> None:
    """The value that comes back is the one that was attested."""
    attestation = GOLD._replace(claim=said)
    event = attested(attestation)
    assert verify(event, audience=AUDIENCE, sender=CUSTOMER.public, now=NOW, seen_nonces=set()) == attestation


def test_somebody_elses_attestation_proves_nothing() -> None:
    """Who forwards what was attested about another is refused, also to the right audience."""
    assert refusal(attested(), sender=SOURCE.public) == "attestation-wrong-subject"


def test_an_attestation_is_for_its_audience() -> None:
    """One that was made for another venue, and handed on by it, is refused."""
    assert refusal(attested(), audience=new_key().public) == "attestation-wrong-audience"


def test_an_attestation_lasts_a_day() -> None:
    """It holds until the last second before its expiration."""
    event = attested()
    assert verify(event, audience=AUDIENCE, sender=CUSTOMER.public, now=NOW + VALID_S - 1, seen_nonces=()) == GOLD
    assert refusal(event, now=NOW + VALID_S) == "attestation-expired"


def test_a_longer_life_is_refused() -> None:
    """A reader remembers nonces for a day; what claims to live longer would outlive that memory."""
    assert refusal(attested(GOLD._replace(expiration=NOW + VALID_S + 1))) == "attestation-malformed"
    assert refusal(attested(GOLD._replace(expiration=NOW - 1))) == "attestation-malformed"


def test_an_attestation_is_shown_once() -> None:
    """The second time its nonce is known."""
    assert refusal(attested(), seen_nonces={"nonce 1"}) == "attestation-seen-before"


def test_only_the_programs_issuer_attests() -> None:
    """A customer cannot attest itself a tier, nor one program's issuer another's."""
    assert refusal(attested(key=CUSTOMER)) == "attestation-wrong-issuer"
    assert refusal(attested(key=new_key())) == "attestation-wrong-issuer"


def test_a_changed_attestation_is_no_event() -> None:
    """Gold for silver, another subject, another nonce: each breaks id or signature."""
    event = attested()
    for before, after in (("gold", "platinum"), (CUSTOMER.public, SOURCE.public), ("nonce 1", "nonce 2")):
        tags = tuple(tuple(after if part == before else part for part in tag) for tag in event.tags)
        with pytest.raises(NotAdmitted):
            verify_event(Claimed._make(event)._replace(tags=tags))


@pytest.mark.parametrize(
    "instead",
    [
        ("a", "x"), ("p",), ("p", "x"), ("aud",), ("aud", AUDIENCE.upper()), ("nonce",), ("nonce", ""),
        ("nonce", "x" * 129), ("expiration", "x"), ("claim",), ("claim", "tier"), ("claim", "tier", ""),
        ("claim", "tier", "gold", "90d"), ("claim", "tier", "gold", "90d", "x"), ("claim", "wealth", "1"),
        ("claim", "points_at_least", "+5"), ("claim", "visits_at_least", "3", "soon"),
        ("claim", "member_since", "2024-01-01"), ("claim", "member_since", "1700000000", "90d"),
    ],
)  # fmt: skip
def test_a_malformed_attestation_is_refused(instead: tuple[str, ...]) -> None:
    """A claim that two readers could understand in two ways proves nothing to either."""
    without = tuple(tag for tag in TAGS if tag[0] != instead[0])
    for tags in (without, (*without, instead), (*TAGS, instead)):
        assert refusal(sign(Template(7414, NOW, tags, ""), ISSUER)) == "attestation-malformed"


def test_another_kind_attests_nothing() -> None:
    """The same tags on a text note, even by the issuer."""
    assert refusal(sign(Template(1, NOW, TAGS, ""), ISSUER)) == "attestation-malformed"


def test_reading_does_not_judge() -> None:
    """`parse` shows an expired attestation for somebody else: to a customer who looks through its own."""
    assert parse(attested(at=NOW)) == GOLD


@pytest.mark.parametrize("wrong", [("wealth", "1"), ("tier", ""), ("points_at_least", "many"), ("tier", "gold", "90d")])
def test_our_own_code_makes_no_wrong_claim(wrong: tuple[str, ...]) -> None:
    """The same rules when writing."""
    with pytest.raises(ValueError):
        claim(*wrong)
