"""One subscription on one relay: a live REQ for good, and catch-ups on a schedule. Source: docs/protocol.md §11.

Rules:
 - The live REQ goes out first and has no `since`: whatever reaches the relay from then on is wanted, however old
   its stamp (an order system that was offline, a backdated wrap). `limit` 1, for the past is the catch-up's; some
   relays misread 0.
 - A live subscription is a hint (bug 74): a catch-up runs after every connect, on a schedule, and after a burst or
   a pause in our reading.
 - A catch-up survives a reconnect and goes on at its page; then another one follows for the time in between.
 - No catch-up begins while the owner has still to confirm the last one, for some time at most: it is behind, and
   asking for more would not help.
 - A protected subscription (1059, bug 72) is asked for after a short grace in which the relay may challenge us, and
   again, from the cursor at connect, once we are authenticated: relays leave wraps out of the answer without a
   word.
"""

from __future__ import annotations

from dataclasses import replace

from kinds.errors import NotAdmitted
from kinds.event import claim
from relay_client import cursor as cursors
from relay_client import messages
from relay_client.catch_up import CatchUp, Step
from relay_client.deliveries import Arrived, CaughtUp, Rejected
from relay_client.dice import Dice
from relay_client.filter import Matcher
from relay_client.known import Known
from relay_client.schedule import Schedule
from relay_client.settings import PoolSettings
from relay_client.subscription import Subscription
from relay_client.turn import Heard, Times, Voice
from relay_client.verdict import Answer, Verdict

NEVER_S = float("inf")


class Reading:
    """The state machine of one subscription. Give it every message with one of its subscription ids, and a tick."""

    def __init__(
        self,
        relay: str,
        subscription: Subscription,
        prefix: str,
        cursor: int | None,
        settings: PoolSettings,
        rng: Dice,
        voice: Voice,
    ) -> None:
        """prefix: of the subscription ids on the wire; no other reading of the connection may have it."""
        self.subscription = subscription
        self.page_limit = settings.page_limit
        self.caught_up = False
        self._relay = relay
        self._prefix = prefix
        self._cursor = cursor
        self._settings = settings
        self._rng = rng
        self._voice = voice
        self._matcher = Matcher(subscription.filter)
        self._known = Known(settings.known_max)
        self._serial = 0
        self._schedule = Schedule(settings, rng, sweeps=subscription.sweep_s is not None)
        self._catch_up: CatchUp | None = None
        self._cursor_at_open = cursor
        self._authenticated = False
        self._asked_early = False  # on this socket, before authentication
        self._live_id: str | None = None
        self._page_id: str | None = None
        self._close_ids()

    # What the session tells.

    def opened(self, times: Times, grace_s: float) -> None:
        """A new socket: ask again for everything, after grace_s."""
        self._close_ids()
        self._cursor_at_open = self._cursor
        self._authenticated = self._asked_early = False
        self._live_at = self._page_at = times.now + grace_s
        self._schedule.now_due(times.now)
        self.tick(times)

    def authenticated(self, times: Times) -> None:
        """The relay accepted our answer: ask again for what it refused or may have left out."""
        if self.subscription.protected and self._asked_early:
            for subscription_id in self.open_ids():
                self._voice.send(messages.close(subscription_id))
            self._close_ids()
            self._cursor = self._cursor_at_open
            self._catch_up = None
            self._schedule.forget_unconfirmed()
            self._schedule.now_due(times.now)
        self._authenticated = True
        self._asked_early = False
        self._page_tries = 0
        self._live_at = self._page_at = times.now
        self.tick(times)

    def paused(self) -> None:
        """The socket is not read for a while."""
        self._schedule.reading_paused()

    def confirmed(self, asked_at: int) -> None:
        """The owner has handled a CaughtUp and stored its time."""
        if self._schedule.confirmed(asked_at):
            self._cursor = asked_at
            self._known.confirm(asked_at)

    def open_ids(self) -> list[str]:
        """The subscription ids that stand on the wire now."""
        return [subscription_id for subscription_id in (self._live_id, self._page_id) if subscription_id]

    def heard(self, subscription_id: str) -> Heard | None:
        """Which of the REQs has this id; None: neither, any more."""
        if subscription_id == self._live_id:
            return Heard.LIVE
        return Heard.PAGE if subscription_id == self._page_id else None

    # What the relay says.

    def known_event(self, heard: Heard, fingerprint: int, text: bytes, listened: float) -> bool:
        """Whether these bytes are confirmed already: then they count for paging and are not delivered again."""
        created_at = self._known.created_at(fingerprint)
        if created_at is None:
            return False
        if heard is Heard.PAGE and self._catch_up is not None:
            at = text.find(b'"id":"') + 6
            if at < 6:
                return False
            self._page_deadline = listened + self._settings.eose_deadline_s
            self._catch_up.saw(created_at, text[at : at + 64].decode("latin-1"))
        return True

    def event(self, heard: Heard, fingerprint: int, claimed: object, size: int, listened: float) -> None:
        """An event that the relay sent for one of our REQs; decoded JSON of any shape, size in bytes."""
        if heard is Heard.PAGE:
            self._page_deadline = listened + self._settings.eose_deadline_s
        else:
            self._schedule.live_event()
        try:
            event = claim(claimed)
        except NotAdmitted as fault:
            return self._reject(heard, claimed, fault.code)
        if size > self._settings.event_bytes_max:
            return self._reject(heard, claimed, "relay-event-too-large")
        inside = self._matcher.matches(event)
        if heard is Heard.PAGE and self._catch_up is not None:
            inside = inside and self._catch_up.saw(event.created_at, event.id)
        if not inside:
            self._voice.deliver(Rejected(self._relay, "relay-event-unasked"))
            return None
        self._known.delivered(fingerprint, event.created_at, paged=heard is Heard.PAGE)
        self._voice.deliver(Arrived(self._relay, self.subscription.name, event, size))
        return None

    def end_of_stored(self, heard: Heard, times: Times) -> None:
        """EOSE."""
        if heard is Heard.LIVE or self._catch_up is None or self._page_id is None:
            return
        self._close_page()
        self._page_tries = 0
        step = self._catch_up.ended(self.page_limit)
        for second in self._catch_up.crowded:
            self._voice.tell("relay-second-crowded", self.subscription.name, second)
        self._catch_up.crowded.clear()
        self._known.page_ended(last=step is not Step.NEXT)
        if step is Step.NEXT:
            self._ask_page(times)
        elif step is Step.DONE:
            self._done(times)
        else:
            self._give_up("nothing readable in a page, or too many pages", times.now)

    def closed(self, heard: Heard, verdict: Verdict, times: Times, hopeless: bool) -> None:
        """CLOSED: try again later, after authentication, or much later. hopeless: there will be no authentication."""
        answer = verdict.answer
        wait_s = float(max(verdict.retry_s, 1))
        if answer is Answer.NEVER or (answer is Answer.NEEDS_AUTH and hopeless):
            wait_s = self._settings.refused_retry_s
            if heard is Heard.LIVE:
                self._voice.tell("relay-subscription-refused", f"{self.subscription.name}: {verdict.text}", wait_s)
        elif answer is Answer.NEEDS_AUTH:
            wait_s = 2 * self._settings.auth_deadline_s  # authenticated() comes first, if it comes
        if heard is Heard.LIVE:
            self._live_id = None
            self._live_at = times.now + self._jittered(wait_s)
        else:
            self._page_id = None
            self._page_failed(times, verdict.text, wait_s)

    # Time.

    def tick(self, times: Times) -> None:
        """Ask for what is due."""
        if self._live_id is None and times.now >= self._live_at:
            self._live_id = self._next_id()
            self._voice.send(messages.req(self._live_id, replace(self.subscription.filter, limit=1)))
            self._schedule.now_due(times.now)
        self._schedule.watch(times.now, times.busy)
        if self._page_id is not None:
            self._watch_page(times)
        elif times.now >= self._page_at:
            if self._catch_up is None:
                self._begin_if_due(times)
            if self._catch_up is not None:
                self._ask_page(times)

    def _watch_page(self, times: Times) -> None:
        if self._catch_up is not None and self._catch_up.overflowing:
            self._close_page()
            self._give_up("a page without end", times.now)
        elif times.listened >= self._page_deadline:
            self._close_page()
            self._page_failed(times, "no EOSE in time", self._settings.backoff_s_first)

    def _begin_if_due(self, times: Times) -> None:
        sweep = self._schedule.begins(times.now)
        if sweep is None:
            return
        rewind_s, sweep_s = self.subscription.rewind_s, self.subscription.sweep_s
        since = cursors.resume_since(self._cursor, rewind_s, times.wall)
        if sweep_s is not None and (sweep or cursors.is_ahead(self._cursor, times.wall)):
            since = cursors.sweep_since(self._cursor, rewind_s, times.wall, sweep_s)
        bounds = self._settings
        self._page_tries = 0
        self._catch_up = CatchUp(since, times.wall, pages_max=bounds.pages_max, page_texts_max=bounds.page_texts_max)

    def _ask_page(self, times: Times) -> None:
        assert self._catch_up is not None
        self._catch_up.restart_page()
        page = self._catch_up.page()
        self._page_id = self._next_id()
        self._page_at = NEVER_S
        self._page_deadline = times.listened + self._settings.eose_deadline_s
        wanted = replace(self.subscription.filter, since=page.since, until=page.until, limit=self.page_limit)
        self._voice.send(messages.req(self._page_id, wanted))

    def _done(self, times: Times) -> None:
        assert self._catch_up is not None
        asked_at = self._catch_up.asked_at
        self._catch_up = None
        self._page_at = times.now
        self._schedule.completed(asked_at, times.now)
        self._known.caught_up(asked_at)
        self.caught_up = True
        self._voice.deliver(CaughtUp(self._relay, self.subscription.name, asked_at))

    def _page_failed(self, times: Times, why: str, wait_s: float) -> None:
        if self._catch_up is None:
            return
        self._page_tries += 1
        if self._page_tries >= self._settings.page_tries_max:
            self._give_up(why, times.now)
        else:
            self._page_at = times.now + self._jittered(wait_s * 2 ** (self._page_tries - 1))

    def _give_up(self, why: str, now: float) -> None:
        self._catch_up = None
        self._known.page_ended(last=True)
        self._page_at = now
        self._schedule.given_up()
        self._voice.tell("relay-catch-up-failed", f"{self.subscription.name}: {why}", 0.0)

    def _reject(self, heard: Heard, claimed: object, code: str) -> None:
        if heard is Heard.PAGE and self._catch_up is not None:
            self._catch_up.saw_rejected(claimed)
        self._voice.deliver(Rejected(self._relay, code))

    def _close_page(self) -> None:
        if self._page_id is not None:
            self._voice.send(messages.close(self._page_id))
            self._page_id = None

    def _close_ids(self) -> None:
        self._live_id = self._page_id = None
        self._live_at = self._page_at = NEVER_S
        self._page_deadline = NEVER_S
        self._page_tries = 0

    def _next_id(self) -> str:
        self._asked_early = self._asked_early or not self._authenticated
        self._serial += 1
        return f"{self._prefix}{self._serial}"

    def _jittered(self, seconds: float) -> float:
        return seconds * self._rng.uniform(0.9, 1.1)
