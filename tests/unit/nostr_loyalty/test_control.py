"""The socket of a running daemon: what is asked arrives, and what was decided comes back, whatever happens between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest

from ledger.errors import InvariantBroken, LedgerUnavailable
from ledger.units import Money
from nostr_loyalty.commands.command import (
    VERBS,
    Cancel,
    Claim,
    Command,
    Drop,
    Feedback,
    Freeze,
    Grant,
    Redeem,
    Refer,
    Refund,
    Release,
    Relink,
    Request,
    Revoke,
    RevokeEntry,
    Undo,
    Unfreeze,
    Use,
    verb_of,
)  # fmt: skip
from nostr_loyalty.commands.outcome import done
from nostr_loyalty.control.client import NoAnswer, RunningDaemon, connected
from nostr_loyalty.control.request import Asked, read_request, write_request
from nostr_loyalty.errors import Unavailable
from tests.unit.nostr_loyalty.control_office import GUEST, OPERATOR, WAIT_S, Office, grant


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Not open yet."""
    return Office(tmp_path)


async def test_a_request_reaches_the_desk_as_it_was_meant(office: Office) -> None:
    """Program, asker, role, time and ref arrive; without `as` the issuer asks; the outcome comes back in whole."""
    async with office.serving(), connected(office.path) as daemon:
        asked, by_operator = grant(), grant(6, actor=OPERATOR)
        by_guest = Asked("bar-luna", GUEST, "customer", "cd" * 32, Claim("ABCD-EFGH"))
        outcomes = [await daemon.ask(each) for each in (asked, by_operator, by_guest)]
    now = office.clock.now()
    assert office.desk.requests[:2] == [
        Request(asked.ref, now, office.program.issuer, "operator", "cli", office.program, asked.command),
        Request(by_operator.ref, now, OPERATOR, "operator", "cli", office.program, by_operator.command),
    ]
    last = office.desk.requests[2]
    assert (last.actor, last.role, last.program.slug, last.command) == (GUEST, "customer", "bar-luna", by_guest.command)
    assert outcomes == [done(f"done: {each.command}", balance=now) for each in (asked, by_operator, by_guest)]


COMMANDS = [
    Grant(GUEST, 5, "r", 1_900_000_000), Revoke(GUEST, 5), RevokeEntry("ab" * 32, "r"),
    Refund("1234", Money(850, "EUR")), Redeem("coffee", GUEST), Use("K7RQ", Money(1_500_000, "msat"), "1234"),
    Cancel("K7RQ"), Freeze(GUEST), Unfreeze(GUEST), Relink(GUEST, OPERATOR), Undo(), Release("1"), Drop("1"),
    Claim("ABCD"), Feedback("bueno \n ☕", "1"), Refer(GUEST),
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=verb_of)
def test_every_command_goes_over_the_line(command: Command) -> None:
    """What is written is read again as the same; a text with a line's end stays on one line."""
    asked = grant(actor=GUEST)._replace(command=command)
    line = write_request(asked)
    assert line.count(b"\n") == 1
    assert read_request(line) == asked


def test_no_command_is_forgotten() -> None:
    """The list above has one of each."""
    assert [verb_of(command) for command in COMMANDS] == list(VERBS)


@pytest.mark.parametrize(
    "changed",
    [
        {"more": 1}, {"program": 7}, {"as": "ana"}, {"as": "f" * 64}, {"as": None, "role": "customer"},
        {"role": "source"}, {"role": ["operator"]}, {"ref": "AB" * 32}, {"ref": None}, {"command": "undo"},
        {"command": {"verb": "steal"}},
        {"command": {"verb": "undo", "who": GUEST}}, {"command": {"verb": "grant", "who": GUEST, "points": True}},
    ],
    ids=str,
)  # fmt: skip
def test_a_request_with_anything_amiss_is_none(changed: dict[str, object]) -> None:
    """Fields that are missing, too many, or of another type are a ValueError."""
    fields = {"program": "cafe-sol", "as": GUEST, "role": "operator", "ref": "ab" * 32, "command": {"verb": "undo"}}
    read_request(orjson.dumps(fields))
    with pytest.raises(ValueError):
        read_request(orjson.dumps({**fields, **changed}))
    for name in fields:
        with pytest.raises(ValueError, match="exactly the fields"):
            read_request(orjson.dumps({key: value for key, value in fields.items() if key != name}))


async def test_a_program_that_is_not_there_is_named(office: Office) -> None:
    """The message names the programs that this daemon serves."""
    async with office.serving(), connected(office.path) as daemon:
        with pytest.raises(Unavailable, match="'bar-sol' here; there are: cafe-sol, bar-luna"):
            await daemon.ask(grant(program="bar-sol"))


async def test_two_clients_at_once(office: Office) -> None:
    """Both are at the desk at the same time, and each gets its own answer."""
    office.desk.open.clear()
    async with office.serving(), connected(office.path) as one, connected(office.path) as other:
        first, second = asyncio.create_task(one.ask(grant(1))), asyncio.create_task(other.ask(grant(2)))
        await office.until(2)
        office.desk.open.set()
        assert "points=1," in (await first).text
        assert "points=2," in (await second).text


async def test_a_stop_answers_what_was_taken_and_takes_nothing_more(office: Office) -> None:
    """The command at the desk is answered, an idle connection ends, the file is gone, and nobody gets in any more."""
    office.desk.open.clear()
    async with office.serving() as running, connected(office.path) as busy, connected(office.path) as idle:
        asking = asyncio.create_task(busy.ask(grant()))
        await office.until(1)
        office.server.stop()
        with pytest.raises(NoAnswer):
            await idle.ask(grant())
        assert not running.done()
        office.desk.open.set()
        assert (await asking).result == "done"
        await asyncio.wait_for(running, WAIT_S)
        assert len(office.desk.requests) == 1
        assert not office.path.exists()
        with pytest.raises(NoAnswer):
            async with connected(office.path):
                pass


async def test_a_cancelled_server_leaves_no_file(office: Office) -> None:
    """Cancelling `run` while a command is at the desk ends it, and who waited gets no answer."""
    office.desk.open.clear()
    running = asyncio.create_task(office.server.run())
    await asyncio.sleep(0)
    async with connected(office.path) as daemon:
        asking = asyncio.create_task(daemon.ask(grant()))
        await office.until(1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(running, WAIT_S)
        with pytest.raises(NoAnswer):
            await asking
    assert not office.path.exists()


async def test_a_surprise_stops_one_command_only(office: Office) -> None:
    """An exception that nobody thought of is told without its text, and the next command is served."""
    async with office.serving(), connected(office.path) as daemon:
        office.desk.raises = RuntimeError("the code was ABCD-EFGH")
        with pytest.raises(Unavailable, match="a mistake of ours") as caught:
            await daemon.ask(grant())
        assert "ABCD" not in str(caught.value)
        office.desk.raises = LedgerUnavailable("ledger-disk-full", "full", "Free some space.")
        with pytest.raises(Unavailable, match="ledger-disk-full"):
            await daemon.ask(grant())
        office.desk.raises = None
        assert (await daemon.ask(grant())).result == "done"


async def test_a_broken_invariant_stops_the_daemon(office: Office) -> None:
    """It is raised by `run`; who asked gets no answer, as nobody knows what happened."""
    running = asyncio.create_task(office.server.run())
    await asyncio.sleep(0)
    office.desk.raises = InvariantBroken("more points than there are")
    async with connected(office.path) as daemon:
        with pytest.raises(NoAnswer):
            await daemon.ask(grant())
    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(running, WAIT_S)
    assert caught.group_contains(InvariantBroken)
    assert not office.path.exists()


@asynccontextmanager
async def stranger(path: Path, answer: bytes | None) -> AsyncIterator[RunningDaemon]:
    """Something else that listens there: it answers the first line with these bytes and leaves, or is silent."""

    left = asyncio.Event()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer or b"")
        if answer is None:
            await reader.read()
        writer.close()
        left.set()

    server = await asyncio.start_unix_server(hear, path)
    async with connected(path, patience_s=0.05 if answer is None else WAIT_S) as daemon:
        yield daemon
    await asyncio.wait_for(left.wait(), WAIT_S)
    server.close()


async def test_who_gets_no_answer_is_told_how_to_ask_again(tmp_path: Path) -> None:
    """A daemon that is silent: the message holds the ref, with which the command happens once."""
    asked = grant()
    async with stranger(tmp_path / "s", None) as daemon:
        with pytest.raises(Unavailable, match=f"--id {asked.ref}"):
            await daemon.ask(asked)


@pytest.mark.parametrize(
    "answer",
    [
        b"hello\n",
        b"{}\n",
        b'{"result": "perhaps", "code": "", "text": "", "facts": {}}\n',
        b'{"result": "done", "code": 1, "text": "", "facts": {}}\n',
        b'{"result": "done", "code": "done", "text": "", "facts": []}\n',
        b'{"error": 1, "again": true}\n',
        b"x" * 2_000_000,
    ],
)
async def test_an_answer_that_is_none_is_told(tmp_path: Path, answer: bytes) -> None:
    """Whatever comes back, it is an outcome, or a message for people."""
    async with stranger(tmp_path / "s", answer) as daemon:
        with pytest.raises(Unavailable, match="an answer that is none"):
            await daemon.ask(grant())


async def test_a_daemon_that_leaves_in_the_middle_is_no_answer(tmp_path: Path) -> None:
    """Half a line and then nothing: the same as no line."""
    async with stranger(tmp_path / "s", b'{"result": "done"') as daemon:
        with pytest.raises(NoAnswer):
            await daemon.ask(grant())
