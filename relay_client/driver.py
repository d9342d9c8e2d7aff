"""Drives one session: makes its connection again and again, hands texts, time and deliveries to and fro.

Rules: one task per driver, which no fault of a relay ends; a fault of ours ends the present connection and is told.
Reading stops while the backlog is full and goes on when half of it is taken, on this connection only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relay_client.asking import NOTHING, Askers
from relay_client.backlog import Backlog
from relay_client.connection import Connection, Declined, Resolve, dial, tls_context
from relay_client.deliveries import Delivery, Happening, Outcome, RelayState
from relay_client.errors import AddressForbidden
from relay_client.filter import Filter
from relay_client.queries import Answered
from relay_client.relay_information import fetch_max_limit
from relay_client.session import Session
from relay_client.settings import PoolSettings


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a driver needs from its pool. deliver: something waits in a backlog; settle(outcomes, room grew)."""

    settings: PoolSettings
    monotonic: Callable[[], float]
    wall: Callable[[], int]
    deliver: Callable[[], None]
    settle: Callable[[Sequence[Outcome], bool], None]
    tell: Callable[[Happening], None]


class Driver:
    """One session and its socket, made again whenever it ends; plus the backlog of what the session delivered."""

    def __init__(
        self, session: Session, surroundings: Surroundings, *, errand: bool = False, resolve: Resolve | None = None
    ) -> None:
        """errand: the relay is not ours (see errands); resolve: who looks its host up (see connection.dial)."""
        self.session = session
        self.tried = asyncio.Event()
        self.forbidden = False
        self._errand = errand
        self._resolve = resolve
        self._askers = Askers(session.queries, surroundings.monotonic, self._flow)
        self._pausing = False
        self.backlog = Backlog(surroundings.settings.deliveries_max, surroundings.settings.deliveries_bytes_max)
        self.running = False
        self.ended = asyncio.Event()
        self._around = surroundings
        self._settings = surroundings.settings
        self._connection: Connection | None = None
        self._leaving = asyncio.Event()
        self._dialing: asyncio.Timeout | None = None
        self._hung_up = ""
        self._written_at = 0.0  # in listening time: when the relay last read what we sent
        self._paused = False
        self._hungry = False
        self._flow_scheduled = False
        self._turned_away = False

    async def run(self) -> None:
        """Keep the connection standing until farewell() or drop(). Ends only then, or when cancelled."""
        self.running = True
        information = None if self._errand else asyncio.create_task(self._learn_page_limit())
        try:
            while not self._leaving.is_set():
                delay_s = await self._attempt()
                self.tried.set()
                self._flow()
                self._pausing = True
                await _any_of(self._leaving, delay_s)
                self._pausing = False
        finally:
            if information is not None:
                information.cancel()
            self.drop()
            self._askers.end()
            self.tried.set()
            self.running = False
            self.ended.set()

    def post(self, event_id: str, event_json: str) -> bool:
        """See Pool.post. What is posted within one turn of the loop goes out in one burst."""
        if self._leaving.is_set() or not self.session.post(event_id, event_json):
            self._hungry = True
            return False
        self.flow_soon()
        return True

    def room(self) -> int:
        """See Pool.room."""
        room = 0 if self._leaving.is_set() else self.session.room
        self._hungry = self._hungry or room == 0
        return room

    @property
    def idle(self) -> bool:
        """Whether nothing is under way: no event without a verdict, no question."""
        return not self.session.waiting_posts and not len(self.session.queries)

    async def query(self, wanted: Filter, deadline_s: float) -> Answered:
        """See Pool.query. While the driver waits before it tries to connect again, the answer is nothing, at once."""
        if self._pausing or self._leaving.is_set():
            return NOTHING
        return await self._askers.ask(wanted, deadline_s)

    def take(self, limit: int) -> list[Delivery]:
        """Deliveries for the owner; reading goes on when half of the backlog is gone."""
        taken = self.backlog.take(limit)
        if self._paused and self.backlog.low:
            self._paused = False
            self.session.resumed(self._around.monotonic())
            if self._connection is not None:
                self._connection.resume_reading()
        return taken

    def turn_away(self) -> None:
        """See Pool.take_no_more. The socket is read on, since the answers to what is posted come over it too."""
        self._turned_away = True
        self.session.farewell()
        self.take(len(self.backlog))
        self.flow_soon()

    def farewell(self) -> None:
        """Close the subscriptions and the socket, politely; run() ends soon."""
        self._leaving.set()
        if self._dialing is not None and not self._dialing.expired():
            self._dialing.reschedule(asyncio.get_running_loop().time())
        if self._connection is not None:
            self.session.farewell()
            self._flow()
            self._connection.close()

    def drop(self) -> None:
        """Drop the socket; run() ends at once."""
        self._leaving.set()
        self._hang_up("stopped")

    def state(self) -> RelayState:
        """See Pool.states."""
        session = self.session
        return RelayState(
            relay=session.url,
            key=session.key,
            connected=session.connected,
            caught_up=session.caught_up,
            last_error=session.last_error,
            pace=session.pace.per_minute,
            waiting_deliveries=len(self.backlog),
            waiting_posts=session.waiting_posts,
            counts=dict(session.counts),
        )

    # What the connection tells (connection.Listener).

    def opened(self, connection: Connection) -> None:
        """The handshake is done."""
        self._connection = connection
        self.tried.set()
        self._hung_up = ""
        self._paused = False
        self._written_at = self.session.liveness.listened(self._around.monotonic())
        self.session.opened(self._around.monotonic(), self._around.wall())
        self._flow()

    def brought(self, texts: Sequence[bytes]) -> None:
        """Bytes came, and with them these texts, if any."""
        try:
            now = self._around.monotonic()
            self.session.liveness.heard(now)
            if texts:
                self.session.received(texts, now, self._around.wall())
            self._flow()
        except Exception as fault:  # noqa: BLE001 - our own fault must end this socket only, and be told
            self._fail(fault)

    def flow_soon(self) -> None:
        """Let texts flow in this turn of the loop, once."""
        if not self._flow_scheduled:
            self._flow_scheduled = True
            asyncio.get_running_loop().call_soon(self._flow)

    # Inside.

    async def _attempt(self) -> float:
        """One socket from its first byte to its last; seconds until the next attempt."""
        session = self.session
        try:
            async with asyncio.timeout(self._settings.open_deadline_s) as self._dialing:
                connection = await dial(session.url, self, self._settings.text_bytes_max, self._resolve)
        except Declined as fault:
            return session.unreachable(f"{fault}", answers=True)
        except AddressForbidden as fault:
            self.forbidden = True
            return session.unreachable(f"{fault}", answers=False)
        except (OSError, TimeoutError) as fault:
            return session.unreachable(f"{fault}" or type(fault).__name__, answers=False)
        except Exception as fault:  # noqa: BLE001 - a name that no resolver bears must end this attempt only
            self._fail(fault)
            return session.unreachable(f"{fault!r}", answers=False)
        finally:
            self._dialing = None
        try:
            while not connection.ended.done():
                await asyncio.wait((connection.ended,), timeout=self._settings.tick_s)
                self._tick(connection)
        except Exception as fault:  # noqa: BLE001 - our own fault must end this socket only, and be told
            self._fail(fault)
        finally:
            connection.abort()
            self._connection = None
        cut = connection.cut and not self._hung_up
        return session.lost(self._hung_up or connection.reason, self._around.monotonic(), cut=cut)

    def _tick(self, connection: Connection) -> None:
        now = self._around.monotonic()
        self.session.tick(now, self._around.wall())
        liveness = self.session.liveness
        if connection.writable:
            self._written_at = liveness.listened(now)
        if liveness.is_dead(now):
            self._hang_up("silent: no answer to a ping")
        elif liveness.listened(now) - self._written_at >= self._settings.write_deadline_s:
            self._hang_up("it does not read what we send")
        elif liveness.ping_due(now):
            connection.ping()
        self._flow()

    def _flow(self) -> None:
        """Send what may be sent, hand on what the session has for the owner."""
        self._flow_scheduled = False
        connection, session = self._connection, self.session
        now = self._around.monotonic()
        while connection is not None and connection.writable:
            texts = session.texts(now)
            if not texts:
                break
            connection.send(texts)
        self._askers.hand_on()
        drained = session.drain()
        for happening in drained.happenings:
            self._around.tell(happening)
        if drained.deliveries and not self._turned_away:
            self.backlog.extend(drained.deliveries)
            self._around.deliver()
        if self.backlog.full and not self._paused and connection is not None:
            self._paused = True
            session.paused(now)
            connection.pause_reading()
        room_grew = self._hungry and session.room > 0
        self._hungry = self._hungry and not room_grew
        if room_grew or drained.outcomes:
            self._around.settle(drained.outcomes, room_grew)

    def _fail(self, fault: Exception) -> None:
        self.session.fault(f"{fault!r}")
        self._hang_up(f"our own fault: {fault!r}")

    def _hang_up(self, reason: str) -> None:
        self._hung_up = reason
        if self._connection is not None:
            self._connection.abort()

    async def _learn_page_limit(self) -> None:
        url = self.session.url
        tls = tls_context() if url.startswith("wss:") else None
        limit = await fetch_max_limit(url, self._settings.information_deadline_s, tls)
        if limit is not None:
            self.session.announced(limit)


async def _any_of(event: asyncio.Event, timeout_s: float) -> None:
    """Return when the event is set or the time is over."""
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
