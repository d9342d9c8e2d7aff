"""`cards` against real relays: what a guest's client finds of a guest, and what it refuses to believe."""

import time
from pathlib import Path

import pytest

from kinds import entry as entries
from kinds import registry
from kinds.entry import Entry
from kinds.event import Event, Template, sign, to_json
from kinds.keys import npub_encode
from kinds.tags import value
from nostr_loyalty import errors
from nostr_loyalty.cli.main import main
from tests.integration.guest_town import Liar, Shell, junk, town
from tests.integration.talk import Talk
from tests.observer import Observer
from tests.relays.real import free_port
from tests.relays.scripted import ScriptedRelay
from tests.serving import relay_named, serving
from tests.venue import Venue, new_key

everywhere = pytest.mark.parametrize("relay", ["scripted", "rust"])


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs commands."""
    return Shell(capsys)


@everywhere
async def test_a_stranger_sees_what_is_public_and_nothing_else(tmp_path: Path, relay: str, shell: Shell) -> None:
    """The public card with its chain, verified; of the private program not even its name."""
    async with town(tmp_path, relay) as place:
        said = await shell("cards", place.npub, "--relay", place.url)
        assert said.code == errors.EXIT_OK
        assert "Café Sol: 24 points" in said.out
        assert "24 of 400 to Gold" in said.out
        assert f"verified: 2 entries signed by {npub_encode(place.cafe.issuer.public)}" in said.out
        assert "bar-luna" not in said.out
        said = await shell("cards", place.guest.public, "--relay", place.url, "--json")
        found = said.json()
        assert (found["guest"], found["verified"], found["faults"]) == (place.guest.public, True, [])
        (card,) = found["cards"]
        assert (card["program"], card["points"], card["seq"], card["public"]) == (place.cafe.address, 24, 2, True)
        assert card["entries"][-1] == card["head"]
        assert card["next_expiry"]["points"] == 24


@everywhere
async def test_the_guest_sees_what_is_private_too(tmp_path: Path, relay: str, shell: Shell) -> None:
    """Proofs in wraps and the encrypted card are opened with the guest's key, and hold."""
    async with town(tmp_path, relay) as place:
        said = await shell("cards", "--key", place.key_file, "--relay", place.url, "--json")
        assert said.code == errors.EXIT_OK
        found = {card["program"]: card for card in said.json()["cards"]}
        assert {name: (card["points"], card["seq"], card["public"]) for name, card in found.items()} == {
            place.cafe.address: (24, 2, True), place.bar.address: (5, 1, False),
        }  # fmt: skip
        assert all(card["verified"] and not card["remarks"] for card in found.values())


async def test_wraps_are_read_behind_a_login(tmp_path: Path, shell: Shell) -> None:
    """A relay that gives wraps to their receiver only: the guest's client logs in (NIP-42)."""
    async with (
        town(tmp_path, "scripted") as place,
        ScriptedRelay(auth="wraps") as guarded,
        Observer(guarded.url) as copier,
    ):
        await copier.send(*await place.observer.events())
        said = await shell("cards", "--key", place.key_file, "--relay", guarded.url, "--json")
        assert said.code == errors.EXIT_OK
        assert {card["program"] for card in said.json()["cards"]} == {place.cafe.address, place.bar.address}


async def test_what_is_published_of_a_venue_does_not_depend_on_guests(tmp_path: Path) -> None:
    """Profile, handler, relay lists, program, badges, lists: with two guests more they are the same, and name none."""
    async with relay_named("scripted") as url, Observer(url) as observer:
        tiers = '[[program.tier]]\nid = "gold"\ntitle = "Gold"\nthreshold = 10\n'
        venue = Venue(tmp_path, [url], extra=tiers)
        config = venue.write_config()
        listed = f'[[list]]\nname = "town"\ntitle = "T"\nprograms = ["{venue.address}"]\n'
        config.write_text(config.read_text() + listed)
        said = {0, 10_002, 10_050, registry.FOLLOW_SET, registry.BADGE_DEFINITION, 31_990, 37_411, registry.PROGRAM_SET}
        async with serving(config):
            before = {
                event.id
                for event in await observer.until(lambda events: events if kinds(events) >= said else None)
            }  # fmt: skip
            guests = [new_key(), new_key()]
            for guest in guests:
                await observer.send(venue.wrapped(guest.public[:8], guest.public, ("50000", "sat")))
            await observer.until(lambda events: sum(each.kind == registry.CARD for each in events) == 2 or None)
        everything = await observer.events()
        assert kinds([event for event in everything if event.id not in before]) == {registry.GIFT_WRAP, registry.CARD}
        clear = [to_json(event) for event in everything if event.kind != registry.GIFT_WRAP]
        assert not any(guest.public in text for text in clear for guest in guests)


def kinds(events: list[Event]) -> set[int]:
    """Which kinds these are of."""
    return {event.kind for event in events}


@pytest.mark.parametrize("lie", ["sum", "card", "no-rules", "foreign-rules", "no-program", "gap"])
async def test_a_lie_is_told_and_ends_with_1(tmp_path: Path, lie: str, shell: Shell) -> None:
    """Whatever an issuer signs that cannot be true is named; what is true beside it is still shown."""
    async with town(tmp_path, "scripted") as place:
        liar = Liar(place.guest.public)
        first = liar.entry(1, 10, 10, None)
        rev = {"no-rules": "ab" * 32, "foreign-rules": (await place.observer.definition(place.cafe)).id}.get(lie)
        balance = 99 if lie == "sum" else 15
        second = liar.entry(2, 5, balance, first.id, rev=rev or liar.rules.id)
        shown = liar.card(999 if lie == "card" else balance, 2, second.id)
        if lie == "gap":
            second = liar.entry(3, 5, 20, second.id)
            shown = liar.card(20, 3, second.id)
        rules = [] if lie == "no-program" else [liar.rules]
        await place.observer.send(*rules, first, second, shown)
        said = await shell("cards", place.npub, "--relay", place.url)
        assert said.code == errors.EXIT_DIFFERS
        says = {
            "sum": "DOES NOT VERIFY: entry 2: ", "card": "the card says 999, and the last entry 15",
            "no-rules": "entry 2 names rules that nobody has", "gap": "DOES NOT VERIFY: entry 2 is missing",
            "foreign-rules": "entry 2 names as its rules what is no definition of this program by its issuer",
            "no-program": "the program's definition is on none of these relays",
        }  # fmt: skip
        assert says[lie] in said.out
        assert "Café Sol: 24 points" in said.out
        assert "verified: 2 entries" in said.out


async def test_who_was_private_for_a_while_is_verified_from_there_on(tmp_path: Path, shell: Shell) -> None:
    """What was withdrawn stays private: everybody's client verifies the rest, from the first entry that is public, and
    so does the guest's own, whose wraps hold what was private in between.
    """
    guest = new_key()
    key_file = tmp_path / "guest.key"
    key_file.write_text(guest.nsec())
    key_file.chmod(0o600)
    async with relay_named("rust") as url, Observer(url) as observer:
        venue = Venue(tmp_path, [url], "public")
        async with serving(venue.write_config()):
            talk = Talk(venue, observer)
            for number, text in (("1", "share private"), ("2", "share public")):
                order = venue.order(number, guest.public)
                await observer.send(order)
                await observer.replies(venue.till, order.id)
                assert (await talk.say(guest, text)).code == "answered"
            for number in ("3", "4"):
                await observer.send(venue.order(number, guest.public))
            await observer.until(lambda events: any(
                each.kind == registry.CARD and value(each.tags, "seq") == "4" for each in events
            ) or None)  # fmt: skip
        for words in ([npub_encode(guest.public)], ["--key", key_file]):
            said = await shell("cards", *words, "--relay", url)
            assert (said.code, "DOES NOT VERIFY" in said.out) == (errors.EXIT_OK, False), said.out
            assert "verified: 3 entries from number 2 on signed by" in said.out
            assert f"note: entry 1 is {'private' if len(words) == 1 else 'not here: withdrawn'}" in said.out
        (card,) = (await shell("cards", guest.public, "--relay", url, "--json")).json()["cards"]
        assert (card["verified"], card["verified_from"], card["seq"], card["faults"]) == (True, 2, 4, [])


@pytest.mark.parametrize("visibility", ["private", "public"])
async def test_a_key_that_was_forgotten_and_came_back_verifies(tmp_path: Path, visibility: str, shell: Shell) -> None:
    """Its chain begins anew: that one is verified. What the guest still has of before is noted, and no fault."""
    guest = new_key()
    key_file = tmp_path / "guest.key"
    key_file.write_text(guest.nsec())
    key_file.chmod(0o600)
    async with relay_named("scripted") as url, Observer(url) as observer:
        venue = Venue(tmp_path, [url], visibility)
        async with serving(venue.write_config()):
            talk = Talk(venue, observer)
            for order in (venue.order("1", guest.public), venue.order("2", guest.public)):
                await observer.send(order)
                await observer.replies(venue.till, order.id)
            assert (await talk.say(guest, "forget me yes")).code == "forgotten"
            back = venue.order("3", guest.public, ("30000", "sat"), at=int(time.time()) + 1)
            await observer.send(back)
            await observer.replies(venue.till, back.id)
            assert "30" in (await talk.say(guest, "balance")).text
        said = await shell("cards", "--key", key_file, "--relay", url, "--json")
        assert said.code == errors.EXIT_OK, said.out
        (card,) = said.json()["cards"]
        assert (card["points"], card["seq"], len(card["entries"]), card["verified"]) == (30, 1, 1, True)
        assert len(card["earlier_entries"]) == (2 if visibility == "private" else 0)
        assert any("of an earlier chain" in one for one in card["remarks"]) == (visibility == "private")


async def test_a_guest_asks_for_what_notices_kept_back(tmp_path: Path, shell: Shell) -> None:
    """With notices switched off for a while there is a hole in what the guest was sent; `history` fills it, also with
    what was public first and then withdrawn.
    """
    guest = new_key()
    key_file = tmp_path / "guest.key"
    key_file.write_text(guest.nsec())
    key_file.chmod(0o600)
    async with relay_named("rust") as url, Observer(url) as observer:
        venue = Venue(tmp_path, [url], "public")
        async with serving(venue.write_config()):
            talk = Talk(venue, observer)
            for number, text in (("1", "share private"), ("2", "notify off"), ("3", "notify all"), ("4", "balance")):
                order = venue.order(number, guest.public)
                await observer.send(order)
                await observer.replies(venue.till, order.id)
                assert (await talk.say(guest, text)).code == "answered"
            asked = ("cards", "--key", key_file, "--relay", url)
            said = await shell(*asked)
            assert (said.code, "DOES NOT VERIFY" in said.out) == (errors.EXIT_DIFFERS, True), said.out
            await talk.say(guest, "history 100")
            said = await shell(*asked)
            assert said.code == errors.EXIT_OK, said.out
            assert "verified: 4 entries signed by" in said.out


async def test_a_forged_proof_is_told(tmp_path: Path, shell: Shell) -> None:
    """A message that carries somebody else's entry is named by its author; junk in wraps is left alone."""
    async with town(tmp_path, "scripted") as place:
        liar = Liar(place.guest.public)
        stolen = (await place.observer.chain(place.bar, place.guest, 1))[0].event
        await place.observer.send(liar.told_to(place.guest, to_json(stolen)), junk(place.guest.public))
        said = await shell("cards", "--key", place.key_file, "--relay", place.url)
        assert said.code == errors.EXIT_DIFFERS
        assert f"DOES NOT VERIFY: a message by {npub_encode(liar.key.public)} carries an entry that is none" in said.out
        assert "1 gift wrap to this key did not open and was left alone" in said.out
        assert said.out.count("verified: ") == 2


async def test_a_message_that_proves_something_else_is_none_of_this(tmp_path: Path, shell: Shell) -> None:
    """An attestation that the guest asked for travels as a proof, too: it is no entry, and no fault."""
    async with town(tmp_path, "scripted") as place:
        other = sign(Template(registry.ATTESTATION, int(time.time()), (), ""), place.bar.issuer)
        await place.observer.send(Liar(place.guest.public).told_to(place.guest, to_json(other)))
        said = await shell("cards", "--key", place.key_file, "--relay", place.url)
        assert said.code == errors.EXIT_OK


async def test_an_impostor_s_entry_is_told(tmp_path: Path, shell: Shell) -> None:
    """An entry of the café's program that the café has not signed is not put into its chain."""
    async with town(tmp_path, "scripted") as place:
        line = Entry(
            program=place.cafe.address, relay="", customer=place.guest.public, type="earned", points=500,
            balance=524, seq=3, prev="ab" * 32, rev="cd" * 32, key="ef" * 32, text="",
        )  # fmt: skip
        await place.observer.send(sign(entries.template(line, int(time.time())), new_key()))
        said = await shell("cards", place.npub, "--relay", place.url, "--json")
        assert said.code == errors.EXIT_DIFFERS
        found = said.json()
        assert "entry-wrong-issuer" in found["faults"][0]
        (card,) = found["cards"]
        assert (card["points"], card["verified"]) == (24, True)


async def test_relays_that_do_not_answer(tmp_path: Path, shell: Shell) -> None:
    """One of two is warned of, and what the other has is shown; none at all is exit 69."""
    down = f"ws://127.0.0.1:{free_port()}"
    async with town(tmp_path, "scripted") as place:
        said = await shell("cards", place.npub, "--relay", place.url, "--relay", down)
        assert said.code == errors.EXIT_OK
        assert "Café Sol: 24 points" in said.out
        assert down in said.err
        said = await shell("cards", place.npub, "--relay", down)
        assert (said.code, said.out) == (errors.EXIT_UNAVAILABLE, "")
        assert down in said.err


async def test_a_guest_that_nobody_knows_has_nothing(shell: Shell) -> None:
    """That is no fault: nothing was found, and nothing is wrong."""
    async with ScriptedRelay() as relay:
        said = await shell("cards", new_key().public, "--relay", relay.url)
        assert (said.code, said.out.splitlines()[1:]) == (errors.EXIT_OK, ["  no card and no entry was found"])


def test_what_cannot_be_meant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, and what to type instead; a secret that was typed is not repeated."""
    key = new_key()
    file = tmp_path / "guest.key"
    file.write_text(key.nsec())
    file.chmod(0o600)
    relay = ["--relay", "wss://relay.example.com"]
    somebody = npub_encode(new_key().public)
    for arguments, says in (
        (["cards", *relay], "say whose cards"),
        (["cards", somebody, "--key", str(file), *relay], "opens nothing of anybody else's"),
    ):
        assert main(arguments) == errors.EXIT_USAGE
        assert says in capsys.readouterr().err
    for arguments, says in (
        (["cards", somebody], "--relay"),
        (["cards", key.nsec(), *relay], "SECRET"),
        (["cards", somebody, "--relay", "https://x"], "a relay's URL begins with"),
    ):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        said = capsys.readouterr().err
        assert (caught.value.code, says in said, key.nsec() in said) == (errors.EXIT_USAGE, True, False)
