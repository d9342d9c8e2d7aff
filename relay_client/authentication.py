"""NIP-42 on one connection: from the relay's challenge to its OK.

Rules: the latest challenge is answered, when it comes before we are authenticated or when the relay refuses
something for want of authentication; where we do not come `at_once`, only then: a relay that somebody else named need
not know who writes there. Some relays challenge at connect, some only after a refusal, some with a new
challenge for every refusal: one answer is under way at a time, and if it fails although a newer challenge has come
meanwhile, that one is answered. What was refused is sent again only after the OK. Attempts are bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from kinds import event as events
from kinds import relay_auth
from kinds.event import Event, Template
from relay_client import messages
from relay_client.settings import PoolSettings


class Stage(Enum):
    """Where the handshake stands."""

    UNASKED = auto()
    WANTED = auto()  # refused something, and no challenge to answer yet
    ANSWERED = auto()
    ACCEPTED = auto()
    REFUSED = auto()


class Authentication:
    """The state of one connection's authentication. Deadlines are in the session's listening time, wall in unix
    seconds.
    """

    def __init__(
        self, url: str, key: str | None, sign: Callable[[str, Template], Event], settings: PoolSettings
    ) -> None:
        self._url = url
        self._key = key
        self._sign = sign
        self._attempts_max = settings.auth_attempts_max
        self._deadline_s = settings.auth_deadline_s
        self._at_once = settings.auth_at_once
        self.opened()

    def opened(self) -> None:
        """A new socket: the relay knows nothing of us."""
        self.stage = Stage.UNASKED
        self._challenge: str | None = None
        self._answer_id = ""
        self._attempts = 0
        self._deadline = 0.0

    @property
    def waiting(self) -> bool:
        """Whether an answer of the relay is due."""
        return self.stage is Stage.WANTED or self.stage is Stage.ANSWERED

    @property
    def hopeless(self) -> bool:
        """Whether this connection will not be authenticated: it has no key, or the relay refused it."""
        return self._key is None or self.stage is Stage.REFUSED

    def challenged(self, challenge: str, listened: float, wall: int) -> str | None:
        """The relay sent a challenge; the text to send now, if it is to be answered now."""
        self._challenge = challenge
        if self._key is None or self.stage is Stage.ACCEPTED or self.stage is Stage.ANSWERED:
            return None
        if self.stage is Stage.UNASKED and not self._at_once:
            return None
        return self._answer(listened, wall)

    def needed(self, listened: float, wall: int) -> str | None:
        """The relay refused something for want of authentication; the text to send now, if any.

        Afterwards `waiting` says whether to wait, `hopeless` whether to give up. Neither: we are authenticated by now,
        the refusal belongs to an earlier moment, and what was refused can be sent again.
        """
        if self.hopeless or self.waiting:
            return None
        if self._challenge is not None:
            return self._answer(listened, wall)
        if self.stage is not Stage.ACCEPTED:
            self.stage = Stage.WANTED
            self._deadline = listened + self._deadline_s
        return None

    def is_answer(self, event_id: str) -> bool:
        """Whether an OK with this id is the one that we wait for."""
        return self.stage is Stage.ANSWERED and event_id == self._answer_id

    def answered(self, accepted: bool, listened: float, wall: int) -> str | None:
        """The relay's OK to our answer. If it failed and a newer challenge is known: the text to send now."""
        self.stage = Stage.ACCEPTED if accepted else Stage.REFUSED
        if accepted or self._challenge is None:
            return None
        return self._answer(listened, wall)

    def expired(self, listened: float) -> bool:
        """True once, when the relay let the deadline pass; the next refusal begins anew."""
        if not self.waiting or listened < self._deadline:
            return False
        self.stage = Stage.UNASKED
        return True

    def _answer(self, listened: float, wall: int) -> str | None:
        assert self._key is not None
        assert self._challenge is not None
        if self._attempts >= self._attempts_max:
            self.stage = Stage.REFUSED
            return None
        self._attempts += 1
        signed = self._sign(self._key, relay_auth.template(self._url, self._challenge, wall))
        self._challenge = None
        self._answer_id = signed.id
        self.stage = Stage.ANSWERED
        self._deadline = listened + self._deadline_s
        return messages.auth(events.to_json(signed))
