"""One relay as a state machine: what the socket says goes in; texts, deliveries, outcomes and happenings come out.

Rules:
 - No asyncio, no socket, no clock, no dice here: `now` (monotonic seconds) and `wall` (unix seconds) are arguments
   of every call, dice of the constructor. A session outlives its sockets: it remembers the backoff, the pace and how
   far each subscription was read.
 - The owner of the socket calls opened; then received, tick, paused and resumed; then lost; or unreachable when no
   socket came about. After each call it sends texts() and hands on what drain() gives.
 - Deadlines for the relay's answers run in listening time, which stands still while the socket is not read: an OK
   may wait behind events that nobody takes from us.
 - Nothing that a relay sends makes a session raise.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from kinds.event import Event, Template
from relay_client import messages
from relay_client.authentication import Authentication
from relay_client.backoff import Backoff
from relay_client.deliveries import Drained, Happening, Outcome
from relay_client.dice import Dice
from relay_client.errors import RelayText
from relay_client.liveness import Liveness
from relay_client.outgoing import Outgoing, Settled
from relay_client.pace import Pace
from relay_client.queries import Queries
from relay_client.readings import Readings
from relay_client.settings import PoolSettings
from relay_client.subscription import Subscription
from relay_client.turn import Times, Voice
from relay_client.verdict import Answer, Verdict, is_rate_limit, of_closed, retry_later

BURST_CHARS: Final = 256 * 1024
_TEXT_CHARS_MAX: Final = 300


class Session:
    """One (url, key), for good. Construct it, then see the module's second rule."""

    def __init__(
        self, *, url: str, key: str | None, reads: Sequence[Subscription], settings: PoolSettings, rng: Dice,
        sign_auth: Callable[[str, Template], Event], cursors: Mapping[str, int], pace: float | None,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        """cursors: subscription name -> unix seconds; pace: messages a minute learned earlier; the rest as in Pool."""
        self.url = url
        self.key = key
        self.connected = False
        self.last_error = ""
        self.counts: Counter[str] = Counter()
        self._settings = settings
        self._is_busy = is_busy
        self._auth = Authentication(url, key, sign_auth, settings)
        self._backoff = Backoff(settings.backoff_s_first, settings.backoff_s_max, rng)
        self.pace = Pace(pace)
        self._outgoing = Outgoing(
            posts_max=settings.posts_max, bytes_max=settings.posts_bytes_max,
            in_flight_max=settings.in_flight_max, ok_deadline_s=settings.ok_deadline_s,
        )  # fmt: skip
        self._control: deque[str] = deque()
        self._drained = Drained([], [], [])
        voice = Voice(self._control.append, lambda delivery: self._drained.deliveries.append(delivery), self._tell)
        self._readings = Readings(url, reads, cursors, settings, rng, voice)
        self.queries = Queries(self._control.append, settings.questions_max, settings.answer_bytes_max)
        self.liveness = Liveness(settings.ping_after_s, settings.ping_deadline_s)
        self._said_caught_up, self._reads_on, self._opened_at = not reads, True, 0.0

    # What the owner asks and wants.

    @property
    def caught_up(self) -> bool:
        """Whether every subscription was read to the end at least once."""
        return self._readings.caught_up

    @property
    def room(self) -> int:
        """How many more events post() would take now."""
        return self._outgoing.room if self.connected else 0

    @property
    def waiting_posts(self) -> int:
        """Events without a verdict."""
        return len(self._outgoing)

    def post(self, event_id: str, event_json: str) -> bool:
        """Queue an event; see Pool.post."""
        return self.connected and self._outgoing.post(event_id, event_json)

    def cursor_saved(self, subscription: str, asked_at: int) -> None:
        """See Pool.cursor_saved; a name that is not read here is ignored."""
        self._readings.confirmed(subscription, asked_at)

    def announced(self, limit: int) -> None:
        """The relay announced how many events it gives per filter at most (NIP-11 max_limit)."""
        self._readings.announced(limit)

    def drain(self) -> Drained:
        """What has come up since the last call; the caller's now."""
        if not self._said_caught_up and self.connected and self.caught_up:
            self._said_caught_up = True
            self._tell("relay-caught-up", "", 0.0)
        drained, self._drained = self._drained, Drained([], [], [])
        return drained

    def texts(self, now: float) -> list[str]:
        """The texts to send now, one burst; they count as sent. Empty: nothing may be sent before the next tick."""
        if not self.connected:
            return []
        texts = list(self._control)
        self._control.clear()
        if self._outgoing.has_queued and not self._auth.waiting:
            allowed = self.pace.allowed(now) - len(texts)
            texts += self._outgoing.texts(allowed, BURST_CHARS, self.liveness.listened(now))
        if texts:
            self.pace.sent(len(texts), now)
        return texts

    # What the socket says.

    def opened(self, now: float, wall: int) -> None:
        """A socket stands."""
        self.connected = True
        self.counts["connects"] += 1
        self._control.clear()
        self._auth.opened()
        self._opened_at = now
        self.liveness.opened(now)
        self._tell_pace(self.pace.reopened(), "the socket was cut without a word")
        self._tell("relay-connected", "", 0.0)
        self.queries.opened()
        times = self._times(now, wall)
        for reading in self._readings:
            guarded = reading.subscription.protected and self.key is not None
            reading.opened(times, self._settings.auth_grace_s if guarded else 0.0)

    def received(self, texts: Sequence[bytes], now: float, wall: int) -> None:
        """Texts of the relay, in order."""
        times = self._times(now, wall)
        self.liveness.heard(now)
        self.counts["texts"] += len(texts)
        for text in texts:
            if text.startswith(b'["EVENT"') and self._readings.is_known(text, times.listened):
                self.counts["known"] += 1
            else:
                self._read(text, times)

    def tick(self, now: float, wall: int) -> None:
        """Time passes; every fifth of a second or so."""
        times = self._times(now, wall)
        self.queries.tick(now)
        self._settle(self._outgoing.expire(times.listened))
        if self._auth.expired(times.listened):
            self._settle(self._outgoing.give_up_held(retry_later("no answer to our authentication", 30)))
        self._tell_pace(self.pace.recover(now), "no cut for long")
        if self.connected:
            if now - self._opened_at >= self._settings.healthy_s:
                self._backoff.healthy()
            for reading in self._readings if self._reads_on else ():
                reading.tick(times)

    def paused(self, now: float) -> None:
        """The socket is not read from now on."""
        self.liveness.paused(now)
        for reading in self._readings:
            reading.paused()

    def resumed(self, now: float) -> None:
        """The socket is read again."""
        self.liveness.resumed(now)

    def lost(self, reason: str, now: float, *, cut: bool) -> float:
        """The socket is gone. cut: by the relay, without a close frame. Seconds until the next attempt."""
        if cut:
            self.pace.cut(now, self._outgoing.in_flight)
        self._settle(self._outgoing.lost())
        self.connected = False
        return self._try_again(reason)

    def unreachable(self, reason: str, *, answers: bool) -> float:
        """No socket came about. answers: there was a relay, which declined. Seconds until the next attempt."""
        if not answers:
            self.pace.unreachable()
        return self._try_again(reason)

    def fault(self, reason: str) -> None:
        """Our own fault, to be told."""
        self._tell("relay-fault", reason, 0.0)

    def farewell(self) -> None:
        """Close the subscriptions, for good: what is posted is all that this session still does."""
        if self._reads_on:
            self._reads_on = False
            self._control.extend(messages.close(each) for reading in self._readings for each in reading.open_ids())

    # Reading texts.

    def _read(self, text: bytes, times: Times) -> None:
        try:
            message = messages.read(text)
        except RelayText as fault:
            self.counts[fault.code] += 1
            return
        if isinstance(message, messages.EventMessage):
            known_subscription = self._readings.event(message, text, times.listened)
            wanted = known_subscription or self.queries.event(message.subscription, message.event, len(text))
            self.counts["events" if wanted else "relay-event-stale"] += 1
        elif isinstance(message, messages.OkMessage):
            self._ok(message, times)
        elif isinstance(message, messages.AuthMessage):
            self._send(self._auth.challenged(message.challenge, times.listened, times.wall))
        elif isinstance(message, messages.NoticeMessage):
            self.counts["notices"] += 1
            self._tell("relay-notice", message.text[:_TEXT_CHARS_MAX], 0.0)
        else:
            self._about_subscription(message, times)

    def _about_subscription(self, message: messages.EoseMessage | messages.ClosedMessage, times: Times) -> None:
        found = self._readings.addressed(message.subscription)
        if found is None and not self.queries.knows(message.subscription):
            return
        if isinstance(message, messages.EoseMessage):
            if found is None:
                self.queries.end_of_stored(message.subscription)
            else:
                found[0].end_of_stored(found[1], times)
            return
        verdict = of_closed(message.text)
        if verdict.answer is Answer.NEEDS_AUTH:
            self._send(self._auth.needed(times.listened, times.wall))
        self._heed_rate_limit(verdict, times.now)
        if found is None:
            self.queries.closed(message.subscription, verdict, self._auth.waiting, self._auth.hopeless)
        else:
            found[0].closed(found[1], verdict, times, self._auth.hopeless)

    def _ok(self, message: messages.OkMessage, times: Times) -> None:
        if self._auth.is_answer(message.event_id):
            return self._auth_answered(message, times)
        verdict = self._outgoing.answered(message.event_id, message.accepted, message.text)
        if verdict is None:
            self.counts["oks-unmatched"] += 1
            return None
        self._heed_rate_limit(verdict, times.now)
        if verdict.answer is not Answer.NEEDS_AUTH:
            return self._settle([(message.event_id, verdict)])
        self._send(self._auth.needed(times.listened, times.wall))
        if self._auth.hopeless or not self._outgoing.hold(message.event_id):
            self._outgoing.settle(message.event_id)
            return self._settle([(message.event_id, verdict)])
        if not self._auth.waiting:
            self._outgoing.release()
        return None

    def _auth_answered(self, message: messages.OkMessage, times: Times) -> None:
        again = self._auth.answered(message.accepted, times.listened, times.wall)
        if again is not None:
            self._send(again)
        elif message.accepted:
            self._tell("relay-authenticated", "", 0.0)
            self._outgoing.release()
            self._readings.authenticated(times)
            self.queries.authenticated()
        else:
            text = message.text[:_TEXT_CHARS_MAX]
            self._tell("relay-authentication-refused", text, 0.0)
            self._settle(self._outgoing.give_up_held(Verdict(Answer.NEEDS_AUTH, text)))

    # Small things.

    def _heed_rate_limit(self, verdict: Verdict, now: float) -> None:
        if is_rate_limit(verdict) and self.pace.rate_limited(now):
            self._tell("relay-rate-limited", verdict.text, self.pace.per_minute or 0.0)

    def _settle(self, settled: Sequence[Settled]) -> None:
        self._drained.outcomes.extend(Outcome(self.url, self.key, *each) for each in settled)

    def _send(self, text: str | None) -> None:
        if text is not None:
            self._control.append(text)

    def _tell(self, what: str, detail: str, number: float) -> None:
        self._drained.happenings.append(Happening(self.url, self.key, what, detail, number))

    def _tell_pace(self, per_minute: float | None, why: str) -> None:
        if per_minute is not None:
            self._tell("relay-pace-learned", why, per_minute)

    def _try_again(self, reason: str) -> float:
        self.queries.lost()
        self.last_error = reason
        delay_s = self._backoff.failed()
        self._tell("relay-disconnected", reason, delay_s)
        return delay_s

    def _times(self, now: float, wall: int) -> Times:
        return Times(now, self.liveness.listened(now), wall, self._is_busy())
