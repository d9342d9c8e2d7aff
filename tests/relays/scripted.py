"""The scripted relay: a real Nostr relay in memory, fast, that has whatever fault a test asks for.

Owns: what a relay says to which message. `websocket` moves bytes, `store` keeps events, `filters` finds subscribers,
`faults` lists what can go wrong. It passes the same contract as the relays that others wrote (test_relay_contract.py).

Speaks NIP-01, 09, 11, 40, 42, 45, 70. Rules:
- An event is forwarded as the bytes that came in.
- A reader is answered in the order in which it asked, unless a fault delays an answer.
- `paused` freezes everything: the kernel accepts, nobody answers.

In a test:    `async with ScriptedRelay() as relay: ... relay.url`
For a bench:  `python -m tests.relays.scripted --port 0 --port-file FILE --no-verify` (see `serve.py`)
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Self

import orjson

from tests.relays.client_state import Client, Line, LiveSubscription
from tests.relays.delivery import Delivery
from tests.relays.faults import GARBAGE, Faults
from tests.relays.filters import LiveIndex
from tests.relays.information import answer_http
from tests.relays.publishing import Publishing
from tests.relays.reading import Reading
from tests.relays.store import EventStore, Stored, stored_from
from tests.relays.websocket import Connection, frame

STOP_S_MAX = 1.0


class ScriptedRelay:
    """One relay on 127.0.0.1. Every option may also be changed while it runs, through the attribute of its name.

    auth: "off", "writes" (every EVENT), "reads" (every REQ) or "wraps" (kind 1059 is read only by whom it is for).
    cap: the most events one filter brings (`None` in the filter means the same); `announce` puts it into the NIP-11
    document. future_s_max: how far ahead an event may be stamped, None = no limit. journal_size: texts remembered.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        verify: bool = True,
        auth: str = "off",
        challenge_at_connect: bool = True,
        one_key_per_connection: bool = False,
        cap: int = 500,
        announce: bool = True,
        message_bytes_max: int = 1 << 20,
        event_bytes_max: int | None = None,
        future_s_max: int | None = None,
        journal_size: int = 10_000,
        seed: int = 0,
        faults: Faults | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.verify, self.auth, self.challenge_at_connect = verify, auth, challenge_at_connect
        self.one_key_per_connection, self.cap, self.announce = one_key_per_connection, cap, announce
        self.message_bytes_max, self.event_bytes_max = message_bytes_max, event_bytes_max
        self.future_s_max, self.faults, self.now = future_s_max, faults or Faults(), now
        self.rng = random.Random(seed)
        self.port = port
        self.journal: deque[Line] = deque(maxlen=journal_size)
        self.store = EventStore(now)
        self.waiting: LiveIndex[LiveSubscription] = LiveIndex()
        self.clients: dict[Connection, Client] = {}
        self.connections_seen = 0
        self.reading, self.publishing, self.delivery = Reading(self), Publishing(self), Delivery(self)
        self._paused = False
        self._journalled = journal_size > 0
        self._sockets: set[Connection] = set()
        self._unflushed: list[Connection] = []
        self._server: asyncio.Server | None = None

    # -- life

    @property
    def url(self) -> str:
        """Where it listens; the port is known once it has started."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def events(self) -> list[dict[str, Any]]:
        """Everything kept, decoded, in the order of arrival."""
        return [orjson.loads(each.raw) for each in self.store.all()]

    async def start(self) -> Self:
        """Listen. A second start after `stop` uses the same port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, "127.0.0.1", self.port, reuse_address=True, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self, code: int | None = 1001) -> None:
        """Stop listening and close every client with `code` (None: reset the sockets). Events are kept."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._sockets):
            connection.close(code, "going away") if code is not None else connection.cut()
        try:
            await asyncio.wait_for(self._server.wait_closed(), STOP_S_MAX)
        except TimeoutError:
            pass
        for connection in list(self._sockets):  # a client that does not read would keep its close frame waiting
            connection.cut()
        self._server = None

    async def restart(self, *, keep: bool = True, code: int | None = None) -> None:
        """Like a crash (`code` None) or an orderly restart (1001, 1012); `keep=False` loses every event."""
        await self.stop(code)
        if not keep:
            self.store = EventStore(self.now)
        await self.start()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # -- what a test may do to it at any time

    @property
    def sockets_open(self) -> int:
        """Connections that stand just now, also those that have not said a word."""
        return len(self._sockets)

    def pause(self) -> None:
        """Freeze: sockets stay open, new ones are accepted, nothing is read, answered or sent."""
        self._paused = True
        for connection in list(self._sockets):
            connection.hold()

    def resume(self) -> None:
        """End of `pause`: everything that waited is handled now."""
        self._paused = False
        for connection in list(self._sockets):
            connection.release()

    def forget_subscriptions(self) -> None:
        """Live delivery ends without a CLOSED, for everybody connected now."""
        for client in self.clients.values():
            self.reading.close_all(client)

    def close_all(self, code: int, reason: str = "") -> None:
        """Send everybody a close frame."""
        for connection in list(self.clients):
            connection.close(code, reason)

    def cut_all(self) -> None:
        """Reset every socket: no close frame."""
        for connection in list(self.clients):
            connection.cut()

    def say(self, text: str) -> None:
        """Send any text to everybody."""
        for client in self.clients.values():
            self.tell(client, text.encode())

    def accept(self, event: dict[str, Any]) -> None:
        """Put an event in as if somebody had published it: kept and delivered, never checked."""
        stored = stored_from(event, orjson.dumps(event))
        self.store.add(stored)
        self.forward(stored)

    def received(self, verb: str | None = None) -> list[list[Any]]:
        """The decoded messages of all clients that the journal still holds, oldest first."""
        messages = [orjson.loads(line.text) for line in self.journal if not line.sent]
        return [message for message in messages if verb is None or message[0] == verb]

    # -- the owner of the connections (see websocket.Owner)

    def opened(self, connection: Connection) -> None:
        """A client has connected."""
        self.connections_seen += 1
        client = self.clients[connection] = Client(connection, self.connections_seen)
        if self.auth != "off" and self.challenge_at_connect:
            self.publishing.challenge(client)

    def closed(self, connection: Connection) -> None:
        """A client has gone."""
        client = self.clients.pop(connection, None)
        if client is not None:
            self.reading.close_all(client)

    def lost(self, connection: Connection) -> None:
        """A socket is gone, whether or not it ever was a client's."""
        self._sockets.discard(connection)

    def admits(self) -> int:
        """101, or the status that a fault answers a handshake with."""
        return self.faults.refuse_handshakes or 101

    def http(self, headers: dict[str, str]) -> tuple[int, str, bytes]:
        """The NIP-11 document, for who asks for it."""
        limit = self.cap if self.announce else None
        return answer_http(headers, self.message_bytes_max, self.auth in ("reads", "writes"), limit)

    def message(self, connection: Connection, payload: bytes) -> None:
        """One message of a client."""
        client = self.clients[connection]
        if self._journalled:
            self.journal.append(Line(client.number, False, payload.decode("utf-8", "replace")))
        if not self._survives_faults(client):
            return
        try:
            message = orjson.loads(payload)
        except orjson.JSONDecodeError:
            message = None
        match message:
            case ["EVENT", event]:
                self.publishing.event(client, event, payload[payload.find(b"{") : payload.rfind(b"}") + 1])
            case ["REQ", str(name), *filters] if 0 < len(name) <= 64:
                self.reading.request(client, name, filters)
            case ["CLOSE", str(name)]:
                self.reading.close(client, name)
            case ["AUTH", event]:
                self.publishing.auth(client, event)
            case ["COUNT", str(name), *filters]:
                self.reading.count(client, name, filters)
            case _:
                self.answer(client, ["NOTICE", "error: not a message I know"])

    # -- sending

    def forward(self, event: Stored) -> None:
        """Send an event to everybody whose open subscription it meets."""
        for subscription in self.waiting.find(event):
            if self.reading.may_read(subscription.client, event):
                self.delivery.live(subscription, event)

    def answer(self, client: Client, message: list[Any]) -> None:
        """Send one message to one client."""
        self.tell(client, orjson.dumps(message))

    def tell(self, client: Client, payload: bytes) -> None:
        """Send one text, as it is, to one client; nothing if it has gone."""
        if not client.connection.open:
            return
        if self._journalled:
            self.journal.append(Line(client.number, True, payload.decode("utf-8", "replace")))
        client.connection.send(frame(payload))
        client.sent += 1
        cut_after = self.faults.cut_after_messages
        if cut_after is not None and client.sent >= cut_after:
            client.connection.flush()
            client.connection.cut()

    # -- inside

    def _accept(self) -> Connection:
        connection = Connection(self, self._flush_soon)
        self._sockets.add(connection)
        if self._paused:
            connection.hold()
        return connection

    def _flush_soon(self, connection: Connection) -> None:
        if not self._unflushed:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unflushed.append(connection)

    def _flush(self) -> None:
        for connection in self._unflushed:
            connection.flush()
        self._unflushed.clear()

    def _survives_faults(self, client: Client) -> bool:
        """Noise and cuts that count a client's messages. False: this message was the one too many."""
        faults = self.faults
        client.received += 1
        if faults.cut_after_per_minute is not None:
            now = asyncio.get_running_loop().time()
            if now - client.minute_began >= 60:
                client.minute_began, client.received_this_minute = now, 0
            client.received_this_minute += 1
            if client.received_this_minute > faults.cut_after_per_minute:
                client.connection.flush()
                client.connection.cut()
                return False
        if faults.notice_every and client.received % faults.notice_every == 0:
            self.answer(client, ["NOTICE", f"you have sent {client.received} messages"])
        if faults.garbage_every and client.received % faults.garbage_every == 0:
            self.tell(client, self.rng.choice(GARBAGE).encode())
        return True


if __name__ == "__main__":
    from tests.relays.serve import main

    main()
