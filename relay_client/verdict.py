"""What a relay's OK or CLOSED means for us, by one table. Source: NIP-01 (prefixes of OK and CLOSED), NIP-42
(auth-required).

Rules: a duplicate is a success, whether the relay says true or false (bug 77). What a relay may change its mind
about is tried again later, what it says about the event itself is final for that relay. A text without a known
prefix is no final word.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

TEXT_CHARS_MAX: Final = 300


class Answer(StrEnum):
    """The five things a relay can mean."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    RETRY_LATER = "retry_later"
    NEEDS_AUTH = "needs_auth"
    NEVER = "never"


class Verdict(NamedTuple):
    """A relay's answer about one event or one REQ. retry_s: seconds to wait, with RETRY_LATER only. text: the relay's,
    cut. is_ours: the relay gave none, and the text is ours.
    """

    answer: Answer
    text: str = ""
    retry_s: int = 0
    is_ours: bool = False

    @property
    def settled(self) -> bool:
        """Whether the relay has the event now."""
        return self.answer is Answer.ACCEPTED or self.answer is Answer.DUPLICATE


_BY_PREFIX: Final[Mapping[str, tuple[Answer, int]]] = {
    "duplicate": (Answer.DUPLICATE, 0),
    "replaced": (Answer.DUPLICATE, 0),  # strfry: it holds a newer version of this replaceable event
    "auth-required": (Answer.NEEDS_AUTH, 0),
    "rate-limited": (Answer.RETRY_LATER, 20),
    "error": (Answer.RETRY_LATER, 30),
    "blocked": (Answer.NEVER, 0),
    "deleted": (Answer.NEVER, 0),
    "invalid": (Answer.NEVER, 0),
    "mute": (Answer.NEVER, 0),
    "pow": (Answer.NEVER, 0),
    "restricted": (Answer.NEVER, 0),
    "unsupported": (Answer.NEVER, 0),
}
_NO_PREFIX: Final = (Answer.RETRY_LATER, 60)
_ACCEPTED: Final = Verdict(Answer.ACCEPTED)


def of_ok(accepted: bool, text: str) -> Verdict:
    """The verdict of an OK. True is true whatever the text says; false is looked up by its prefix."""
    if accepted:
        if not text:
            return _ACCEPTED
        duplicate = _prefix(text) == "duplicate"
        return Verdict(Answer.DUPLICATE if duplicate else Answer.ACCEPTED, text[:TEXT_CHARS_MAX])
    return of_closed(text)


def of_closed(text: str) -> Verdict:
    """The verdict of a CLOSED, or of an OK with false: never ACCEPTED."""
    answer, retry_s = _BY_PREFIX.get(_prefix(text), _NO_PREFIX)
    return Verdict(answer, text[:TEXT_CHARS_MAX], retry_s)


def is_rate_limit(verdict: Verdict) -> bool:
    """Whether the relay said that we send too fast."""
    return verdict.answer is Answer.RETRY_LATER and _prefix(verdict.text) == "rate-limited"


def retry_later(text: str, retry_s: int = 5) -> Verdict:
    """Our own verdict where the relay gave none: no answer in time, or no connection any more."""
    return Verdict(Answer.RETRY_LATER, text, retry_s, is_ours=True)


def _prefix(text: str) -> str:
    return text[:TEXT_CHARS_MAX].partition(":")[0].strip().lower()
