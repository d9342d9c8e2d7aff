"""The socket's file, and what hostile, slow or many strangers do to the daemon: nothing."""

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from nostr_loyalty.commands.command import Grant
from nostr_loyalty.commands.outcome import Outcome
from nostr_loyalty.control.address import listen, socket_of
from nostr_loyalty.control.client import NoAnswer, connected
from nostr_loyalty.control.request import LINE_BYTES_MAX, Trouble, write_request
from nostr_loyalty.control.server import CONNECTIONS_MAX, LINE_S_MAX
from tests.unit.nostr_loyalty.control_office import GUEST, WAIT_S, Office, grant, said


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Not open yet."""
    return Office(tmp_path)


HOSTILE = {
    "nothing": b"",
    "no JSON": b"grant ana 5",
    "no UTF-8": b'{"program": "\xff\xfe"}',
    "zeros": bytes(1000),
    "another value": b"[1, 2]",
    "too deep": b"[" * 20_000,
    "a number that is none": b'{"program": NaN}',
    "HTTP": b"GET / HTTP/1.1\r",
    "no fields": b"{}",
}


@pytest.mark.parametrize("line", HOSTILE.values(), ids=list(HOSTILE))
async def test_bytes_that_are_no_request_are_answered_with_a_sentence(office: Office, line: bytes) -> None:
    """Nothing reaches the desk, and the same connection may go on with something better."""
    async with office.serving():
        reader, writer = await office.raw()
        writer.write(line + b"\n")
        trouble = await said(reader)
        assert isinstance(trouble, Trouble)
        assert trouble.sentence.startswith("not understood: ")
        assert not trouble.again
        assert office.desk.requests == []
        writer.write(write_request(grant()))
        assert isinstance(await said(reader), Outcome)
        writer.close()


async def test_a_line_has_a_longest_length(office: Office) -> None:
    """A line beyond the bound is not read to its end: one sentence, then the connection is closed; others go on."""
    async with office.serving():
        reader, writer = await office.raw()
        writer.write(b"x" * (LINE_BYTES_MAX + 1))
        trouble = await said(reader)
        assert isinstance(trouble, Trouble)
        assert str(LINE_BYTES_MAX) in trouble.sentence
        assert await asyncio.wait_for(reader.read(), WAIT_S) == b""
        writer.close()
        async with connected(office.path) as daemon:
            await daemon.ask(grant())


async def test_the_longest_feedback_fits(office: Office) -> None:
    """A request with the longest texts that a command may have stays below the bound, in any script."""
    asked = grant()._replace(command=Grant(GUEST, 5, "🥐" * 500))
    assert len(write_request(asked)) < LINE_BYTES_MAX
    async with office.serving(), connected(office.path) as daemon:
        assert (await daemon.ask(asked)).result == "done"


async def test_who_says_nothing_is_shown_out(office: Office) -> None:
    """A connection that is silent, or that never ends its line, is closed after the time for a line."""
    async with office.serving():
        silent, slow = await office.raw(), await office.raw()
        slow[1].write(b'{"program": ')
        async with connected(office.path) as daemon:  # the two are there when this one was served
            await daemon.ask(grant())
        await office.clock.advance(LINE_S_MAX)
        for reader, writer in (silent, slow):
            assert await asyncio.wait_for(reader.read(), WAIT_S) == b""
            writer.close()


async def test_only_so_many_at_the_same_time(office: Office) -> None:
    """Who is one too many is told to ask again, and is heard when another has left."""
    async with office.serving():
        many = [await office.raw() for _ in range(CONNECTIONS_MAX)]
        async with connected(office.path) as daemon:
            with pytest.raises(NoAnswer):
                await daemon.ask(grant())
        assert office.desk.requests == []
        many[0][1].close()
        async with asyncio.timeout(WAIT_S):
            while not office.desk.requests:
                try:
                    async with connected(office.path) as daemon:
                        await daemon.ask(grant())
                except NoAnswer:
                    await asyncio.sleep(0)
        for _, writer in many[1:]:
            writer.close()


async def test_only_the_owner_may_ask(office: Office) -> None:
    """The file has mode 0600 as soon as it is there, whatever the process's mask is; the mask is as before."""
    before = os.umask(0)
    try:
        listening = listen(office.path)
        assert stat.S_IMODE(office.path.stat().st_mode) == 0o600
        assert os.umask(0) == 0
    finally:
        os.umask(before)
    listening.close()


async def test_the_socket_of_a_dead_daemon_is_replaced(office: Office) -> None:
    """A file that a killed daemon left behind says that nobody listens, and the next daemon takes its place."""
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(office.path))
    left.close()
    with pytest.raises(NoAnswer):
        async with connected(office.path):
            pass
    async with office.serving(), connected(office.path) as daemon:
        assert (await daemon.ask(grant())).result == "done"


async def test_what_is_no_socket_stays(office: Office) -> None:
    """A file of another kind with this name is not removed: the daemon goes on without a socket."""
    office.path.write_text("mine", encoding="ascii")
    async with office.serving() as running:
        await asyncio.wait_for(asyncio.shield(running), WAIT_S)
    assert office.path.read_text(encoding="ascii") == "mine"
    with pytest.raises(NoAnswer):
        async with connected(office.path):
            pass


async def test_the_socket_of_a_successor_stays(office: Office) -> None:
    """A server that ends removes its own file, and not one that has taken its place."""
    async with office.serving():
        office.path.unlink()
        later = listen(office.path)
    assert office.path.exists()
    later.close()


@pytest.mark.parametrize("database", ["loyalty.db", "d" * 200 + ".db"])
async def test_a_ledger_deep_in_the_tree_has_its_socket(tmp_path: Path, database: str) -> None:
    """A path, or a name, that is longer than a socket's address may be: the file is beside the ledger all the same."""
    folder = tmp_path.joinpath(*["a-folder-with-quite-a-long-name"] * 8)
    folder.mkdir(parents=True)
    office = Office(folder, database)
    assert len(os.fsencode(office.path)) > 200
    async with office.serving(), connected(office.path) as daemon:
        assert (await daemon.ask(grant())).result == "done"
        assert [each.name for each in folder.iterdir()] == [office.path.name]
        assert stat.S_IMODE(office.path.stat().st_mode) == 0o600
    assert list(folder.iterdir()) == []


async def test_sockets_of_two_ledgers_are_two(tmp_path: Path) -> None:
    """Ledgers whose long names differ at the end only have different sockets, and always the same ones."""
    names = ["a.db", "b.db", "d" * 200 + "1", "d" * 200 + "2"]
    paths = {socket_of(tmp_path / name) for name in names}
    assert len(paths) == 4
    assert paths == {socket_of(tmp_path / name) for name in names}
    assert {path.parent for path in paths} == {tmp_path}
