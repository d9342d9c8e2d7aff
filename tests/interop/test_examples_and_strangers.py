"""The programs of examples/, as they stand, and what strangers write to the keys that run them."""

import os
import time
from pathlib import Path

import pytest

from kinds import direct_message, gift_wrap, nip44
from kinds import entry as entries
from kinds import program as programs
from kinds.entry import Entry
from kinds.event import Event, sign
from kinds.keys import SecretKey, npub_encode
from kinds.program import Program, address
from tests.interop.test_examples import ORDER_SYSTEMS, folder, key_file, needs_tools, run
from tests.observer import Observer
from tests.relays.scripted import ScriptedRelay
from tests.serving import serving
from tests.venue import Venue, new_key

__all__ = ["folder"]  # the fixture


def by_a_stranger(to: SecretKey, *tags: tuple[str, ...]) -> Event:
    """A gift wrap with these tags in its message, dated ahead: whoever asks for the newest one gets it."""
    stranger, ahead = new_key(), int(time.time()) + 600
    rumor = direct_message.compose(stranger.public, [to.public], "hello", tags, ahead)
    conversation = nip44.conversation_key(stranger, to.public)
    sealed = gift_wrap.seal(rumor, stranger, to.public, conversation, nonce=os.urandom(32), created_at=ahead)
    return gift_wrap.wrap(sealed, to.public, new_key(), nonce=os.urandom(32), created_at=ahead)


@pytest.mark.parametrize("program", ORDER_SYSTEMS)
async def test_an_order_system_is_not_stopped_by_a_stranger(tmp_path: Path, folder: Path, program: str) -> None:
    """A message to the till with a tag of one word lies at the relay: orders are answered all the same."""
    guest = new_key()
    async with ScriptedRelay() as relay, Observer(relay.url) as observer:
        venue = Venue(tmp_path, [relay.url])
        await observer.send(by_a_stranger(venue.till, ("x",)))
        ours = (relay.url, venue.address, key_file(folder, "till.key", venue.till))
        async with serving(venue.write_config()):
            ran = await run(folder, program, *ours, "A-17", "12500", "sat", npub_encode(guest.public))
    assert ran == (0, ["1st visit this month; +12 points, balance 12"], "")


@needs_tools
async def test_a_stranger_does_not_steer_a_guest_s_terminal(tmp_path: Path, folder: Path) -> None:
    """Of a program's name, of its address and of an entry's text only what can be printed is shown."""
    guest, stranger, now = new_key(), new_key(), int(time.time())
    rules = sign(programs.template(Program(stranger.public, "cafe", "Café \x1b[2J"), now), stranger)
    line = Entry(
        program=address(stranger.public, "cafe"), relay="", customer=guest.public, type="earned", points=5, balance=5,
        seq=1, prev=None, rev=rules.id, key="ab" * 32, text="+5 \x1b]0;pwned\x07 \u202e",
    )  # fmt: skip
    async with ScriptedRelay() as relay, Observer(relay.url) as observer:
        await observer.send(rules, sign(entries.template(line, now), stranger))
        ran = await run(folder, "guest_balance.mjs", relay.url, key_file(folder, "guest.key", guest))
    assert (ran.status, ran.errors) == (0, "")
    assert all(text.isprintable() for text in ran.lines), ran.lines
    assert ran.lines[0] == "Café \N{REPLACEMENT CHARACTER}[2J: 5 (1 entry, all in order)"
