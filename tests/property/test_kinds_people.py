"""Properties of the kinds by which people and programs are found, ask and prove: round trips and total readers."""

import string
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinds import (
    attestation,
    badge,
    deletion,
    handler,
    metadata,
    nip04,
    program_set,
    redemption,
    vanish,
)
from kinds.errors import NotAdmitted, Unreadable
from kinds.event import Claimed, Event, Template, parse_event, parse_rumor, rumor_json, sign, to_json, verify
from kinds.program import address
from tests.unit.kinds.samples import CUSTOMER, ISSUER, NOW, PROGRAM, SOURCE

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXT = st.text(CHARACTERS, max_size=40)
NAME = st.text(CHARACTERS, min_size=1, max_size=40)
HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)
COUNT = st.integers(0, 2**53 - 1)
NUMBER = COUNT.map(str)
SPANS = st.builds("{}{}".format, st.integers(0, 999_999_999), st.sampled_from(["min", "h", "d", "w"]))
SLUGS = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=64)
ADDRESSES = st.builds(address, HEX, SLUGS)
LABELS = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
DOMAINS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)
NAMES = st.builds("{}@{}".format, st.from_regex(r"[a-z0-9_.-]{1,64}", fullmatch=True), DOMAINS)
RELAYS = st.builds("wss://{}/{}".format, DOMAINS, st.from_regex(r"[a-z]{1,9}", fullmatch=True))


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The value, or None."""
    return st.none() | strategy


def over_the_wire(template: Template, key: Any = CUSTOMER) -> Event:
    """What a stranger holds after a relay delivered it."""
    return verify(parse_event(to_json(sign(template, key))))


CLAIMS = st.one_of(
    st.builds(attestation.claim, st.just("tier"), NAME),
    st.builds(attestation.claim, st.sampled_from(["points_at_least", "visits_at_least"]), NUMBER, optional(SPANS)),
    st.builds(attestation.claim, st.just("member_since"), NUMBER),
)
ATTESTATIONS = st.builds(
    attestation.Attestation, st.just(PROGRAM), HEX, HEX, CLAIMS, NAME, st.integers(NOW, NOW + attestation.VALID_S)
)


@given(ATTESTATIONS)
def test_attestations_survive_the_wire(value: attestation.Attestation) -> None:
    """template then parse is the identity, and the audience believes it once while it is fresh."""
    event = over_the_wire(attestation.template(value, NOW), ISSUER)
    assert attestation.parse(event) == value
    asked: dict[str, Any] = {"audience": value.audience, "sender": value.subject, "seen_nonces": ()}
    if value.expiration > NOW:
        assert attestation.verify(event, now=NOW, **asked) == value
    with pytest.raises(Unreadable, match="attestation-expired"):
        attestation.verify(event, now=value.expiration, **asked)


@given(ATTESTATIONS, ATTESTATIONS, st.sampled_from(attestation.Attestation._fields))
def test_no_part_of_an_attestation_can_be_exchanged(
    one: attestation.Attestation, other: attestation.Attestation, field: str
) -> None:
    """With a part of another attestation in it, the signed event is no event any more."""
    changed = one._replace(**{field: getattr(other, field)})
    if changed == one:
        return
    event = sign(attestation.template(one, NOW), ISSUER)
    with pytest.raises(NotAdmitted):
        verify(Claimed._make(event)._replace(tags=attestation.template(changed, NOW).tags))


@given(ADDRESSES, NAME, NAME, COUNT)
def test_redemption_requests_survive_the_wrap(program: str, reward: str, nonce: str, expiration: int) -> None:
    """compose then parse, through the JSON inside a seal."""
    rumor = redemption.compose(CUSTOMER.public, program, reward, nonce=nonce, expiration=expiration, at=NOW)
    found = redemption.parse(parse_rumor(rumor_json(rumor)))
    assert found == (rumor.id, CUSTOMER.public, program, reward, nonce, expiration, NOW)


ITEMS = st.lists(
    st.builds(program_set.Item, ADDRESSES, st.just("") | RELAYS), max_size=6, unique_by=lambda item: item.program
).map(tuple)
SETS = st.builds(
    program_set.ProgramSet, st.just(CUSTOMER.public), TEXT, TEXT, optional(TEXT), optional(TEXT), ITEMS, TEXT
)


@given(SETS)
def test_program_sets_survive_the_wire(value: program_set.ProgramSet) -> None:
    """In clear, as the text that is encrypted, and each issuer once in the follow set."""
    assert program_set.parse(over_the_wire(program_set.template(value, NOW))) == value
    assert program_set.parse_private(program_set.private_text(value.items)) == value.items
    if value.name != "mute":
        follows = [tag[1] for tag in program_set.follow_set_template(value, NOW).tags if tag[0] == "p"]
        assert follows == list(dict.fromkeys(item.program.split(":")[1] for item in value.items))


PICTURES = st.builds(badge.Picture, TEXT, TEXT)
BADGES = st.builds(
    badge.Badge,
    st.just(CUSTOMER.public),
    NAME,
    TEXT,
    TEXT,
    optional(PICTURES),
    st.lists(PICTURES, max_size=3).map(tuple),
)


@given(BADGES, st.lists(HEX, min_size=1, max_size=4, unique=True))
def test_badges_and_awards_survive_the_wire(value: badge.Badge, receivers: list[str]) -> None:
    """Definition and award, whatever characters the badge's name holds."""
    assert badge.parse(over_the_wire(badge.template(value, NOW))) == value
    award = badge.parse_award(over_the_wire(badge.award_template(value.address, receivers, NOW)))
    assert award == (value.address, tuple(receivers))


METADATA = st.builds(
    metadata.Metadata, optional(TEXT), optional(TEXT), optional(TEXT), optional(NAMES), optional(TEXT), st.booleans()
)
PAGES = st.builds(handler.Page, DOMAINS.map("https://{}/<bech32>".format), st.sampled_from(["", *handler.ENTITIES]))
HANDLERS = st.builds(
    handler.Handler,
    st.just(CUSTOMER.public),
    TEXT,
    st.lists(st.integers(0, 65_535), max_size=5, unique=True).map(tuple),
    st.lists(PAGES, max_size=4).map(tuple),
    optional(METADATA),
)


@given(METADATA, HANDLERS)
def test_metadata_and_handlers_survive_the_wire(said: metadata.Metadata, value: handler.Handler) -> None:
    """template then parse is the identity on both."""
    assert metadata.parse(over_the_wire(metadata.template(said, NOW))) == said
    assert handler.parse(over_the_wire(handler.template(value, NOW))) == value


PLACES = st.builds(f"{{}}:{CUSTOMER.public}:{{}}".format, st.integers(0, 65_535), TEXT)


@given(st.dictionaries(HEX, st.integers(0, 65_535), max_size=250), st.lists(PLACES, max_size=3, unique=True), TEXT)
def test_deletions_survive_the_wire(events: dict[str, int], places: list[str], reason: str) -> None:
    """All parts together name everything once, and the kinds of all of it."""
    parts = [
        deletion.parse(over_the_wire(template))
        for template in deletion.templates(events, NOW, addresses=places, reason=reason)
    ]
    assert [id_ for part in parts for id_ in part.events] == list(events)
    assert [place for part in parts for place in part.addresses] == places
    kinds = {*events.values(), *(int(place.split(":")[0]) for place in places)}
    assert {kind for part in parts for kind in part.kinds} == kinds
    assert all(len(part.events) + len(part.addresses) <= deletion.REFERENCES_MAX for part in parts)


@given(st.lists(RELAYS, min_size=1, max_size=5, unique=True), st.booleans(), TEXT)
def test_requests_to_vanish_survive_the_wire(relays: list[str], everywhere: bool, reason: str) -> None:
    """Relays, ALL_RELAYS and the reason."""
    found = vanish.parse(over_the_wire(vanish.template(relays, NOW, everywhere=everywhere, reason=reason)))
    assert (found.relays, found.everywhere, found.reason) == (tuple(relays), everywhere, reason)
    assert found.concerns(relays[:1])
    assert found.concerns(["wss://nowhere.invalid"]) == everywhere


PARSERS: tuple[tuple[int, Callable[[Any], object]], ...] = (
    (7413, redemption.parse),
    (7414, attestation.parse),
    (37413, program_set.parse),
    (30009, badge.parse),
    (8, badge.parse_award),
    (0, metadata.parse),
    (31990, handler.parse),
    (5, deletion.parse),
    (62, vanish.parse),
    (4, nip04.parse),
)
GENUINE = (
    *attestation.template(
        attestation.Attestation(PROGRAM, CUSTOMER.public, SOURCE.public, attestation.claim("tier", "x"), "n", NOW), NOW
    ).tags,
    *redemption.compose(CUSTOMER.public, PROGRAM, "coffee", nonce="1", expiration=NOW, at=NOW).tags,
    ("d", "name"), ("title", "x"), ("a", PROGRAM, "wss://relay.example"), ("a", f"30009:{ISSUER.public}:gold"),
    ("image", "https://x.example", "1x1"), ("thumb", "https://x.example"), ("k", "7411"), ("e", "ab" * 32),
    ("web", "https://x.example/<bech32>", "naddr"), ("relay", "ALL_RELAYS"), ("relay", "wss://relay.example"),
    ("claim", "visits_at_least", "3", "90d"), ("nonce", "7", "20"),
)  # fmt: skip
WORDS = st.sampled_from(sorted({word for tag in GENUINE for word in tag})) | TEXT
TAGS = st.lists(st.sampled_from(GENUINE) | st.lists(WORDS, min_size=1, max_size=5).map(tuple), max_size=20).map(tuple)
CONTENTS = TEXT | st.sampled_from(["{}", '{"name":1}', "[]"])


@given(st.sampled_from(PARSERS), TAGS, CONTENTS)
def test_any_tags_are_read_or_unreadable(parser: tuple[int, Callable[[Any], object]], tags: Any, content: str) -> None:
    """Every reader is total: genuine, shuffled and invented tags give a value or Unreadable, nothing else."""
    kind, parse = parser
    event = sign(Template(kind, NOW, tags, content), ISSUER)
    try:
        found = parse(event)
    except Unreadable:
        return
    assert found is not None


@given(st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | TEXT, lambda x: st.lists(x, max_size=4)), TEXT)
def test_any_decrypted_text_is_a_list_of_programs_or_unreadable(found: Any, text: str) -> None:
    """Private items are read from any JSON and any text, or named."""
    for content in (orjson.dumps(found).decode(), text):
        try:
            items = program_set.parse_private(content)
        except Unreadable:
            continue
        assert items == ()
