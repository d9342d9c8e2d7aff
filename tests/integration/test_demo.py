"""`nostr-loyalty demo`: as a process with a real daemon and a real relay; and that its check notices differences."""

import importlib.util
import io
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from kinds import direct_message, gift_wrap, nip44
from kinds import order as orders
from kinds.event import Event, Template, author, sign
from nostr_loyalty.cli import demo
from nostr_loyalty.cli.main import main
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.demo import play
from nostr_loyalty.demo.book import Book
from nostr_loyalty.demo.cast import PRICE, REWARD, new_cast
from nostr_loyalty.demo.letters import Letter
from nostr_loyalty.demo.play import Performance
from nostr_loyalty.demo.readback import read_back
from nostr_loyalty.demo.screen import Screen
from nostr_loyalty.demo.script import ROUND, Act, Script
from tests.relays.real import unavailable

NOW = 1_750_000_000
EVERYTHING_SHOWN = (
    "gift-wrapped", "in clear", "the same order again", "refund of", "half of it refunded", "cancellation of",
    "claim code", "sent by a stranger", "Rejected", "Counted before", "visit this month",
    " claim ", "redeem drink", "a free drink: show", " use ", "Used: a free drink", "You have reached Regular",
)  # fmt: skip
needs_relay = pytest.mark.skipif(unavailable("rust") is not None, reason=str(unavailable("rust")))


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """The command as a process of its own, whose temporary folder will be in `folder`."""
    return subprocess.Popen(
        [sys.executable, "-m", "nostr_loyalty", "demo", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "TMPDIR": str(folder)},
    )  # fmt: skip


def processes_about(folder: Path) -> list[str]:
    """The command lines of all running processes that mention this folder."""
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    return [line.decode(errors="replace") for line in lines if str(folder).encode() in line]


@needs_relay
def test_once_ends_with_everything_in_order(tmp_path: Path) -> None:
    """`demo --once` exits 0, has shown every kind of thing that happens, says what it checked, and leaves nothing."""
    process = start(tmp_path, "--once", "--orders", "24")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    assert [shown for shown in EVERYTHING_SHOWN if shown not in out] == []
    findings = [line for line in out.splitlines() if line.startswith("✓")]
    assert len(findings) == 9
    assert "24 orders, 24 answers" in out
    assert "9 letters, 9 answers: 3 receipts claimed, 3 rewards redeemed and handed out" in out
    assert "DIFFERS" not in out
    assert list(tmp_path.iterdir()) == []
    assert processes_about(tmp_path) == []


@needs_relay
def test_ctrl_c_ends_it_in_order(tmp_path: Path) -> None:
    """Without --once it goes on; the first Ctrl-C lets it check what was done and end with 0, and nothing is left."""
    process = start(tmp_path, "--orders", "2")
    assert process.stdout is not None
    for line in process.stdout:
        if "events are on the relay" in line:
            break
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    assert "Everything is as it must be." in out
    assert list(tmp_path.iterdir()) == []
    assert processes_about(tmp_path) == []


@needs_relay
def test_a_daemon_that_dies_is_a_difference(tmp_path: Path) -> None:
    """kill -9 of the daemon ends the demo with exit 1, says so, and leaves nothing."""
    process = start(tmp_path, "--orders", "2")
    assert process.stdout is not None
    for line in process.stdout:
        if "events are on the relay" in line:
            break
    (daemon,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(daemon), signal.SIGKILL)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1, out
    assert "DIFFERS: The daemon ended with exit status -9." in out
    assert list(tmp_path.iterdir()) == []
    deadline = time.monotonic() + 5  # the relay notices within a second that its daemon is gone
    while processes_about(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_about(tmp_path) == []


def test_without_nostr_sdk_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the extra `relay` the command ends at once with exit 69 and the remedy."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "nostr_sdk" else find(name))
    assert main(["demo", "--once"]) == 69
    assert "pip install 'nostr-loyalty[relay]'" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "-1", "many", "10001", "٣"])
def test_a_number_of_orders_that_makes_no_sense_is_usage(number: str) -> None:
    """--orders takes 1 to 10,000."""
    with pytest.raises(SystemExit) as caught:
        main(["demo", "--once", "--orders", number])
    assert caught.value.code == 2
    assert demo.ORDERS == 24


# -- the parts that decide what is right ------------------------------------------------------------------------------


def acts(number: int, seed: int = 1) -> tuple[Script, list[Act]]:
    """A script and its first acts."""
    script = Script(new_cast(), random.Random(seed))
    return script, [script.next(NOW + turn) for turn in range(number)]


def test_three_rounds_hold_everything_that_can_happen() -> None:
    """Wrapped and plain, repeated, refunded in whole and in half, canceled, without a customer, by a stranger."""
    remarks = Counter(act.remark for act in acts(3 * ROUND)[1])
    assert remarks["the same order again"] == remarks["no customer named"] == remarks["sent by a stranger"] == 3
    assert remarks["refunded"] == remarks["half of it refunded"] == remarks["canceled"] == 1


def test_private_orders_are_always_wrapped() -> None:
    """Bug 61: the till of the private venue sends nothing in clear, in any of 1,000 turns."""
    _, played = acts(1000)
    assert all(act.wrapped for act in played if act.venue.is_private)
    assert any(not act.wrapped for act in played)


def test_a_repeat_is_a_new_message() -> None:
    """Bug 1: what is sent again has a new id, as a till's retry has, and is still the same order."""
    _, played = acts(4)
    first, again = played[2], played[3]
    assert again.order == first.order
    templates = [orders.template(act.order, act.created_at) for act in (first, again)]
    assert len({author(each, act.author.public).id for each, act in zip(templates, (first, again), strict=True)}) == 2


def test_the_book_counts_by_hand() -> None:
    """29,900 sat at 1,000 are 29 points; half of it refunded leaves 15, the repeat changes nothing."""
    cast, book = new_cast(), Book()
    _, played = acts(3)
    sale = next(act for act in played if act.venue.is_private and act.guest is not None)
    sale = _with(sale, minor=29_900)
    assert book.note(sale, "a").points == 29
    assert book.note(sale, "b").result == "duplicate"
    assert book.note(_with(sale, minor=14_950, status="refunded"), "c").points == -14
    assert sale.guest is not None
    assert book.balance(sale.guest) == 15
    assert book.entries[sale.guest.key.public] == 2
    assert cast.guests


def _with(act: Act, *, minor: int, status: str = "paid") -> Act:
    return replace(act, minor=minor, order=replace(act.order, status=status))


def differences(events: list[Event], script: Script, book: Book) -> str:
    """What the check objects to."""
    return "\n".join(one.sentence for one in read_back(events, script._cast, book) if not one.holds)


def test_an_empty_relay_is_a_difference() -> None:
    """Orders that led to nothing: no definitions, no entries, no answers, each said."""
    script, played = acts(2)
    book = Book()
    for number, act in enumerate(played):
        book.note(act, str(number))
    said = differences([], script, book)
    assert "no definition of Café Sol" in said
    assert "should have 1 entries, and 0 were found" in said
    assert "answered 0 times" in said


def test_a_private_guest_in_clear_is_a_difference() -> None:
    """Bug 61: the key, an order id or an amount of the private venue in any readable place is found."""
    script, played = acts(1)
    (act,) = played
    assert act.guest is not None
    book, pubkey = Book(), act.guest.key.public
    book.note(act, "a")
    loud = act.venue.issuer
    leaks = (
        Template(1, NOW, (), f"thanks to {pubkey}"),
        Template(37412, NOW, (("d", f"cafe-sol:{pubkey}"),), ""),
        Template(1059, NOW, (("p", loud.public), ("x", pubkey)), ""),
        Template(1, NOW, (("order", act.order.order_id),), ""),
        Template(1, NOW, (("amount", act.order.amount.decimal, "sat"),), ""),
    )
    for leak in leaks:
        assert "in clear" in differences([sign(leak, loud)], script, book), leak
    rumor = author(Template(1, NOW, (), act.order.order_id), loud.public)
    conversation = nip44.conversation_key(loud, pubkey)
    sealed = gift_wrap.gift_wrap(rumor, loud, pubkey, conversation, seed=os.urandom(32), now=NOW)
    assert "in clear" not in differences([sealed], script, book)


def test_the_book_knows_what_letters_do() -> None:
    """A claimed receipt is its claimant's and may make a regular; a reward takes its price and one entry, its use none;
    who was a regular stays one when points are taken back.
    """
    book = Book()
    sale = next(act for act in acts(ROUND)[1] if act.venue.is_private and act.guest is None)
    guest = sale.venue.guests[0]
    book.note(_with(sale, minor=31_000), "a")
    assert (book.balance(guest), book.regulars) == (0, set())
    claim = Letter(sale.venue, guest.key, guest.name, guest, "claim", "CODE", sale.order.order_id)
    redeem = Letter(sale.venue, guest.key, guest.name, guest, "redeem", REWARD)
    use = Letter(sale.venue, sale.venue.barista, "barista", guest, "use", "VOUCHER")
    assert [book.write(letter, str(number)) for number, letter in enumerate((claim, redeem, use))] == [1, 2, 2]
    assert (book.balance(guest), book.regulars) == (31 - PRICE, {guest.key.public})
    book.note(_with(replace(sale, guest=guest), minor=31_000, status="refunded"), "b")
    assert (book.balance(guest), book.regulars) == (-PRICE, {guest.key.public})


def replied(letter: Letter, message_id: str, code: str, voucher: str | None = None) -> Event:
    """An issuer's answer to a letter, in its wrap."""
    issuer, to = letter.venue.issuer, letter.author.public
    tags = [("e", message_id, "", "reply"), ("answer", code), *([("voucher", voucher)] if voucher else [])]
    rumor = direct_message.compose(issuer.public, [to], "as you wish", tags, NOW)
    conversation = nip44.conversation_key(issuer, to)
    return gift_wrap.gift_wrap(rumor, issuer, to, conversation, seed=os.urandom(32), now=NOW)


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ((), "was answered by nobody"),
        (("points-missing",), "was answered points-missing"),
        (("done", "done"), "was answered done, done"),
        (("done",), "do not name the codes"),
    ],
)
def test_a_letter_that_came_to_something_else_is_a_difference(codes: tuple[str, ...], said: str) -> None:
    """Not answered, refused, answered twice, or a code that is on no entry: each is said."""
    script, _ = acts(1)
    venue, book = script._cast.venues[0], Book()
    guest = venue.guests[0]
    letter = Letter(venue, guest.key, guest.name, guest, "redeem", REWARD)
    book.write(letter, "ab" * 32)
    assert said in differences([replied(letter, "ab" * 32, code, "CODE") for code in codes], script, book)


def test_a_message_that_cannot_be_read_is_a_difference() -> None:
    """Rubbish in a wrap to a guest ends the check with a sentence and no traceback."""
    script, played = acts(1)
    (act,) = played
    assert act.guest is not None
    rubbish = sign(Template(1059, NOW, (("p", act.guest.key.public),), "rubbish"), act.venue.issuer)
    assert "cannot be read" in differences([rubbish], script, Book())


@needs_relay
async def test_a_book_that_says_more_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a real daemon: with one sale in the book that was never sent the exit code is 1, and it is said."""
    monkeypatch.setattr(play, "READ_BACK_S_MAX", 0.5)
    shown = io.StringIO()
    performance = Performance(Screen(Console(file=shown, width=200)), SystemClock(), orders=3, once=True)
    extra = Script(performance._cast, random.Random(0)).next(NOW)
    performance._book.note(extra, "never sent")
    performance._book.entries.clear()  # so that the live show goes on to the check
    assert await performance.run() == 1
    assert "the till's book says" in shown.getvalue()
    assert "answered 0 times" in shown.getvalue()
