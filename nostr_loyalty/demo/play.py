"""The order of it all: start the daemon, let orders happen and show what comes of them, read everything back, check.

What is started here is ended here, whatever happens in between: the daemon (and with it its relay), then the folder.
"""

import asyncio
import random
import secrets
import tempfile
from pathlib import Path
from typing import Final

from kinds import entry as entries
from kinds import gift_wrap, nip44, registry
from kinds import order as orders
from kinds.answer import Answer
from kinds.entry import Entry
from kinds.errors import KindsError
from kinds.event import Event, Rumor, author, sign
from kinds.tags import value
from nostr_loyalty.clock import Clock
from nostr_loyalty.demo import letters
from nostr_loyalty.demo.book import Book
from nostr_loyalty.demo.cast import PRICE, REWARD, Cast, Guest, new_cast, write_config
from nostr_loyalty.demo.letters import Letter, Reply
from nostr_loyalty.demo.process import DaemonProcess, audit, free_port
from nostr_loyalty.demo.readback import Finding, read_back
from nostr_loyalty.demo.screen import Screen
from nostr_loyalty.demo.script import Act, Script
from nostr_loyalty.errors import EXIT_DIFFERS, EXIT_OK, Unavailable
from nostr_loyalty.guest.client import Client
from nostr_loyalty.guest.messages import answer_in, opened, proof_in
from relay_client.filter import Filter
from relay_client.pool import Subscription

ANSWER_S_MAX: Final = 10.0
READ_BACK_S_MAX: Final = 10.0
LOOK_AGAIN_S: Final = 0.3
PAUSE_S: Final = 0.2
"""Between two orders, so that somebody at a terminal can follow."""
LETTERS_MAX: Final = 18
"""Letters of one guest: the daemon answers twenty at once, and then fewer (`intake.patience`)."""
REWIND_S: Final = 2 * 86_400 + 7_200
"""How far wraps may be dated back (protocol §11)."""


class Performance:
    """One performance. `await run()` once; `stop()` from a signal handler ends it early and in order."""

    def __init__(self, screen: Screen, clock: Clock, *, orders: int, once: bool) -> None:
        """`orders`: how many before everything is read back; `once`: whether it ends there."""
        self._screen = screen
        self._clock = clock
        self._orders = orders
        self._once = once
        self._rng = random.Random(secrets.randbits(64))
        self._cast: Cast = new_cast()
        self._script = Script(self._cast, self._rng)
        self._book = Book()
        self._stopping = asyncio.Event()
        self._news = asyncio.Event()
        self._answers: dict[str, Answer] = {}
        self._replies: dict[str, Reply] = {}
        self._entries: dict[str, dict[int, Entry]] = {pubkey: {} for pubkey in self._cast.guests}
        self._url = ""
        self._daemon: DaemonProcess | None = None

    def stop(self) -> None:
        """No more orders: what was done is checked, and then it is over."""
        self._stopping.set()
        self._news.set()

    async def run(self) -> int:
        """Exit 0: everything is as it must be. 1: something differs, and it was said what."""
        with tempfile.TemporaryDirectory(prefix="nostr-loyalty-demo-") as name:
            port = free_port()
            self._url = f"ws://127.0.0.1:{port}"
            config = write_config(self._cast, Path(name), f"127.0.0.1:{port}")
            self._daemon = daemon = DaemonProcess(config, self._clock)
            try:
                await daemon.start()
                self._screen.opening(self._cast, self._url)
                good = await self._play_on()
                if not good:
                    self._screen.closing(f"The daemon's last words:\n{daemon.last_words()}", good=False)
                good = await self._close(daemon, config) and good
            finally:
                await daemon.stop()
        self._screen.closing("Everything is as it must be." if good else "Something differs: see above.", good=good)
        return EXIT_OK if good else EXIT_DIFFERS

    # -- playing --------------------------------------------------------------------------------------------------

    async def _play_on(self) -> bool:
        """Play; a relay or a daemon that went away is a difference, and no traceback."""
        try:
            return await self._play()
        except Unavailable as fault:
            self._screen.finding(Finding(False, fault.detail))
            return False

    async def _play(self) -> bool:
        async with Client(self._url, self._reads(), self._clock, self._hear) as client:
            good = await self._shift(client, self._orders) and await self._read_back()
            while good and not self._once and not self._stopping.is_set():
                await self._pause(self._rng.uniform(1.0, 2.0))
                good = await self._shift(client, 1)
                if self._stopping.is_set():
                    good = good and await self._read_back()
        return good

    def _reads(self) -> list[Subscription]:
        wraps = Filter(kinds=(registry.GIFT_WRAP,), tags={"#p": tuple(self._cast.readers)})
        lines = Filter(kinds=(registry.ENTRY,), tags={"#p": tuple(self._cast.guests)})
        return [Subscription("messages", wraps, REWIND_S), Subscription("entries", lines, REWIND_S)]

    async def _shift(self, client: Client, number: int) -> bool:
        """So many orders, one after another; False when one did not lead to what it must."""
        for _ in range(number):
            if self._stopping.is_set():
                break
            if self._daemon_is_gone:
                self._screen.finding(Finding(False, "the daemon is gone"))
                return False
            act = self._script.next(self._clock.now())
            message, event = _message(act)
            expected = self._book.note(act, message.id)
            self._screen.order(act)
            await client.publish(event)
            if not await self._consequences(act.order.order_id, act.guest, message.id, expected.entries):
                return False
            claim = self._answers[message.id].claim
            if claim is not None and not await self._receipt_is_found(client, act, claim):
                return False
            if self._screen.is_terminal:
                await self._pause(PAUSE_S)
        return True

    async def _receipt_is_found(self, client: Client, act: Act, code: str) -> bool:
        """A guest claims the receipt, by a message; who has enough then takes a drink, and the barista hands it out."""
        venue, written = act.venue, self._book.written
        guests = [guest for guest in venue.guests if written[guest.key.public] < LETTERS_MAX]
        solvent = [guest for guest in guests if self._book.balance(guest) >= 0]
        if not guests:
            return True
        guest = self._rng.choice(solvent or guests)
        claim = Letter(venue, guest.key, guest.name, guest, "claim", code, act.order.order_id)
        if await self._write(client, claim) is None:
            return False
        if self._book.balance(guest) < PRICE:
            return True
        voucher = await self._write(client, Letter(venue, guest.key, guest.name, guest, "redeem", REWARD))
        if voucher is None:
            return False
        use = Letter(venue, venue.barista, "barista", guest, "use", voucher.voucher or "")
        return await self._write(client, use) is not None

    async def _write(self, client: Client, letter: Letter) -> Reply | None:
        """Send a letter; its answer, once what it leads to is there, or None where that is not so."""
        message, event = letters.sealed(letter, self._clock.now())
        entries = self._book.write(letter, message.id)
        self._screen.letter(letter)
        await client.publish(event)
        there = await self._consequences(letter.text, letter.guest, message.id, entries)
        return self._replies[message.id] if there else None

    async def _consequences(self, what: str, guest: Guest | None, message_id: str, entries: int) -> bool:
        """Wait for the answer, and for the guest's entry where there is one to come."""
        lines = self._entries[guest.key.public] if guest is not None else {}
        deadline = self._clock.monotonic() + ANSWER_S_MAX
        while not self._is_answered(message_id) or len(lines) < entries:
            gone = self._daemon_is_gone
            if gone or self._clock.monotonic() > deadline:
                missing = (
                    "the guest's entry" if message_id in self._answers.keys() | self._replies.keys() else "its answer"
                )
                why = "the daemon is gone" if gone else f"waited {ANSWER_S_MAX:.0f} s"
                self._screen.finding(Finding(False, f"{what}: {missing} did not come ({why})"))
                return False
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), LOOK_AGAIN_S)
            except TimeoutError:
                pass
        return True

    def _is_answered(self, message_id: str) -> bool:
        return message_id in self._answers or message_id in self._replies

    @property
    def _daemon_is_gone(self) -> bool:
        return self._daemon is not None and self._daemon.has_ended

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            pass

    # -- what the tills and the guests hear, live -----------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        try:
            if event.kind == registry.ENTRY:
                line = entries.parse(event)
                self._enter(self._cast.guests[line.customer], f"{line.points:+d} points, balance {line.balance}", line)
            else:
                self._open(event)
        except KindsError as fault:
            self._screen.finding(Finding(False, f"a message that cannot be read: {fault}"))
        self._news.set()

    def _open(self, event: Event) -> None:
        message = opened(event, self._cast.readers)
        if message is None:
            return
        addressee, rumor = message
        guest, reply = self._cast.guests.get(addressee), letters.reply_in(rumor)
        if reply is not None:
            if reply.to not in self._replies:
                self._replies[reply.to] = reply
                self._screen.reply(guest, reply)
        elif guest is not None and value(rumor.tags, "proof") is not None:
            _, line = proof_in(rumor, addressee)
            self._enter(guest, rumor.content, line)
        elif guest is not None:
            self._screen.word(guest, rumor.content)
        else:
            answer = answer_in(rumor, rumor.pubkey)
            if answer.to_event not in self._answers:
                self._answers[answer.to_event] = answer
                self._screen.answer(rumor.content, answer)

    def _enter(self, guest: Guest, text: str, line: Entry) -> None:
        known = self._entries[guest.key.public]
        if line.seq not in known:
            known[line.seq] = line
            self._screen.entry(guest, text, line)

    # -- the check ------------------------------------------------------------------------------------------------

    async def _read_back(self) -> bool:
        """Read the whole relay as a newcomer would, and hold it against the book; cards may be on their way still."""
        deadline = self._clock.monotonic() + READ_BACK_S_MAX
        while True:
            findings = read_back(await self._everything(), self._cast, self._book)
            good = all(finding.holds for finding in findings)
            if good or self._clock.monotonic() > deadline:
                break
            await self._clock.sleep(LOOK_AGAIN_S)
        self._screen.heading("Read back from the relay by a client that knows nothing:")
        for finding in findings:
            self._screen.finding(finding)
        return good

    async def _everything(self) -> list[Event]:
        """Every event that the relay gives to somebody without a key."""
        found: list[Event] = []
        reads = [Subscription("everything", Filter(), REWIND_S)]
        async with Client(self._url, reads, self._clock, found.append) as newcomer:
            await newcomer.caught_up()
            if newcomer.refused:
                raise Unavailable("relay-unavailable", f"the relay gave what is no event: {dict(newcomer.refused)}")
        return found

    async def _close(self, daemon: DaemonProcess, config: Path) -> bool:
        """End the daemon and audit its ledger."""
        ended_early = daemon.has_ended
        status = await daemon.stop()
        ended = Finding(status == 0 and not ended_early, f"The daemon ended with exit status {status}.")
        self._screen.finding(ended)
        audited, said = await audit(config)
        self._screen.finding(Finding(audited == 0, f"nostr-loyalty check: {said}."))
        return ended.holds and audited == 0


def _message(act: Act) -> tuple[Rumor, Event]:
    """What the till sends: the message, by whose id it will be answered, and the event that carries it."""
    rumor = author(orders.template(act.order, act.created_at), act.author.public)
    if not act.wrapped:
        return rumor, sign(rumor, act.author)
    issuer = act.venue.issuer.public
    conversation = nip44.conversation_key(act.author, issuer)
    seed = secrets.token_bytes(32)
    return rumor, gift_wrap.gift_wrap(rumor, act.author, issuer, conversation, seed=seed, now=act.created_at)
