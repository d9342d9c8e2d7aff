"""NIP-05 names, asked for over HTTPS at the host that they name; `kinds.nip05` is their form.

Rules:
- Nothing is followed and little is believed: no redirect (NIP-05 forbids them), a checked certificate, a public address
  (see `hosts`), at most `nip05.DOCUMENT_MAX` bytes, `DEADLINE_S` for all of it.
- An answer is remembered for an hour, that there is none for five minutes; both only here, for a name may change hands.
- A few hosts are asked at once, and nobody twice at the same time.
"""

import asyncio
import ssl
from collections.abc import Iterable
from typing import Final, NamedTuple

import structlog

from kinds import nip05
from nostr_loyalty.clock import Clock
from nostr_loyalty.reaching import https
from nostr_loyalty.reaching.hosts import Hosts
from relay_client.connection import tls_context
from relay_client.errors import AddressForbidden

DEADLINE_S: Final = 5.0
"""For one name, from its turn on."""
WAIT_S: Final = 10.0
"""For all names of one call, with the wait for their turn."""
AT_ONCE: Final = 4
FOUND_S: Final = 3_600.0
NOT_FOUND_S: Final = 300.0
REMEMBERED_MAX: Final = 10_000


class Known(NamedTuple):
    """What a name stands for: a public key (hex), or None: its host gives none, or did not answer."""

    key: str | None


class Names:
    """Names and what they stand for. Everything belongs to one event loop."""

    def __init__(self, hosts: Hosts, clock: Clock, *, tls: ssl.SSLContext | None = None, port: int = 443) -> None:
        """`tls`: None: the authorities that relays are checked by. `port`: for tests."""
        self._hosts = hosts
        self._clock = clock
        self._tls = tls
        self._port = port
        self._log = structlog.get_logger("names")
        self._known: dict[str, tuple[Known, float]] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Semaphore(AT_ONCE)

    def known(self, name: str) -> Known | None:
        """What is remembered of a name; None: it has to be resolved first. What is no name is known to have no key."""
        if not nip05.is_name(name):
            return Known(None)
        found = self._known.get(name)
        return None if found is None or self._clock.monotonic() >= found[1] else found[0]

    async def resolve(self, names: Iterable[str]) -> dict[str, str | None]:
        """The public keys (hex) of these names, None where there is none; never raises for what a host does.

        It takes `DEADLINE_S` at most for a few of them, and never more than `WAIT_S`.
        """
        wanted = list(dict.fromkeys(names))
        tasks = [self._task(name) for name in wanted if self.known(name) is None]
        if tasks:
            await asyncio.wait(tasks, timeout=WAIT_S)
        return {name: (self.known(name) or Known(None)).key for name in wanted}

    def _task(self, name: str) -> asyncio.Task[None]:
        """The one task that asks for this name; whoever waits for it may go away."""
        task = self._asking.get(name)
        if task is None:
            task = self._asking[name] = asyncio.create_task(self._ask(name))
            task.add_done_callback(lambda _: self._asking.pop(name))
        return task

    async def _ask(self, name: str) -> None:
        async with self._turn:
            try:
                async with asyncio.timeout(DEADLINE_S):
                    tls = self._tls or tls_context()
                    document = await https.get(
                        nip05.url_of(name), self._hosts, tls, nip05.DOCUMENT_MAX, port=self._port
                    )
                key = nip05.read(document, name)
            except (
                OSError,
                https.NotGiven,
                AddressForbidden,
            ) as fault:  # TimeoutError and a bad certificate are OSErrors
                key = None
                self._log.debug("name not resolved", name=name, reason=f"{fault}" or type(fault).__name__)
        self._remember(name, key)

    def _remember(self, name: str, key: str | None) -> None:
        self._known.pop(name, None)
        self._known[name] = Known(key), self._clock.monotonic() + (NOT_FOUND_S if key is None else FOUND_S)
        if len(self._known) > REMEMBERED_MAX:
            del self._known[next(iter(self._known))]
