"""`lists` against real relays: programs side by side, which of them do not exist, and how it ends."""

import time
from pathlib import Path

import pytest

from kinds import program as programs
from kinds import program_set, registry
from kinds.event import sign
from kinds.keys import Address, Profile, naddr_encode, nprofile_encode, npub_encode
from kinds.program import Program
from kinds.program_set import Item, ProgramSet
from nostr_loyalty import errors
from nostr_loyalty.cli.main import main
from tests.integration.guest_town import Shell, town
from tests.observer import Observer
from tests.relays.scripted import ScriptedRelay
from tests.serving import relay_named
from tests.venue import Venue, new_key


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs commands."""
    return Shell(capsys)


@pytest.mark.parametrize("relay", ["scripted", "rust"])
async def test_a_curator_s_programs_stand_side_by_side(tmp_path: Path, relay: str, shell: Shell) -> None:
    """By the curator's key, by the list's address, and from a configuration: the same programs with their rules."""
    async with town(tmp_path, relay) as place:
        curator = place.cafe.issuer.public
        named = naddr_encode(Address(registry.PROGRAM_SET, curator, "town", ()))
        asked = (
            [npub_encode(curator), "--relay", place.url], [named, "--relay", place.url], ["--config", place.config]
        )  # fmt: skip
        said = [await shell("lists", *each) for each in asked]
        assert [each.code for each in said] == [errors.EXIT_OK] * 3
        assert said[0].out == said[1].out == said[2].out
        lines = said[0].out.splitlines()
        assert lines[:3] == ["The town", f"  town, by {npub_encode(curator)}", "  D"]
        assert lines[4].split() == ["Café", "Sol", "bar-luna"]
        assert "points live 30d" in said[0].out
        assert "points do not expire" in said[0].out
        (shelf,) = (await shell("lists", named, "--relay", place.url, "--json")).json()
        assert (shelf["curator"], shelf["name"], shelf["title"]) == (curator, "town", "The town")
        assert [each["program"] for each in shelf["programs"]] == [place.cafe.address, place.bar.address]
        assert all(each["exists"] and each["definition"]["sig"] for each in shelf["programs"])


async def test_a_program_that_does_not_exist_is_told(tmp_path: Path, shell: Shell) -> None:
    """With its address, and what to do; one whose definition cannot be read, too. The exit code is 1."""
    gone, odd, curator = f"37411:{new_key().public}:gone", new_key(), new_key()
    async with town(tmp_path, "scripted") as place:
        plain = programs.template(Program(odd.public, "odd", "Odd"), int(time.time()))
        broken = sign(plain._replace(tags=(*plain.tags, ("earn", "luck", "1"))), odd)
        items = tuple(map(Item, (gone, place.cafe.address, programs.address(odd.public, "odd"))))
        listed = ProgramSet(curator.public, "x", "X", items=items)
        await place.observer.send(broken, sign(program_set.template(listed, int(time.time())), curator))
        said = await shell("lists", curator.public, "--relay", place.url)
        assert said.code == errors.EXIT_DIFFERS
        assert f"{gone}: no definition of this program is on any of these relays; ask its venue" in said.out
        assert f"{odd.public}:odd: its definition cannot be read" in said.out
        assert "1 point for each 1000 sat" in said.out
        (shelf,) = (await shell("lists", curator.public, "--relay", place.url, "--json")).json()
        assert [each["exists"] for each in shelf["programs"]] == [False, True, False]


async def test_a_list_that_is_not_there_is_told(tmp_path: Path, shell: Shell) -> None:
    """A curator without lists, and a list of another name: exit 1."""
    async with town(tmp_path, "scripted") as place:
        nobody, curator = new_key().public, place.cafe.issuer.public
        for asked in (nobody, naddr_encode(Address(registry.PROGRAM_SET, curator, "coast", ()))):
            said = await shell("lists", asked, "--relay", place.url)
            assert said.code == errors.EXIT_DIFFERS
            assert "no list of programs was found" in said.out


async def test_the_newest_version_of_a_list_is_shown(shell: Shell) -> None:
    """Of what two relays hold of one list."""
    curator, now = new_key(), int(time.time())
    versions = [
        sign(program_set.template(ProgramSet(curator.public, "x", title), at), curator)
        for title, at in (("Old", now - 5), ("New", now))
    ]
    async with ScriptedRelay() as one, ScriptedRelay() as other, Observer(one.url) as first, Observer(
        other.url
    ) as second:  # fmt: skip
        await first.send(versions[0])
        await second.send(versions[1])
        said = await shell("lists", curator.public, "--relay", one.url, "--relay", other.url)
        assert (said.code, said.out.splitlines()[0]) == (errors.EXIT_OK, "New")
        assert "Old" not in said.out


async def test_one_program_is_shown_by_its_address(tmp_path: Path, shell: Shell) -> None:
    """An naddr of a program shows its rules, without a list."""
    async with town(tmp_path, "scripted") as place:
        named = naddr_encode(Address(registry.PROGRAM, place.bar.issuer.public, "bar-luna", ()))
        said = await shell("lists", f"nostr:{named}", "--relay", place.url)
        assert said.code == errors.EXIT_OK
        assert "1 point for each 1000 sat" in said.out


async def test_a_relay_that_somebody_else_named_is_not_asked_at_home(tmp_path: Path, shell: Shell) -> None:
    """A hint leads nowhere private, unless the configuration allows it; then it is followed."""
    key = new_key()
    async with relay_named("scripted") as url, ScriptedRelay() as private, Observer(private.url) as there:
        await there.send(sign(programs.template(Program(key.public, "home", "Home"), int(time.time())), key))
        seen = private.connections_seen
        hinted = naddr_encode(Address(registry.PROGRAM, key.public, "home", (private.url,)))
        assert (await shell("lists", hinted, "--relay", url)).code == errors.EXIT_DIFFERS
        assert private.connections_seen == seen
        venue = Venue(tmp_path, [url], daemon_extra="allow_private_relays = true")
        said = await shell("lists", hinted, "--config", venue.write_config())
        assert (said.code, "Home" in said.out) == (errors.EXIT_OK, True)


async def test_a_profile_s_relays_are_hints_too(shell: Shell) -> None:
    """An nprofile says where its curator publishes; at home it is not asked, and the list is not found."""
    async with ScriptedRelay() as private:
        said = await shell("lists", nprofile_encode(Profile(new_key().public, (private.url,))))
        assert (said.code, private.connections_seen) == (errors.EXIT_DIFFERS, 0)
        assert "no list of programs was found" in said.out


def test_what_cannot_be_meant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, and what to type instead; a secret that was typed is not repeated."""
    key, relay = new_key(), ["--relay", "wss://relay.example.com"]
    config = str(Venue(tmp_path, ["wss://relay.example.com"]).write_config())
    for arguments, says in (
        (["lists", *relay], "there is nothing to show"),
        (["lists", npub_encode(key.public)], "say where to look"),
        (["lists", "--config", config], "add a section [[list]]"),
    ):
        assert main(arguments) == errors.EXIT_USAGE
        assert says in capsys.readouterr().err
    other_kind = naddr_encode(Address(30_023, key.public, "x", ()))
    for asked, says in (
        (other_kind, "neither a list nor a program"), (key.nsec(), "SECRET"), ("naddr1qqq", "naddr1qqq"),
        ("bob", "bob"), (naddr_encode(Address(registry.PROGRAM, key.public, "No Slug", ())), "37411:<64 hex digits>"),
    ):  # fmt: skip
        with pytest.raises(SystemExit) as caught:
            main(["lists", asked, *relay])
        said = capsys.readouterr().err
        assert (caught.value.code, says in said, key.nsec() in said) == (errors.EXIT_USAGE, True, False), said
