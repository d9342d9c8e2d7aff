"""The programs of examples/, as they stand, against a real daemon and a real relay."""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from kinds.keys import SecretKey, npub_encode
from nostr_loyalty.keyfile import write_key_file
from tests.integration.talk import Talk
from tests.observer import Observer
from tests.relays.real import unavailable
from tests.relays.scripted import ScriptedRelay
from tests.serving import relay_named, serving
from tests.venue import Venue, new_key

FOLDER = Path(__file__).parents[2] / "examples"
MODULES = Path(__file__).parent / "node_modules"
NODE = shutil.which("node")
RUN_S_MAX = 60.0
CODE = "claim code for the receipt: "
THANKS = "Thank you for your visit to Café Sol."

needs_sdk = pytest.mark.skipif(unavailable("rust") is not None, reason=str(unavailable("rust")))
needs_tools = pytest.mark.skipif(
    NODE is None or not (MODULES / "nostr-tools").is_dir(), reason="node or nostr-tools is not installed (make test)"
)


class Ran(NamedTuple):
    """How a program ended."""

    status: int
    lines: list[str]
    errors: str


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the examples as after `npm install`."""
    copy = tmp_path / "examples"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    if MODULES.is_dir():
        (copy / "node_modules").symlink_to(MODULES)
    return copy


async def started(folder: Path, name: str, *arguments: str) -> asyncio.subprocess.Process:
    """A program of the examples."""
    interpreter = sys.executable if name.endswith(".py") else NODE
    assert interpreter is not None
    return await asyncio.create_subprocess_exec(
        interpreter, name, *arguments, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )  # fmt: skip


async def run(folder: Path, name: str, *arguments: str) -> Ran:
    """The same, to its end."""
    process = await started(folder, name, *arguments)
    try:
        out, errors = await asyncio.wait_for(process.communicate(), RUN_S_MAX)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode().splitlines(), errors.decode())


def key_file(folder: Path, name: str, key: SecretKey) -> str:
    """A key in a file, as `nostr-loyalty key new` writes it."""
    write_key_file(folder / name, key.nsec())
    return name


ORDER_SYSTEMS = [
    pytest.param("order_system.py", marks=needs_sdk),
    pytest.param("order_system.mjs", marks=needs_tools),
]


@pytest.mark.parametrize("relay", ["scripted", "rust"])
@pytest.mark.parametrize("program", ORDER_SYSTEMS)
async def test_an_order_system_gets_its_answers(tmp_path: Path, folder: Path, program: str, relay: str) -> None:
    """A guest's order gives the line, the same order again as a new message the line of a repetition; an order without
    a guest a claim code; a refused one its reason and a failure.
    """
    guest = new_key()
    async with relay_named(relay) as url:
        venue = Venue(tmp_path, [url])
        till = key_file(folder, "till.key", venue.till)
        async with serving(venue.write_config()):
            ours = (url, venue.address, till)
            first = await run(folder, program, *ours, "A-17", "12500", "sat", npub_encode(guest.public))
            assert first == (0, ["1st visit this month; +12 points, balance 12"], "")
            again = await run(folder, program, *ours, "A-17", "12500", "sat", npub_encode(guest.public))
            assert again.status == 0
            assert again.lines == ["Counted before: 1st visit this month; +12 points, balance 12"]
            status, (line, code), _ = await run(folder, program, *ours, "A-18", "3000", "sat")
            assert status == 0
            assert code.startswith(CODE)
            assert code.removeprefix(CODE) in line
            refused = await run(folder, program, *ours, "A-19", "3.00", "EUR")
            assert refused.status == 1
            assert refused.lines[0].startswith("Rejected")


async def line_of(process: asyncio.subprocess.Process) -> str:
    """The next line that a program writes."""
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), RUN_S_MAX)
    assert line, "the program has ended"
    return line.decode().rstrip("\n")


@asynccontextmanager
async def running(folder: Path, name: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program of the examples, until the block ends."""
    process = await started(folder, name, *arguments)
    try:
        yield process
    finally:
        process.kill()
        await process.communicate()


@asynccontextmanager
async def guarded() -> AsyncIterator[str]:
    """The URL of a relay that is read by those only who have logged in."""
    async with ScriptedRelay(auth="reads") as relay:
        yield relay.url


@needs_sdk
@pytest.mark.parametrize("relay", ["scripted", "rust", "guarded"])
async def test_a_kitchen_display_shows_each_line(tmp_path: Path, folder: Path, relay: str) -> None:
    """Order by order, with its id; what somebody else writes to the display is not shown. It logs in where that is
    asked for.
    """
    display = new_key()
    async with guarded() if relay == "guarded" else relay_named(relay) as url, Observer(url) as observer:
        venue = Venue(tmp_path, [url], extra=f'monitors = ["{npub_encode(display.public)}"]')
        other = Venue(tmp_path, [url], issuer=display)
        async with (
            serving(venue.write_config()),
            running(
                folder, "kitchen_display.py", url, venue.address, key_file(folder, "display.key", display)
            ) as shown,
        ):
            assert await line_of(shown) == "listening"
            await observer.send(other.wrapped("X-1", None))  # a wrap to the display's key, of another kind
            for number, customer in enumerate((new_key().public, None), start=1):
                await observer.send(venue.wrapped(f"A-{number}", customer))
                _, order, line = (await line_of(shown)).split("  ", 2)
                assert order == f"A-{number}"
                assert line.startswith("1st visit this month; +12 points" if customer else "No customer named")


@needs_tools
@pytest.mark.parametrize("visibility", ["private", "public"])
@pytest.mark.parametrize("relay", ["scripted", "rust"])
async def test_a_guest_sees_the_balance(tmp_path: Path, folder: Path, relay: str, visibility: str) -> None:
    """Nothing before the first order; then the balance that the entries come to, with how many there are."""
    guest = new_key()
    async with relay_named(relay) as url, Observer(url) as observer:
        venue = Venue(tmp_path, [url], visibility=visibility)
        asked = (url, key_file(folder, "guest.key", guest))
        async with serving(venue.write_config()):
            assert await run(folder, "guest_balance.mjs", *asked) == (0, ["nothing yet"], "")
            for number in (1, 2):
                await observer.send(venue.wrapped(f"A-{number}", guest.public))
            await observer.chain(venue, guest, 2)
            seen = await run(folder, "guest_balance.mjs", *asked)
            lines = ["Café Sol: 24 (2 entries, all in order)", f"  {venue.address}", f"  last: +12  {THANKS}"]
            assert seen == (0, lines, "")


@needs_tools
async def test_a_guest_who_was_forgotten_and_came_back_begins_anew(tmp_path: Path, folder: Path) -> None:
    """The new chain is verified and shown; that there was an earlier one is told, and no fault."""
    guest = new_key()
    async with ScriptedRelay() as relay, Observer(relay.url) as observer:
        venue = Venue(tmp_path, [relay.url])
        async with serving(venue.write_config()):
            for number in (1, 2):
                await observer.send(venue.wrapped(f"A-{number}", guest.public))
            await observer.chain(venue, guest, 2)
            talk = Talk(venue, observer)
            assert (await talk.say(guest, "forget me yes")).code == "forgotten"
            await asyncio.sleep(1.1)  # the new beginning is told by its later second
            back = venue.order("A-3", guest.public, ("30000", "sat"), at=int(time.time()) + 1)
            await observer.send(back)
            await observer.replies(venue.till, back.id)
            await talk.say(guest, "balance")
        seen = await run(folder, "guest_balance.mjs", relay.url, key_file(folder, "guest.key", guest))
        assert seen == (0, [
            "Café Sol: 30 (1 entry, all in order)", f"  {venue.address}", f"  last: +30  {THANKS}",
            "  2 of an earlier chain: this key was forgotten, and began anew",
        ], "")  # fmt: skip


@needs_tools
@pytest.mark.parametrize("hole", [1, 2])
async def test_a_guest_asks_again_for_what_was_kept_back(tmp_path: Path, folder: Path, hole: int) -> None:
    """With notices off for an order there is a hole, or a chain in order without its beginning; after `history` it is
    whole.
    """
    guest = new_key()
    async with relay_named("rust") as url, Observer(url) as observer:
        venue = Venue(tmp_path, [url], visibility="private")
        asked, talk = (url, key_file(folder, "guest.key", guest)), Talk(venue, observer)
        async with serving(venue.write_config()):
            for number in (1, 2, 3):
                await talk.say(guest, "notify off" if number == hole else "notify all")
                order = venue.order(f"A-{number}", guest.public)
                await observer.send(order)
                await observer.replies(venue.till, order.id)
            await talk.say(guest, "balance")
            status, lines, _ = await run(folder, "guest_balance.mjs", *asked)
            if hole == 1:
                assert (status, lines[0]) == (0, "Café Sol: 36 (2 entries, all in order)")
                assert lines[3].startswith("  entries 1 to 1 are not here: write “history” to the program")
            else:
                assert (status, lines[0]) == (1, "Café Sol: entry 2 is missing, or there are two of it")
            await talk.say(guest, "history")
            while "3 entries" not in (seen := await run(folder, "guest_balance.mjs", *asked)).lines[0]:
                pass
            assert (seen.status, seen.lines[0]) == (0, "Café Sol: 36 (3 entries, all in order)")


@needs_tools
async def test_a_guest_notices_what_is_missing(tmp_path: Path, folder: Path) -> None:
    """A relay that lost an entry makes no balance: the gap is told, and the program fails."""
    guest = new_key()
    async with ScriptedRelay() as relay, ScriptedRelay() as forgetful, Observer(relay.url) as observer:
        venue = Venue(tmp_path, [relay.url], visibility="public")
        async with serving(venue.write_config()):
            for number in (1, 2, 3):
                await observer.send(venue.wrapped(f"A-{number}", guest.public))
            chain = await observer.chain(venue, guest, 3)
        for event in relay.events:
            if event["id"] != chain[1].event.id:
                forgetful.accept(event)
        seen = await run(folder, "guest_balance.mjs", forgetful.url, key_file(folder, "guest.key", guest))
        assert seen == (1, ["Café Sol: entry 2 is missing, or there are two of it", f"  {venue.address}"], "")


@pytest.mark.parametrize(
    "program", [*ORDER_SYSTEMS, pytest.param("guest_balance.mjs", marks=needs_tools)]
)  # fmt: skip
async def test_a_relay_that_asks_for_a_login_gets_one(tmp_path: Path, folder: Path, program: str) -> None:
    """Wraps that a relay gives to their receiver only are read all the same."""
    person = new_key()
    async with ScriptedRelay(auth="wraps") as relay, Observer(relay.url) as observer:
        venue = Venue(tmp_path, [relay.url], till=person)
        asked = [relay.url, key_file(folder, "person.key", person)]
        async with serving(venue.write_config()):
            if program == "guest_balance.mjs":
                await observer.send(venue.wrapped("A-1", person.public))
                while (seen := await run(folder, program, *asked)).lines == ["nothing yet"]:
                    assert seen.status == 0
                assert seen.lines[0] == "Café Sol: 12 (1 entry, all in order)"
            else:
                seen = await run(folder, program, asked[0], venue.address, asked[1], "A-1", "12000", "sat")
                assert seen.lines[1].startswith(CODE)
            assert (seen.status, seen.errors) == (0, "")


@pytest.mark.parametrize("program", ORDER_SYSTEMS)
async def test_an_order_is_sent_again_until_it_is_answered(tmp_path: Path, folder: Path, program: str) -> None:
    """Without an answer the order goes out as a new message, three times; then it says that nothing is lost."""
    source = (folder / program).read_text()
    impatient = source.replace("ANSWER_WITHIN_S = 3, 10", "ANSWER_WITHIN_S = 3, 0.5")
    impatient = impatient.replace("ANSWER_WITHIN_MS = 10_000", "ANSWER_WITHIN_MS = 500")
    assert impatient != source
    (folder / program).write_text(impatient)
    async with ScriptedRelay() as relay:
        venue = Venue(tmp_path, [relay.url])
        ours = (relay.url, venue.address, key_file(folder, "till.key", venue.till))
        status, lines, errors = await run(folder, program, *ours, "A-1", "12000", "sat")
        assert status == 1
        assert "nothing is lost" in "\n".join([*lines, errors])
        assert len({event["id"] for event in relay.events}) == 3
