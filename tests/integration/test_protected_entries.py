"""NIP-70: private entries are protected. Relays take them from the issuer only, who logs in; also to go public."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from kinds import entry as wire
from kinds import registry, relay_auth
from kinds.event import Event, parse_event, sign, verify
from kinds.keys import SecretKey
from kinds.tags import value
from tests.faults.daemon_process import DaemonProcess
from tests.integration.talk import Talk
from tests.observer import Observer, messages
from tests.relays.client import BareClient
from tests.relays.scripted import ScriptedRelay
from tests.serving import relay_named, serving
from tests.venue import Venue, new_key


async def proofs(observer: Observer, guest: SecretKey, number: int) -> list[Event]:
    """The entries in the guest's notices, once there are so many, in their order."""

    def pick(events: list[Event]) -> list[Event] | None:
        texts = [value(message.tags, "proof") for message in messages(events, guest)]
        found = [verify(parse_event(text)) for text in texts if text is not None]
        return sorted(found, key=lambda one: wire.parse(one).seq) if len(found) >= number else None

    return await observer.until(pick)


async def shown(observer: Observer, number: int) -> list[Event]:
    """The entries that stand on the relay in clear, once there are so many, in their order."""

    def pick(events: list[Event]) -> list[Event] | None:
        found = [event for event in events if event.kind == registry.ENTRY]
        return sorted(found, key=lambda one: wire.parse(one).seq) if len(found) >= number else None

    return await observer.until(pick)


async def offered(url: str, event: Event, login: SecretKey | None) -> list[Any]:
    """What a relay says when somebody else hands in an event: with this name, or with none."""
    async with BareClient(url) as client:
        await client.send("EVENT", event._asdict())
        said = await client.next_of("OK", event.id)
        if login is None or not str(said[3]).startswith("auth-required:"):
            return said
        (challenge, *_) = [message[1] for message in client.unasked if message[0] == "AUTH"][::-1]
        answer = sign(relay_auth.template(url, challenge, int(time.time())), login)
        await client.send("AUTH", answer._asdict())
        assert (await client.next_of("OK", answer.id))[2] is True
        return await client.publish(event._asdict())


async def two_guests(venue: Venue, observer: Observer, guest: SecretKey, other: SecretKey) -> None:
    """Two orders of a guest, and one of another."""
    for order in ("a", "b"):
        await observer.send(venue.wrapped(order, guest.public))
    await observer.send(venue.wrapped("c", other.public))


@pytest.mark.parametrize("relay", ["rust", "python", "npm"])
async def test_what_was_private_goes_public(tmp_path: Path, relay: str) -> None:
    """The very entries that the guest holds appear on relays in use, and are a chain."""
    guest = new_key()
    async with relay_named(relay) as url, Observer(url) as observer:
        venue = Venue(tmp_path, [url])
        async with serving(venue.write_config()):
            await two_guests(venue, observer, guest, new_key())
            held = await proofs(observer, guest, 2)
            assert all(("-",) in event.tags for event in held)
            assert (await Talk(venue, observer).say(guest, "share public")).code == "answered"
            found = await shown(observer, 2)
    assert found == held
    wire.verify_chain(found)


@pytest.mark.parametrize("who", ["nobody", "the guest", "another"])
async def test_nobody_else_publishes_them(tmp_path: Path, who: str) -> None:
    """On a relay that knows NIP-70 not even the guest gets its receipts published; the issuer does, by logging in."""
    guest, other = new_key(), new_key()
    login = {"nobody": None, "the guest": guest, "another": other}[who]
    async with relay_named("rust") as url, Observer(url) as observer:
        venue = Venue(tmp_path, [url])
        async with serving(venue.write_config()):
            await two_guests(venue, observer, guest, other)
            held = await proofs(observer, guest, 2)
            for event in held:
                said = await offered(url, event, login)
                assert said[2] is False, said
            assert not [event for event in await observer.events() if event.kind == registry.ENTRY]
            await Talk(venue, observer).say(guest, "share public")
            assert await shown(observer, 2) == held


async def test_where_wraps_are_guarded_too(tmp_path: Path) -> None:
    """The same on a relay that shows wraps only to whom they are for: everybody logs in."""
    guest, other = new_key(), new_key()
    async with ScriptedRelay(auth="wraps") as relay:
        venue = Venue(tmp_path, [relay.url])
        async with serving(venue.write_config()), Observer(relay.url, login=guest) as observer:
            await two_guests(venue, observer, guest, other)
            held = await proofs(observer, guest, 2)
            assert (await offered(relay.url, held[0], other))[3].startswith("restricted:")
            await Talk(venue, observer).say(guest, "share public")
            assert await shown(observer, 2) == held


SHARED = "Your entries and your card at Café Sol are public from now on."


def words(events: list[Event], guest: SecretKey) -> list[str]:
    """What a guest was told without having asked, and not about an entry."""
    told = [one for one in messages(events, guest) if value(one.tags, "answer") is None]
    return [one.content for one in told if value(one.tags, "proof") is None]


async def test_where_nobody_can_log_in(tmp_path: Path) -> None:
    """A relay that refuses whatever is protected takes none of them: the guest is not told that they are public, and
    then, once, that they are not. It holds nothing else up, and what comes after is public and taken.
    """
    guest = new_key()
    async with ScriptedRelay() as relay, Observer(relay.url) as observer:
        venue = Venue(tmp_path, [relay.url])
        async with DaemonProcess(venue.write_config()) as daemon:
            await daemon.started()
            await two_guests(venue, observer, guest, new_key())
            await proofs(observer, guest, 2)
            answer = await Talk(venue, observer).say(guest, "share public")
            assert answer.code == "answered"
            assert f"{SHARED} Your entries of the past are being brought to the relays; if none" in answer.text
            (told,) = await observer.until(lambda events: words(events, guest) or None)
            assert told.startswith("Not all of your entries of the past at Café Sol could be made public:")
            await daemon.until(lambda: len(daemon.said("promise abandoned")) == 2, 10.0)
            assert all("blocked: it is protected" in line["reason"] for line in daemon.said("promise abandoned"))
            (line,) = daemon.said("entries of the past cannot be shown")
            assert "NIP-42" in line["remedy"]
            await observer.send(venue.wrapped("d", guest.public))
            (entry,) = await shown(observer, 1)
            assert wire.parse(entry).seq == 3
            assert await daemon.stopped() == 0
        assert words(await observer.events(), guest) == [told]
    assert json.dumps(entry.tags).count('["-"]') == 0


async def test_one_relay_that_takes_them_is_enough(tmp_path: Path) -> None:
    """Also where two have to say yes to everything else: nothing is given up, and nothing else is said."""
    guest = new_key()
    async with ScriptedRelay() as closed, relay_named("rust") as url, Observer(url) as observer:
        venue = Venue(tmp_path, [closed.url, url], daemon_extra="acks = 2")
        async with DaemonProcess(venue.write_config()) as daemon:
            await daemon.started()
            await two_guests(venue, observer, guest, new_key())
            held = await proofs(observer, guest, 2)
            await Talk(venue, observer).say(guest, "share public")
            assert await shown(observer, 2) == held
            assert await daemon.stopped() == 0
            assert daemon.said("promise abandoned") == []
        assert words(await observer.events(), guest) == []


async def test_they_are_brought_when_the_venue_has_another_relay(tmp_path: Path) -> None:
    """After a start with one more relay, and without the guest's doing anything; the guest who has gone private
    meanwhile stays private.
    """
    guest, other = new_key(), new_key()
    async with ScriptedRelay() as closed, relay_named("rust") as url, Observer(closed.url) as observer:
        venue = Venue(tmp_path, [closed.url])
        async with serving(venue.write_config()):
            await two_guests(venue, observer, guest, other)
            held = await proofs(observer, guest, 2)
            for one in (guest, other):
                await Talk(venue, observer).say(one, "share public")
                await observer.until(lambda events, one=one: words(events, one) or None)
            await Talk(venue, observer).say(other, "share private")
        venue.relays = [closed.url, url]
        async with serving(venue.write_config()), Observer(url) as there:
            assert await shown(there, 2) == held
