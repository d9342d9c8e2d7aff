"""Whether our relays keep what we bring: tried once after each start, beside everything else.

Each relay at which wraps are read, or to which notices go, is given one gift wrap from a program to itself, dated back
as far as NIP-59 dates any, and is then asked for it. That is done over a connection of its own, so that nothing else
waits. What came of it is logged; of a fault the owners are told as well, once for each relay and version. A relay that
cannot be tried now is tried in the next round, and after the last one no more.

The wrap expires within an hour. When it comes in, it is known as a message by a daemon, and nothing is done about it.

Each relay of a program is also given a protected event (NIP-70), as private entries are, of a kind that relays do not
keep: whether it takes such a thing from its author.
"""

import hashlib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Final, Literal, NamedTuple

import structlog

from kinds import direct_message, gift_wrap, nip44
from kinds.event import Event, Template, sign
from kinds.gift_wrap import BACKDATED_S_MAX
from kinds.keys import SecretKey
from kinds.registry import EPHEMERAL_GIFT_WRAP, GIFT_WRAP
from ledger import announcements, outbox
from ledger.database import Database
from ledger.errors import LedgerUnavailable
from nostr_loyalty.clock import Clock
from nostr_loyalty.config.settings import Config
from nostr_loyalty.desk.facts import Dice
from nostr_loyalty.errors import Unavailable
from nostr_loyalty.guest.client import Client
from nostr_loyalty.programs import ServedProgram, ServedPrograms
from nostr_loyalty.publishing import publications, relay_faults
from nostr_loyalty.publishing.relay_faults import RelayFault
from relay_client.filter import Filter
from relay_client.verdict import Answer, is_rate_limit

ROUNDS_AFTER_S: Final = (15.0, 60.0, 600.0)
"""The pause before each round; the first one lets the start be over."""
KEPT_S: Final = 3_600
LOOKS: Final = 3
LOOK_AGAIN_S: Final = 1.0
TEXT: Final = "A test whether this relay keeps private messages; nothing is to be done about it."


class Outcome(NamedTuple):
    """What came of one relay; `words`: what it said, where it refused; `of`: what was tried."""

    fault: RelayFault | None
    words: str = ""
    of: Literal["wraps", "protected"] = "wraps"


_NAMES: Final = {
    "wraps": ("relay keeps private messages", "relay loses private messages", "self-test"),
    "protected": ("relay takes protected events", "relay refuses protected events", "self-test-protected"),
}
"""For each: what the log says of a good and of a bad one, and what is remembered as told."""


class SelfTest:
    """One test of all relays. `await run()` once; it returns when every relay was tried."""

    def __init__(
        self, config: Config, database: Database, programs: ServedPrograms, clock: Clock, dice: Dice,
        promised: Callable[[], None],
    ) -> None:  # fmt: skip
        """`promised()`: called when there is something to send."""
        self._config = config
        self._database = database
        self._programs = programs
        self._clock = clock
        self._dice = dice
        self._promised = promised
        self._log = structlog.get_logger("self-test")

    async def run(self) -> None:
        """Try every relay, in rounds."""
        waiting = [(url, key, try_relay) for url, key in keys_at(self._config).items()]
        waiting += [(url, key, try_protected) for url, key in keys_at(self._config, wraps=False).items()]
        for number, pause in enumerate(ROUNDS_AFTER_S, start=1):
            await self._clock.sleep(pause)
            last, untold = number == len(ROUNDS_AFTER_S), []
            for url, key, attempt in waiting:
                outcome = await attempt(url, key, self._clock, self._dice, last=last)
                if outcome is None:
                    untold.append((url, key, attempt))
                else:
                    await self._tell(url, outcome)
            waiting = untold
            if not waiting:
                return
        self._log.warning("relays could not be tried", relays=list(dict.fromkeys(url for url, _, _ in waiting)))

    async def _tell(self, url: str, outcome: Outcome) -> None:
        speaker = self._programs.all[0]
        good, bad, name = _NAMES[outcome.of]
        if outcome.fault is None:
            self._log.info(good, relay=url)
        else:
            sentence = relay_faults.told(speaker.spoken("en"), url, outcome.fault, outcome.words)
            self._log.warning(bad, relay=url, fault=outcome.fault, remedy=sentence)
        name, digest = f"{name}:{url}", _digest(outcome.fault)
        now = self._clock.now()
        try:
            async with self._database.write() as w:
                last = await announcements.last(w, speaker.issuer, name)
                if digest == (last[0] if last is not None else _digest(None)):
                    return
                await announcements.say(w, speaker.issuer, name, digest, now)
                await outbox.post(w, self._words(url, outcome, now), now)
        except LedgerUnavailable as unavailable:
            self._log.warning("the owners are not told", code=unavailable.code, detail=unavailable.detail)
        else:
            self._promised()

    def _words(self, url: str, outcome: Outcome, now: int) -> list[outbox.Promise]:
        """To each owner of a program at this relay one message, in the language of the first such program."""
        if outcome.fault is None:
            return []
        told: dict[str, ServedProgram] = {}
        for program in self._programs.all:
            if url in program.relays or (outcome.of == "wraps" and url in self._config.daemon.wrap_relays):
                for owner in program.staff:
                    if owner.role == "owner":
                        told.setdefault(owner.key, program)
        return [
            publications.word(
                program, owner, relay_faults.told(program, url, outcome.fault, outcome.words), now, self._dice(32)
            )
            for owner, program in told.items()
        ]


def keys_at(config: Config, *, wraps: bool = True) -> dict[str, SecretKey]:
    """The relays to be tried, each with the key of the first program that uses it; `wraps`: also where wraps are read
    and nothing else.
    """
    found: dict[str, SecretKey] = {}
    for program in config.programs:
        for url in (*program.relays, *(config.daemon.wrap_relays if wraps else ())):
            found.setdefault(url, program.key)
    return found


async def try_relay(url: str, key: SecretKey, clock: Clock, dice: Dice, *, last: bool = False) -> Outcome | None:
    """Give a relay a wrap to the owner of `key`, and ask for it. None: it did not answer, or not in the end; on the
    `last` try a relay that took the wrap and did not answer when it was asked for it is at fault, and so is one that
    took no old wrap until then, though it called that no final word.
    """
    try:
        async with Client(url, (), clock, lambda _: None, key=key) as client:
            now = clock.now()
            old = _wrap(key, now - BACKDATED_S_MAX, now, dice)
            verdict = await client.offer(old)
            if verdict.settled:
                return await _look(client, key, old, clock, last)
            if verdict.answer is Answer.RETRY_LATER and (not last or verdict.is_ours or is_rate_limit(verdict)):
                return None
            again = await client.offer(_wrap(key, now, now, dice))
            if again.settled:
                return Outcome("refuses-old-wraps", verdict.text)
            final = {verdict.answer, again.answer} <= {Answer.NEVER, Answer.NEEDS_AUTH}
            return Outcome("refuses-wraps", verdict.text) if final else None
    except Unavailable:
        return None


async def try_protected(url: str, key: SecretKey, clock: Clock, dice: Dice, *, last: bool = False) -> Outcome | None:
    """Give a relay a protected event of the owner of `key`, of a kind that it passes on and does not keep. None: no
    answer, or none that is final. Who refuses the same without protection has told nothing of it, and is at no fault.
    """
    try:
        async with Client(url, (), clock, lambda _: None, key=key) as client:
            verdict = await client.offer(_passing(key, clock.now(), dice, ("-",)))
            if verdict.settled:
                return Outcome(None, of="protected")
            if verdict.answer is Answer.RETRY_LATER and not last:
                return None
            plain = await client.offer(_passing(key, clock.now(), dice))
            if plain.settled:
                return Outcome("refuses-protected", verdict.text, of="protected")
            return Outcome(None, of="protected") if plain.answer is not Answer.RETRY_LATER or last else None
    except Unavailable:
        return None


def _passing(key: SecretKey, now: int, dice: Dice, *tags: tuple[str, ...]) -> Event:
    """An ephemeral event that says nothing; no two are alike."""
    return sign(Template(EPHEMERAL_GIFT_WRAP, now, (("expiration", str(now + KEPT_S)), *tags), dice(8).hex()), key)


async def _look(client: Client, key: SecretKey, wrap: Event, clock: Clock, last: bool) -> Outcome | None:
    """Ask as the daemon asks for wraps: some relays guard them, and give none without a login."""
    at = wrap.created_at
    wanted = Filter(kinds=(GIFT_WRAP,), tags={"#p": (key.public,)}, since=at, until=at + 1)
    is_sure = False
    for _ in range(LOOKS):
        held = await client.ask(wanted)
        if any(event.id == wrap.id for event in held.events):
            return Outcome(None)
        is_sure = held.is_all
        await clock.sleep(LOOK_AGAIN_S)
    return Outcome("hides-wraps") if is_sure or last else None


def _wrap(key: SecretKey, created_at: int, now: int, dice: Dice) -> Event:
    """A message to oneself, in a wrap of this date."""
    rumor = direct_message.compose(key.public, [key.public], TEXT, [("notice",)], now)
    conversation = nip44.conversation_key(key, key.public)
    sealed = gift_wrap.seal(rumor, key, key.public, conversation, nonce=dice(32), created_at=created_at)
    return gift_wrap.wrap(
        sealed, key.public, SecretKey(dice(32)), nonce=dice(32), created_at=created_at, expiration=now + KEPT_S
    )


def _digest(fault: RelayFault | None) -> str:
    """Of what is remembered: equal where the same fault was told by the same version."""
    return hashlib.sha256(f"{fault} {_version() if fault else ''}".encode()).hexdigest()


def _version() -> str:
    try:
        return version("nostr-loyalty")
    except PackageNotFoundError:
        return ""
