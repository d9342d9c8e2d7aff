"""What the daemon says of itself, of its tiers and of others' programs: once, again when it changes, and no more."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kinds import badge, deletion, handler, metadata, program_set, registry
from kinds.event import Event, parse_event, verify
from kinds.handler import Page
from kinds.keys import SecretKey
from kinds.metadata import Metadata
from kinds.program import address
from kinds.program_set import Item
from kinds.tags import all_of
from ledger import outbox
from ledger.book import Standing
from ledger.database import Database
from ledger.outbox import Promised
from nostr_loyalty.config.load import load
from nostr_loyalty.daemon import serve_programs, signers_of
from nostr_loyalty.errors import ConfigInvalid
from nostr_loyalty.programs import ServedPrograms
from nostr_loyalty.publishing.badges import badge_award
from nostr_loyalty.publishing.sealing import Sealer
from tests.unit.nostr_loyalty.config_files import EARN, MINIMAL, PROGRAM, new_key, write

NOW = 1_800_000_000
GUEST = new_key().public
OTHER = address(new_key().public, "bar")
LIST = f'[[list]]\nname = "town"\ntitle = "The town"\nprograms = ["{OTHER}"]\n'
TIERS = "".join(
    f'[[program.tier]]\nid = "{name}"\ntitle = "{name.title()}"\nthreshold = {points}\n'
    for name, points in (("gold", 500), ("silver", 100))
)


class Place:
    """A ledger from which daemons with other configurations start one after the other."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.database = database
        self.key = new_key()
        self.now = NOW
        self._seen = 0

    def own_key(self, name: str) -> SecretKey:
        """A key in a file of its own."""
        key = new_key()
        path = self.folder / f"{name}.key"
        path.write_text(key.nsec(), encoding="ascii")
        path.chmod(0o600)
        return key

    async def start(self, text: str) -> list[tuple[Event, Promised]]:
        """What is newly promised, without definitions and relay lists, in order."""
        self.config = load(write(self.folder, text, key=self.key))
        self.programs: ServedPrograms = await serve_programs(self.config, self.database, self.now)
        async with self.database.read() as r:
            due = [one for one in await outbox.due(r, self.now, 1_000) if one.id > self._seen]
        self._seen = max((one.id for one in due), default=self._seen)
        sealer = Sealer(signers_of(self.config))
        found = [(verify(parse_event(sealer.seal(one.issuer, one.recipe, one.seed).text)), one) for one in due]
        return [pair for pair in found if pair[0].kind not in (registry.PROGRAM, 10_002, 10_050)]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A new ledger."""
    database = await Database.open(tmp_path / "ledger.db")
    yield Place(tmp_path, database)
    await database.close()


def one_of(said: list[tuple[Event, Promised]], kind: int) -> Event:
    """The only event of this kind."""
    (event,) = (event for event, _ in said if event.kind == kind)
    return event


async def test_an_issuer_says_who_it_is_from_its_programs(place: Place) -> None:
    """Without a profile the name is the title; summary and picture are those of the only program; a machine writes."""
    text = MINIMAL.replace("[[program.earn]]", 'summary = "S"\nimage = "https://a.example/i.png"\n[[program.earn]]')
    event = one_of(await place.start(text), registry.METADATA)
    assert event.pubkey == place.key.public
    assert metadata.parse(event) == Metadata("Café Sol", "S", "https://a.example/i.png", bot=True)


async def test_the_titles_of_several_programs_are_one_name(place: Place) -> None:
    """They are named in order, and cut where the name would be too long; no summary stands for all of them."""
    others = "".join(
        PROGRAM.replace("cafe-sol", f"p{n}").replace("Café Sol", f"Place number {n}") + EARN for n in "123"
    )
    long = PROGRAM.replace("cafe-sol", "p4").replace("Café Sol", "x" * 100) + 'summary = "S"\n' + EARN
    said = metadata.parse(one_of(await place.start(MINIMAL + others), registry.METADATA))
    assert (said.name, said.about) == ("Café Sol, Place number 1, Place number 2, Place number 3", None)
    said = metadata.parse(one_of(await place.start(MINIMAL + others + long), registry.METADATA))
    assert said.name is not None
    assert (len(said.name), said.name[-1]) == (100, "…")


async def test_a_profile_is_the_daemons_key_s_only(place: Place) -> None:
    """A program with a key of its own is not given somebody else's name, address or picture."""
    own = place.own_key("bar")
    bar = PROGRAM.replace("cafe-sol", "bar").replace("Café Sol", "Bar") + 'key = "file:bar.key"\n' + EARN
    profile = '[daemon.profile]\nname = "N"\nnip05 = "_@a.example"\nlud16 = "a@a.example"\nabout = "A"\n'
    said = {event.pubkey: metadata.parse(event) for event, _ in await place.start(MINIMAL + bar + profile)
            if event.kind == registry.METADATA}  # fmt: skip
    assert said == {
        place.key.public: Metadata("N", "A", None, "_@a.example", "a@a.example", bot=True),
        own.public: Metadata("Bar", bot=True),
    }


async def test_what_is_handled_is_said(place: Place) -> None:
    """The kinds that are read and published, those of tiers, lists and NIP-04 only where there are any; the page."""
    plain = handler.parse(one_of(await place.start(MINIMAL), registry.HANDLER))
    assert (plain.kinds, plain.pages, plain.about) == ((14, 7411, 7412, 7413, 37411, 37412), (), None)
    text = MINIMAL.replace("[[program.earn]]", "nip04 = true\n[[program.earn]]") + TIERS + LIST
    page = "https://a.example/<bech32>"
    text = text.replace("[daemon]", f'[daemon]\nweb_handler = "{page}"')
    full = handler.parse(one_of(await place.start(text), registry.HANDLER))
    assert full.kinds == (4, 8, 14, 7411, 7412, 7413, 30009, 37411, 37412, 37413)
    assert full.pages == (Page(page, "nevent"), Page(page, "naddr"))


async def test_everything_is_said_once_and_again_when_it_changes(place: Place) -> None:
    """A restart says nothing; a change says that thing only, with a later time even within the same second (Bug 69)."""
    text = MINIMAL + TIERS + LIST
    first = await place.start(text)
    assert sorted(event.kind for event, _ in first) == [0, 30_000, 30_009, 30_009, 31_990, 37_413]
    assert await place.start(text) == []
    (second,) = await place.start(text.replace('"Gold"', '"Oro"'))
    assert badge.parse(second[0]).name == "Café Sol · Oro"
    assert second[0].created_at == NOW + 1


async def test_each_tier_has_a_badge(place: Place) -> None:
    """From the lowest up, named so that two programs of one key never share one, at the program's own relays."""
    relays = 'relays = ["wss://p.example"]\n[[program.earn]]'
    said = await place.start(MINIMAL.replace("[[program.earn]]", relays) + TIERS)
    found = [(badge.parse(event), one) for event, one in said if event.kind == registry.BADGE_DEFINITION]
    assert [each.address for each, _ in found] == [
        f"30009:{place.key.public}:cafe-sol:{tier}" for tier in ("silver", "gold")
    ]
    assert {one.relays for _, one in found} == {("wss://p.example",)}


def standing(wants_badges: int) -> Standing:
    """A guest of the first program."""
    return Standing(
        id=7, program_id=1, customer=GUEST, balance=0, deficit=0, seq=0, head=None, lifetime=0, visits=0, month=0,
        visits_month=0, first_at=0, last_at=0, card_at=0, card_name=None, badge=wants_badges,
    )  # fmt: skip


async def test_an_award_is_for_who_asked(place: Place) -> None:
    """It names the guest and a badge that is defined; without having asked nobody gets one."""
    await place.start(MINIMAL + TIERS)
    program = place.programs.all[0]
    booked, promise = badge_award(program, standing(1), "gold", NOW, b"s" * 32)
    sealed = Sealer({place.key.public: place.key}).seal(promise.issuer, promise.recipe, promise.seed)
    award = badge.parse_award(verify(parse_event(sealed.text)))
    assert award.badge == badge.address(place.key.public, "cafe-sol:gold")
    assert award.receivers == (GUEST,)
    assert booked == (7, "gold", sealed.event_id)
    assert (promise.relays, promise.acks) == (program.relays, 1)
    with pytest.raises(AssertionError):
        badge_award(program, standing(0), "gold", NOW, b"s" * 32)


async def test_a_list_is_published_by_its_curator(place: Place) -> None:
    """Programs of this daemon are found at their relay, others where the list says; the follow set has their keys."""
    curator = place.own_key("curator")
    own = address(place.key.public, "cafe-sol")
    text = MINIMAL + LIST.replace(f'"{OTHER}"', f'"{OTHER}", "{own}"') + 'key = "file:curator.key"\ndescription = "D"\n'
    said = [(event, one) for event, one in await place.start(text) if event.pubkey == curator.public]
    assert [event.kind for event, _ in said] == [registry.PROGRAM_SET, registry.FOLLOW_SET]
    (listed, one), (follows, _) = said
    found = program_set.parse(listed)
    assert (found.name, found.title, found.description) == ("town", "The town", "D")
    assert found.items == (Item(OTHER), Item(own, "wss://relay.example.com"))
    assert one.relays == ("wss://relay.example.com",)
    assert all_of(follows.tags, "p") == [
        ("p", OTHER.split(":")[1]), ("p", place.key.public, "wss://relay.example.com"),
    ]  # fmt: skip


async def test_a_person_s_key_is_given_no_profile(place: Place) -> None:
    """Whoever only recommends programs may have a profile and relays of its own: those are left alone."""
    curator = place.own_key("curator")
    said = await place.start(MINIMAL + LIST + 'key = "file:curator.key"\nfollow_set = false\n')
    assert [event.kind for event, _ in said if event.pubkey == curator.public] == [registry.PROGRAM_SET]


async def test_a_daemon_that_only_recommends_says_who_it_is_when_told(place: Place) -> None:
    """Where the daemon's key signs no program, a configured profile is said for it, and nothing else."""
    place.own_key("bar")
    text = MINIMAL.replace("[[program.earn]]", 'key = "file:bar.key"\n[[program.earn]]') + LIST
    said = [event for event, _ in await place.start(text) if event.pubkey == place.key.public]
    assert sorted(event.kind for event in said) == [registry.FOLLOW_SET, registry.PROGRAM_SET]
    said = [event for event, _ in await place.start(text + '[daemon.profile]\nname = "N"\n')]
    assert [metadata.parse(event).name for event in said] == ["N"]


async def test_a_list_that_is_taken_out_is_withdrawn(place: Place) -> None:
    """Set and follow set are asked to be deleted, once; a list that comes back is published after that."""
    await place.start(MINIMAL + LIST)
    gone = [deletion.parse(event) for event, _ in await place.start(MINIMAL) if event.kind == registry.DELETION]
    assert sorted(each.addresses for each in gone) == [
        (f"30000:{place.key.public}:town",), (f"37413:{place.key.public}:town",),
    ]  # fmt: skip
    assert await place.start(MINIMAL) == []
    again = one_of(await place.start(MINIMAL + LIST), registry.PROGRAM_SET)
    assert again.created_at > max(each.created_at for each in gone)


async def test_a_list_that_no_relay_takes_is_refused(place: Place) -> None:
    """More than fits into an event is told at the start."""
    many = ", ".join(f'"{address(OTHER.split(":")[1], f"{n:03}" + "x" * 61)}"' for n in range(200))
    text = MINIMAL + LIST.replace(f'"{OTHER}"', many)
    assert len(one_of(await place.start(text), registry.PROGRAM_SET).tags) == 202
    relays = f'["wss://relay.example.com/{"x" * 400}"]'
    text = text.replace('["wss://relay.example.com"]', relays).replace(OTHER.split(":")[1], place.key.public)
    for n in range(120):
        text += PROGRAM.replace("cafe-sol", f"{n:03}" + "x" * 61) + EARN
    with pytest.raises(ConfigInvalid, match=r'list "town" has \d+ bytes'):
        await place.start(text)
