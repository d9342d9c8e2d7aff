"""The operator's hand while a daemon runs, starts, stops or is killed: a command finds the ledger and happens once."""

import asyncio
import json
import os
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from kinds import entry as entries
from kinds import registry
from kinds.event import Event
from kinds.keys import npub_encode
from ledger.database import Database
from nostr_loyalty import errors
from nostr_loyalty.cli import acting
from nostr_loyalty.commands.command import Claim, Command, Grant, Redeem
from nostr_loyalty.config.load import load
from nostr_loyalty.control.address import socket_of
from nostr_loyalty.control.request import Asked
from tests.faults.daemon_process import DaemonProcess
from tests.integration.hand import Filled, Hand, fill
from tests.observer import Observer
from tests.relays.scripted import ScriptedRelay
from tests.serving import relay_named, serving
from tests.unit.nostr_loyalty.test_control_socket import HOSTILE
from tests.venue import Venue, add_program, new_key

NOBODY = "ws://127.0.0.1:1"


def entry_ids(events: list[Event]) -> set[str]:
    """The ids of the entries among these."""
    return {event.id for event in events if event.kind == registry.ENTRY}


async def test_every_verb_reaches_the_running_daemon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The daemon decides, publishes what it booked, and logs no code and no key; the socket is for its user only."""
    async with ScriptedRelay() as relay, Observer(relay.url) as observer:
        place = await fill(tmp_path, [relay.url])
        hand, guest, friend, new = Hand(capsys, place.config), place.guest, new_key().public, new_key().public
        socket, secrets = socket_of(tmp_path / "loyalty.db"), [place.code, place.venue.issuer.nsec()]

        async def done(*words: object) -> dict[str, Any]:
            outcome = await asyncio.to_thread(hand.done, *words)
            assert outcome["daemon"] is True
            return outcome

        async with DaemonProcess(place.config) as daemon:
            await daemon.started()
            assert stat.S_IMODE(socket.stat().st_mode) == 0o600
            granted = await done("grant", guest, 5, "--as", npub_encode(place.operator), "--reason", "for a broken cup")
            await done("revoke", guest, 2)
            await done("undo")
            slip = await done("grant", guest, 3)
            await done("revoke", "--entry", *slip["facts"]["entries"])
            await done("refund", "1", "--amount", "5000 sat")
            await done("release", "5")
            vouchers = [(await done("redeem", guest, what))["facts"]["voucher"] for what in ("five", "coffee")]
            await done("use", vouchers[0], "--bill", "2 EUR")
            await done("cancel", vouchers[1])
            await done("claim", guest, place.code)
            await done("feedback", guest, "muy rico")
            await done("refer", guest, friend)
            await done("freeze", guest)
            await done("unfreeze", guest)
            await done("relink", guest, new)
            assert await asyncio.to_thread(hand.refused, "drop", "5") == "order-not-held"
            assert await asyncio.to_thread(hand.refused, "grant", guest, 1, "--as", guest) == "command-not-allowed"
            assert acting.LATER not in await asyncio.to_thread(hand, "grant", new, 1)
            history = await asyncio.to_thread(hand, "history", new, "--json")
            booked = {event["id"] for event in json.loads(history)}
            await observer.until(lambda events: True if booked <= entry_ids(events) else None)
            assert await daemon.stopped() == 0
            log = daemon.log()
        assert not socket.exists()
        assert [secret for secret in (*secrets, *vouchers) if secret in log] == []
        await asyncio.to_thread(hand.assert_clean)
        published = [event for event in await observer.events() if event.id == granted["facts"]["entries"][0]]
        assert entries.parse(published[0]).by == place.operator


async def test_a_killed_daemon_is_no_obstacle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After kill -9 its socket is left behind; the command opens the ledger, and the next daemon serves again.

    A command with one --id happens once, whoever decides on it.
    """
    async with ScriptedRelay() as relay:
        place = await fill(tmp_path, [relay.url])
        hand, ref = Hand(capsys, place.config), os.urandom(32).hex()
        async with DaemonProcess(place.config) as daemon:
            await daemon.started()
            assert (await asyncio.to_thread(hand.done, "grant", place.guest, 5, "--id", ref))["daemon"] is True
            daemon.kill()
            assert socket_of(tmp_path / "loyalty.db").exists()
            said = await asyncio.to_thread(hand, "grant", place.guest, 5, "--id", ref, "--json")
            assert (hand.code, json.loads(said)["result"], json.loads(said)["daemon"]) == (0, "duplicate", False)
            assert (await asyncio.to_thread(hand.done, "grant", place.guest, 7))["facts"]["balance"] == 72
            await daemon.started()
            assert (await asyncio.to_thread(hand.done, "undo"))["daemon"] is True
            assert await asyncio.to_thread(hand.points, place.guest) == 65
            assert await daemon.stopped() == 0


async def test_commands_while_the_daemon_comes_and_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Commands again and again, while a daemon is stopped and killed soon after it began: each is done once.

    Where the daemon was killed between the commit and its answer, the command is asked again, and had been done.
    """
    async with ScriptedRelay() as relay:
        place = await fill(tmp_path, [relay.url])
        hand, by = Hand(capsys, place.config), Counter[bool]()

        async def come_and_go() -> None:
            async with DaemonProcess(place.config) as daemon:
                for life in range(4):
                    while not daemon.ready_file.exists():
                        if not daemon.running:  # the first start, or it met a command with the ledger in its hand
                            daemon.start()
                        await asyncio.sleep(0.02)
                    await asyncio.sleep(0.02 * life)
                    if life % 2:
                        daemon.kill()
                        daemon.ready_file.unlink()
                    else:
                        assert await daemon.stopped() == 0

        turning = asyncio.create_task(come_and_go())
        while not turning.done():
            outcome = json.loads(await asyncio.to_thread(hand, "grant", place.guest, 1, "--json"))
            assert outcome["result"] in ("done", "duplicate"), outcome
            by[outcome["daemon"]] += 1
            await asyncio.sleep(0.1)  # without the ledger in hand, or no daemon could start
        await turning
        print(f"by the daemon {by[True]}, without {by[False]}")
        assert by[False] > 0
        assert await asyncio.to_thread(hand.points, place.guest) == 60 + by.total()
        await asyncio.to_thread(hand.assert_clean)


def asked(place: Filled, command: Command, actor: str | None = None) -> Asked:
    """By an operator, or by the customer that is named."""
    return Asked("cafe-sol", actor, "customer" if actor else "operator", os.urandom(32).hex(), command)


async def test_a_crowd_of_commands_at_the_socket(tmp_path: Path) -> None:
    """64 ask at once for a reward of which there are two: two get it, and nobody is turned away without an answer."""
    async with relay_named("scripted") as url:
        place = await fill(tmp_path, [url])
        config = load(place.config)
        async with serving(place.config):
            await acting.perform(config, [asked(place, Grant(place.guest, 940))])
            crowd = [[asked(place, Redeem("coffee", place.guest))] for _ in range(64)]
            performed = await asyncio.gather(*(acting.perform(config, each) for each in crowd))
        codes = Counter(outcome.code for each in performed for outcome in each.outcomes)
        assert codes == {"done": 2, "reward-sold-out": 62}
        assert all(each.by_daemon for each in performed)


async def test_many_commands_of_one_caller(tmp_path: Path) -> None:
    """A list is done in its order, by the daemon or without it; the same list again is done already."""
    async with relay_named("scripted") as url:
        place = await fill(tmp_path, [url])
        config = load(place.config)
        listed = [asked(place, Grant(place.guest, points)) for points in range(1, 41)]
        async with serving(place.config):
            first = await acting.perform(config, listed[:20])
        rest = await acting.perform(config, listed)
        assert [outcome.result for outcome in first.outcomes] == ["done"] * 20
        assert [outcome.result for outcome in rest.outcomes] == ["duplicate"] * 20 + ["done"] * 20
        assert (first.by_daemon, rest.by_daemon) == (True, False)
        assert rest.outcomes[-1].facts["balance"] == 60 + sum(range(1, 41))
        assert (await acting.perform(config, [])).outcomes == []


async def test_a_customers_command_is_the_customers(tmp_path: Path) -> None:
    """Over the socket, too: a customer's claim is the customer's, and an operator's verb is not for customers."""
    async with relay_named("scripted") as url:
        place = await fill(tmp_path, [url])
        config = load(place.config)
        async with serving(place.config):
            performed = await acting.perform(
                config,
                [asked(place, Claim(place.code), place.other), asked(place, Grant(place.other, 5), place.other)],
            )
        claimed, refused = performed.outcomes
        assert (claimed.code, claimed.facts["customer"], refused.code) == ("done", place.other, "command-not-allowed")


async def test_hostile_bytes_at_a_real_daemon(tmp_path: Path) -> None:
    """Whatever comes over the socket, in whole lines or torn off, the daemon goes on booking commands and orders."""
    async with relay_named("scripted") as url, Observer(url) as observer:
        place = await fill(tmp_path, [url])
        config, guest = load(place.config), new_key()
        async with serving(place.config):
            for line in (*HOSTILE.values(), b"x" * 100_000):
                _, writer = await asyncio.open_unix_connection(socket_of(tmp_path / "loyalty.db"))
                writer.write(line + b"\n" + line)
                writer.close()
            await observer.send(place.venue.order("after", guest.public))
            await observer.chain(place.venue, guest, 1)
            performed = await acting.perform(config, [asked(place, Grant(guest.public, 5))])
            assert performed.by_daemon
            await observer.chain(place.venue, guest, 2)


async def test_a_daemon_with_an_older_configuration_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A program that was written into the configuration after the daemon's start: exit 69, and what it serves."""
    async with relay_named("scripted") as url:
        place = await fill(tmp_path, [url])
        hand = Hand(capsys, place.config)
        async with serving(place.config):
            add_program(place.config, Venue(tmp_path, [url], slug="bar-luna"))
            await asyncio.to_thread(hand, "grant", place.guest, 5, "--program", "bar-luna")
        assert (hand.code, hand.out) == (errors.EXIT_UNAVAILABLE, "")
        assert "daemon-declined" in hand.err
        assert "there are: cafe-sol" in hand.err


async def test_a_ledger_that_is_held_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody holds the ledger and does not answer: the command waits for a while, then exit 69 names who it is."""
    place = await fill(tmp_path, [NOBODY])
    hand = Hand(capsys, place.config)
    database = await Database.open(tmp_path / "loyalty.db")
    waiting = asyncio.create_task(asyncio.to_thread(hand.done, "grant", place.guest, 5))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    await database.close()
    assert (await waiting)["daemon"] is False
    monkeypatch.setattr(acting, "PATIENCE_S", 0.3)
    database = await Database.open(tmp_path / "loyalty.db")
    await asyncio.to_thread(hand, "grant", place.guest, 5)
    await database.close()
    assert (hand.code, hand.out) == (errors.EXIT_UNAVAILABLE, "")
    assert f"process {os.getpid()}" in hand.err
    assert str(socket_of(tmp_path / "loyalty.db")) in hand.err
    assert await asyncio.to_thread(hand.points, place.guest) == 65
