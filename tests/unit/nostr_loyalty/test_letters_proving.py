"""`prove <claim> to <who>`: a 7414 that its audience verifies, and only what is true (protocol §8)."""

from pathlib import Path

import pytest

from kinds import attestation
from kinds.attestation import Attestation
from kinds.errors import Unreadable
from kinds.event import Event, parse_event, verify
from kinds.keys import SecretKey
from tests.unit.nostr_loyalty.correspondence import Answered
from tests.unit.nostr_loyalty.house import House, house, npub
from tests.unit.nostr_loyalty.served import table, tier
from tests.venue import new_key

AUDIENCE = new_key()


def document(answer: Answered) -> Event:
    """The signed statement that an answer hands over."""
    text = answer.tag("proof")
    assert text is not None, answer.text
    return verify(parse_event(text))


def read(place: House, answer: Answered, sender: SecretKey | None = None) -> Attestation:
    """What the audience makes of it, when the guest hands it on just now."""
    return attestation.verify(
        document(answer), audience=AUDIENCE.public, sender=(sender or place.guest).public,
        now=place.served.clock.now(), seen_nonces=(),
    )  # fmt: skip


async def ask(place: House, claim: str) -> Answered:
    """The answer to a guest who wants this proven to the audience."""
    return await place.says("guest", f"prove {claim} to {npub(AUDIENCE)}")


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("tier silver", ("tier", "silver", None)), ("tier Silver", ("tier", "silver", None)),
        ("points 60", ("points_at_least", "60", None)), ("points 1", ("points_at_least", "1", None)),
        ("visits 2", ("visits_at_least", "2", None)), ("visits 2 90d", ("visits_at_least", "2", "90d")),
        ("points 60 2w", ("points_at_least", "60", "2w")),
        ("points_at_least 60 2w", ("points_at_least", "60", "2w")),
        ("Visits_at_least 2", ("visits_at_least", "2", None)),
    ],
)  # fmt: skip
async def test_what_is_true(tmp_path: Path, claim: str, said: tuple[str, str, str | None]) -> None:
    """Signature, issuer, subject, audience and time hold, for a day; the statement is never published."""
    async with house(tmp_path) as place:
        answer = await ask(place, claim)
        found = read(place, answer)
        assert (found.claim, found.program) == (said, place.served.program.address)
        event = document(answer)
        assert event.pubkey == place.served.venue.issuer.public
        assert ("-",) in event.tags
        assert found.expiration == place.served.clock.now() + 86_400
        assert place.served.others == []
        assert "for a day and for nobody else" in answer.text


async def test_member_since(tmp_path: Path) -> None:
    """The time of the first order that the program saw."""
    async with house(tmp_path) as place:
        first = (await place.served.standing()).first_at
        place.served.later(days=100)
        for word in ("member", "member_since"):
            answer = await ask(place, word)
            claim = read(place, answer).claim
            assert (claim.type, claim.value) == ("member_since", str(first))
            assert "you have had your card since 15 January 2027." in answer.text


async def test_what_can_be_proven_is_told(tmp_path: Path) -> None:
    """To somebody who asks for something else."""
    async with house(tmp_path) as place:
        text = (await ask(place, "karma 5")).text
        assert text.startswith("This cannot be attested: karma. What can be: tier and its name, points or visits")


@pytest.mark.parametrize(
    "claim", ["tier gold", "tier moon", "points 61", "points 61 90d", "visits 3", "visits 3 1d", "tier silver gold"]
)
async def test_what_is_not_true(tmp_path: Path, claim: str) -> None:
    """No statement is given, and it is said that it is not so."""
    async with house(tmp_path) as place:
        answer = await ask(place, claim)
        assert (answer.code, answer.tag("proof")) == ("claim-not-true", None)
        assert "cannot be attested" in answer.text


async def test_a_window_looks_back_so_many_days(tmp_path: Path) -> None:
    """What was long ago does not count in a window, though it counts without one."""
    async with house(tmp_path) as place:
        place.served.later(days=10)
        await place.served.take(place.served.order("order-3", "1000"))
        assert (await ask(place, "visits 3 5d")).code == "claim-not-true"
        assert (await ask(place, "visits 1 5d")).code == "proven"
        assert (await ask(place, "visits 3 11d")).code == "proven"
        assert (await ask(place, "points 2 5d")).code == "claim-not-true"
        assert (await ask(place, "points 61")).code == "proven"


async def test_points_that_have_run_out(tmp_path: Path) -> None:
    """Bug 54: what nobody can spend any more is not attested, whether or not it was written off."""
    async with house(tmp_path, ttl="30d") as place:
        place.served.later(days=32)
        assert await place.served.balance() == 60
        assert (await ask(place, "points 1")).code == "claim-not-true"


async def test_a_tier_that_has_ended(tmp_path: Path) -> None:
    """A tier whose grace is over is not attested, whether or not the sweep has said so."""
    window = table("tier_basis", by="points", window="30d", grace="5d")
    async with house(tmp_path, "private", window) as place:
        assert (await ask(place, "tier silver")).code == "proven"
        place.served.later(days=40)
        await place.served.sweep()
        assert (await ask(place, "tier silver")).code == "proven", "in its grace it is still held"
        place.served.later(days=6)
        assert (await ask(place, "tier silver")).code == "claim-not-true"


async def test_a_higher_tier_proves_a_lower_one(tmp_path: Path) -> None:
    """Who holds gold holds silver; the statement says silver and nothing more."""
    async with house(tmp_path, "private", tier("top", 50)) as place:
        answer = await ask(place, "tier silver")
        assert read(place, answer).claim.value == "silver"
        assert "top" not in answer.tag("proof")  # type: ignore[operator] # it was read above, so it is there


async def test_for_one_reader_only(tmp_path: Path) -> None:
    """Another audience, another sender, a later day and a second time: it proves nothing."""
    async with house(tmp_path) as place:
        event = document(await ask(place, "points 1"))
        found, now = attestation.parse(event), place.served.clock.now()
        good = {"audience": AUDIENCE.public, "sender": place.guest.public, "now": now, "seen_nonces": ()}
        for wrong, code in (
            ({"audience": new_key().public}, "attestation-wrong-audience"),
            ({"sender": new_key().public}, "attestation-wrong-subject"),
            ({"now": now + 86_400}, "attestation-expired"), ({"seen_nonces": {found.nonce}}, "attestation-seen-before"),
        ):  # fmt: skip
            with pytest.raises(Unreadable) as refused:
                attestation.verify(event, **(good | wrong))  # type: ignore[arg-type] # one dict of all arguments
            assert refused.value.code == code
        assert attestation.parse(document(await ask(place, "points 1"))).nonce != found.nonce


@pytest.mark.parametrize(
    "text", ["prove points 1 to {audience}", "prove tier silver to {audience}", "prove member to {audience}"]
)
async def test_a_stranger_proves_nothing(tmp_path: Path, text: str) -> None:
    """Nor does a guest by naming somebody else: a statement is about its asker."""
    async with house(tmp_path) as place:
        answer = await place.says("stranger", text.replace("{audience}", npub(AUDIENCE)))
        assert (answer.code, answer.tag("proof")) == ("customer-unknown", None)


@pytest.mark.parametrize(
    "text", ["prove", "prove tier silver", "prove points many to {guest}", "prove karma to {guest}"]
)
async def test_how_it_is_written(tmp_path: Path, text: str) -> None:
    """What is missing is said, with the usage."""
    async with house(tmp_path) as place:
        answer = await place.says("guest", text)
        assert answer.tag("proof") is None
        assert "prove <claim> to <who>" in answer.text
