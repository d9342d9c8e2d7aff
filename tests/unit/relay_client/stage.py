"""A stage for one session: the test moves its clock, speaks the relay's lines, and finds everything said and told."""

import hashlib
import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from kinds.event import Event, Template
from relay_client.deliveries import Arrived, CaughtUp, Delivery, Happening, Outcome
from relay_client.filter import Filter
from relay_client.session import Session
from relay_client.settings import PoolSettings
from relay_client.subscription import Subscription

URL = "wss://relay.test"
ME = "ab" * 32
WALL = 1_800_000_000
ORDERS = Subscription("orders", Filter(kinds=(7412,), tags={"#p": (ME,)}), rewind_s=600)
WRAPS = Subscription(
    "wraps", Filter(kinds=(1059,), tags={"#p": (ME,)}), rewind_s=180_000, sweep_s=2_592_000, protected=True
)
_numbers = itertools.count()


def event(kind: int = 7412, created_at: int = WALL, content: str | None = None, **changed: object) -> dict[str, Any]:
    """An event in shape for a claim; its id and signature are nobody's."""
    number = next(_numbers)
    plain: dict[str, Any] = {
        "id": hashlib.sha256(b"%d" % number).hexdigest(),
        "pubkey": "cd" * 32,
        "created_at": created_at,
        "kind": kind,
        "tags": [["p", ME]],
        "content": str(number) if content is None else content,
        "sig": "ef" * 64,
    }
    return plain | changed


def sign(pubkey: str, template: Template) -> Event:
    """A stand-in signature: the stage's relay does not check it."""
    number = hashlib.sha256(repr((pubkey, template)).encode()).hexdigest()
    return Event(number, pubkey, template.created_at, template.kind, template.tags, template.content, "00" * 64)


class Stage:
    """Drives a session like a connection would. `said` is what the session sent since the last look, decoded."""

    def __init__(
        self,
        *reads: Subscription,
        key: str | None = ME,
        cursors: Mapping[str, int] | None = None,
        pace: float | None = None,
        **changed: Any,
    ) -> None:
        self.settings = replace(PoolSettings(), **changed)
        self.busy = False
        self.now = 1_000.0
        self.wall = WALL
        self.deliveries: list[Delivery] = []
        self.outcomes: list[Outcome] = []
        self.happenings: list[Happening] = []
        self._said: list[list[Any]] = []
        self.session = Session(
            url=URL,
            key=key,
            reads=reads,
            settings=self.settings,
            rng=random.Random(1),
            sign_auth=sign,
            cursors=cursors or {},
            pace=pace,
            is_busy=lambda: self.busy,
        )

    def open(self) -> "Stage":
        """A socket stands."""
        self.session.opened(self.now, self.wall)
        self._gather()
        return self

    def lose(self, *, cut: bool = False) -> float:
        """The socket ends; the seconds to wait."""
        delay_s = self.session.lost("gone", self.now, cut=cut)
        self._gather()
        return delay_s

    def relay(self, *messages: Sequence[object] | bytes) -> None:
        """The relay says something, in one read."""
        texts = [each if isinstance(each, bytes) else orjson.dumps(each) for each in messages]
        self.session.received(texts, self.now, self.wall)
        self._gather()

    def wait(self, seconds: float, step: float = 1.0) -> None:
        """Time passes, in ticks."""
        end = self.now + seconds
        while self.now < end:
            moment = min(step, end - self.now)
            self.now += moment
            self.wall = WALL + int(self.now - 1_000.0)
            self.session.tick(self.now, self.wall)
            self._gather()

    def said(self, verb: str | None = None) -> list[list[Any]]:
        """What the session sent since the last look, of one verb or all; the look forgets it all."""
        said, self._said = self._said, []
        return [each for each in said if verb is None or each[0] == verb]

    def arrived(self) -> list[str]:
        """Ids delivered so far, in order."""
        return [each.event.id for each in self.deliveries if isinstance(each, Arrived)]

    def caught_up(self) -> list[CaughtUp]:
        """Every CaughtUp so far."""
        return [each for each in self.deliveries if isinstance(each, CaughtUp)]

    def happened(self, what: str) -> list[Happening]:
        """Happenings of one sort so far."""
        return [each for each in self.happenings if each.what == what]

    def verdicts(self) -> dict[str, str]:
        """Event id -> answer; an id with two outcomes fails the test."""
        assert len({each.event_id for each in self.outcomes}) == len(self.outcomes)
        return {each.event_id: each.verdict.answer.value for each in self.outcomes}

    def answer_pages(self, stored: Sequence[dict[str, Any]], cap: int = 500) -> int:
        """Answer catch-up REQs out of `stored` like an honest relay, until none is left; how many REQs it took."""
        asked = 0
        while reqs := [req for req in self.said("REQ") if "until" in req[2] or req[2]["limit"] > 1]:
            for _, subscription_id, wanted in reqs:
                asked += 1
                found = page(stored, wanted, cap)
                self.relay(*(["EVENT", subscription_id, each] for each in found), ["EOSE", subscription_id])
        return asked

    def _gather(self) -> None:
        while texts := self.session.texts(self.now):
            self._said += [orjson.loads(text) for text in texts]
        drained = self.session.drain()
        self.deliveries += drained.deliveries
        self.outcomes += drained.outcomes
        self.happenings += drained.happenings


def page(stored: Sequence[dict[str, Any]], wanted: Mapping[str, Any], cap: int) -> list[dict[str, Any]]:
    """What an honest relay gives for one filter: newest first, lowest id first within a second."""
    inside = [
        each
        for each in stored
        if each["kind"] in wanted["kinds"]
        and each["created_at"] >= wanted.get("since", 0)
        and each["created_at"] <= wanted.get("until", 2**60)
    ]
    inside.sort(key=lambda each: (-each["created_at"], each["id"]))
    return inside[: min(cap, wanted["limit"])]
