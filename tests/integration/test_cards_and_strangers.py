"""`cards` and what strangers sign or name for a guest: it costs the guest neither the answer nor an afternoon."""

import time
from pathlib import Path

import pytest

from kinds import card as cards
from kinds import program as programs
from kinds import registry
from kinds.card import NextExpiry
from kinds.event import sign
from kinds.program import Program
from kinds.tags import NUMBER_MAX
from nostr_loyalty import errors
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.guest import relays as guest_relays
from nostr_loyalty.guest.relays import Relays
from nostr_loyalty.reaching.hosts import Hosts
from relay_client.filter import Filter
from tests.integration.guest_town import Liar, Shell
from tests.observer import Observer
from tests.relays.scripted import ScriptedRelay
from tests.serving import serving
from tests.venue import Venue, new_key

RULES = Filter(kinds=(registry.PROGRAM,))


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs commands."""
    return Shell(capsys)


@pytest.mark.parametrize("at", [NUMBER_MAX, 253_402_300_799])
async def test_points_that_run_out_beyond_any_calendar_are_shown(at: int, shell: Shell) -> None:
    """The number itself where no calendar has it; whatever is true beside it is shown as ever."""
    liar = Liar(new_key().public)
    line = liar.entry(1, 5, 5, None)
    shown = cards.parse(liar.card(5, 1, line.id))._replace(next_expiry=NextExpiry(5, at))
    async with ScriptedRelay() as relay, Observer(relay.url) as observer:
        await observer.send(liar.rules, line, sign(cards.public_template(shown, liar.now), liar.key))
        said = await shell("cards", liar.guest, "--relay", relay.url)
    assert (said.code, "verified: 1 entry" in said.out) == (errors.EXIT_OK, True), said.out + said.err
    assert f"5 run out at {at} (seconds since 1970)" in said.out or "5 run out at 9999-12-31 23:59" in said.out


async def test_a_silent_relay_that_an_event_names_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many programs name it: its seconds are spent with the first question. One that answers goes on."""
    monkeypatch.setattr(guest_relays, "HINTED_S_MAX", 1.0)
    async with ScriptedRelay() as named, ScriptedRelay() as silent, ScriptedRelay() as other:
        async with Observer(other.url) as observer:
            key = new_key()
            await observer.send(sign(programs.template(Program(key.public, "cafe", "Café"), int(time.time())), key))
        silent.pause()
        resolve = Hosts(allow_private=True).resolve
        async with Relays([named.url], SystemClock(), resolve=resolve) as relays:
            begun = time.monotonic()
            for _ in range(20):
                assert await relays.ask_at([silent.url], RULES) == []
            assert time.monotonic() - begun < 5.0
            assert [len(await relays.ask_at([other.url], RULES)) for _ in range(20)] == [1] * 20
            assert list(relays.troubles) == [silent.url]
        silent.resume()


async def test_a_venue_that_turned_public_verifies_for_its_guests(tmp_path: Path, shell: Shell) -> None:
    """Its private cards stay at the relays; the guest's own client goes by the newer one, which everybody can read."""
    guest, key_file = new_key(), tmp_path / "guest.key"
    key_file.write_text(guest.nsec())
    key_file.chmod(0o600)
    async with ScriptedRelay() as relay, Observer(relay.url) as observer:
        venue = Venue(tmp_path, [relay.url])
        for number, venue.visibility in enumerate(("private", "public"), start=1):
            async with serving(venue.write_config()):
                await observer.send(venue.order(str(number), guest.public))
                await observer.card(venue, guest, (await observer.chain(venue, guest, number))[-1])
        said = await shell("cards", "--key", key_file, "--relay", relay.url)
    assert (said.code, "DOES NOT VERIFY" in said.out) == (errors.EXIT_OK, False), said.out
    assert "Café Sol: 24 points" in said.out
    assert "public card at entry 2" in said.out
