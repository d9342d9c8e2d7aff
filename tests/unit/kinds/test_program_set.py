"""What `kinds.program_set` (37413 and the follow set beside it) promises."""

import pytest

from kinds import nip44
from kinds.errors import Unreadable
from kinds.event import Template, sign
from kinds.program import address
from kinds.program_set import (
    ITEMS_MAX,
    WALLET,
    Item,
    ProgramSet,
    follow_set_template,
    parse,
    parse_private,
    private_text,
    template,
)
from tests.unit.kinds.samples import CUSTOMER, ISSUER, NOW, PROGRAM, new_key

BAR, OTHER = address(ISSUER.public, "bar"), address(new_key().public, "bakery")
RELAY = "wss://relay.example"
TOWN = ProgramSet(
    author=CUSTOMER.public,
    name="madrid",
    title="Madrid",
    image="https://example.com/madrid.png",
    description="Cafés that we like",
    items=(Item(PROGRAM, RELAY), Item(BAR), Item(OTHER, RELAY)),
)


def refusal(tags: tuple[tuple[str, ...], ...], kind: int = 37413) -> str:
    """The code with which a set is refused."""
    with pytest.raises(Unreadable) as unreadable:
        parse(sign(Template(kind, NOW, tags, ""), CUSTOMER))
    return unreadable.value.code


def test_a_set_is_written_as_nip_51_says() -> None:
    """d, title, image, description, then the items in their order, each with a relay where one is known."""
    assert template(TOWN, NOW).tags == (
        ("d", "madrid"), ("title", "Madrid"), ("image", "https://example.com/madrid.png"),
        ("description", "Cafés that we like"), ("a", PROGRAM, RELAY), ("a", BAR), ("a", OTHER, RELAY),
    )  # fmt: skip


def test_a_set_survives_the_wire() -> None:
    """With all of its heading, and with the least."""
    for one in (TOWN, ProgramSet(CUSTOMER.public, WALLET)):
        assert parse(sign(template(one, NOW), CUSTOMER)) == one


def test_a_wallet_keeps_its_programs_to_itself() -> None:
    """Private items stand in the content alone, and its author reads them back."""
    key = nip44.conversation_key(CUSTOMER, CUSTOMER.public)
    private = nip44.encrypt(private_text(TOWN.items), key, bytes(range(32)))
    wallet = parse(sign(template(ProgramSet(CUSTOMER.public, WALLET, private=private), NOW), CUSTOMER))
    assert wallet.items == ()
    assert parse_private(nip44.decrypt(wallet.private, key)) == TOWN.items


def test_private_items_are_written_as_nip_51_says() -> None:
    """A JSON array that mimics the event's tags."""
    assert private_text([Item(PROGRAM, RELAY), Item(BAR)]) == f'[["a","{PROGRAM}","{RELAY}"],["a","{BAR}"]]'


def test_lists_hold_more_than_we_know() -> None:
    """Other kinds' addresses, other tags and broken ones are passed over; a program counts once; a bad hint is none."""
    tags = (
        ("d", "madrid"), ("a",), ("a", "30023:x:y"), ("e", "ab" * 32), ("a", PROGRAM, "https://x.example"),
        ("a", PROGRAM, RELAY), ("t", "coffee"), ("a", f"37411:{ISSUER.public}:Not A Slug"), ("a", BAR, RELAY.upper()),
    )  # fmt: skip
    assert parse(sign(Template(37413, NOW, tags, ""), CUSTOMER)).items == (Item(PROGRAM), Item(BAR, RELAY))


def test_a_set_of_thousands_is_cut() -> None:
    """The first ITEMS_MAX programs are read."""
    tags = (("d", "x"), *(("a", address(ISSUER.public, str(number))) for number in range(1_999)))
    items = parse(sign(Template(37413, NOW, tags, ""), CUSTOMER)).items
    assert len(items) == ITEMS_MAX
    assert items[-1].program == address(ISSUER.public, str(ITEMS_MAX - 1))


@pytest.mark.parametrize(
    "tags", [(), (("d",),), (("d", "a"), ("d", "b")), (("d", "a"), ("title", "b"), ("title", "c"))]
)
def test_a_set_without_one_name_is_refused(tags: tuple[tuple[str, ...], ...]) -> None:
    """Its name and its title are what it is found and shown by: two of them are two sets."""
    assert refusal(tags) == "program-set-malformed"


def test_another_kind_is_no_set() -> None:
    """A follow set is not a set of programs."""
    assert refusal((("d", "madrid"),), kind=30000) == "program-set-malformed"


@pytest.mark.parametrize("text", ["", "x", "{}", "[1]", "[[]]", '[["a",1]]', "null", '[["a"],"b"]'])
def test_what_are_no_private_items_is_refused(text: str) -> None:
    """Whatever was decrypted is an array of tags, or named."""
    with pytest.raises(Unreadable, match="program-set-malformed"):
        parse_private(text)


def test_the_follow_set_names_each_venue_once() -> None:
    """NIP-51: kind 30000 of the same name, p tags in the order of the programs, with the first relay that is known."""
    follows = follow_set_template(TOWN._replace(items=(Item(BAR), Item(OTHER), Item(PROGRAM, RELAY))), NOW)
    issuer_of_other = OTHER.split(":")[1]
    assert follows.kind == 30000
    assert follows.tags[:2] == (("d", "madrid"), ("title", "Madrid"))
    assert follows.tags[4:] == (("p", ISSUER.public, RELAY), ("p", issuer_of_other))
    assert follows.content == ""


def test_no_town_is_muted() -> None:
    """NIP-51 once gave the follow set named "mute" another meaning; old clients would silence every venue in it."""
    with pytest.raises(ValueError, match="silence"):
        follow_set_template(TOWN._replace(name="mute"), NOW)
