"""One attempt at a promise: what the relays said to it, and what becomes of the promise then. Pure.

"No" is final for one relay only; a promise is abandoned when every relay of its route has said so, and none has taken
it. What is kept is still brought to the others for some time, what is not is tried again with growing pauses.
"""

import random
from dataclasses import dataclass
from typing import Final

from ledger.outbox import Promised, Settlement
from ledger.shown import LABEL as SHOWN
from nostr_loyalty.publishing.publications import DISPLAY
from nostr_loyalty.reaching.routes import Route
from relay_client.verdict import Answer, Verdict

PAUSE_S_FIRST: Final = 1
PAUSE_S_MAX: Final = 60
BACKGROUND_PAUSE_S_MAX: Final = 1_800
BACKGROUND_S: Final = 86_400
"""How long relays beyond the demanded number are still tried."""
BACKGROUND_PERSONAL_S: Final = 3_600
"""The same for a person's own relays: whoever reads at one that is gone reads at the others too."""
SHOWN_S: Final = 7 * 86_400
"""What was private and is to be shown is given up then, if no relay has taken it: some ask for a login for ever."""
DISPLAY_S: Final = 30
"""What a kitchen display has not been shown by then is old news, and relays refuse old ephemeral events."""
REASON_CHARS_MAX: Final = 300


@dataclass(slots=True)
class Attempt:
    """A promise on its way by its route: which relays have not answered this attempt, and what the others said."""

    promised: Promised
    route: Route
    open: set[str]
    accepted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    retry_s: int = 0

    @property
    def kept(self) -> bool:
        """Whether as many relays as demanded have the event."""
        return self.route.is_kept(len(self.promised.accepted) + len(self.accepted))

    @property
    def tried(self) -> Promised:
        """The promise with what the relays have said."""
        accepted = (*self.promised.accepted, *self.accepted)
        return self.promised._replace(accepted=accepted, refused=(*self.promised.refused, *self.refused))

    def hear(self, url: str, verdict: Verdict) -> None:
        """Note a relay's answer."""
        self.open.discard(url)
        if verdict.settled:
            self.accepted += (url,)
        elif verdict.answer is Answer.NEVER:
            self.refused += (url,)
            self.reasons += (f"{url}: {verdict.text}",)
        else:
            self.retry_s = max(self.retry_s, verdict.retry_s)


def is_old_news(promised: Promised, now: int) -> bool:
    """Whether it was good for a moment that is over, so that it is not sent any more."""
    return promised.label == DISPLAY and now - promised.promised_at > DISPLAY_S


def settlement(attempt: Attempt, route: Route, now: int, rng: random.Random, *, can_be_sealed: bool) -> Settlement:
    """What becomes of a promise after an attempt. `route`: as it is now, with what was said to this attempt."""
    promised = attempt.tried
    accepted, refused = promised.accepted, promised.refused
    if is_old_news(promised, now) or (promised.label == DISPLAY and (accepted or refused)):
        return Settlement(promised.id, accepted, refused, "done")
    kept = route.is_kept(len(accepted))
    if {*route.relays} <= {*accepted, *refused}:
        if kept:
            return Settlement(promised.id, accepted, refused, "done")
        return abandoned(promised, "; ".join(attempt.reasons) or "refused by every relay")
    if promised.label == SHOWN and not accepted and now - promised.promised_at > SHOWN_S:
        return abandoned(promised, "; ".join(attempt.reasons) or "no relay has taken it")
    if kept and now - promised.promised_at > (BACKGROUND_PERSONAL_S if route.personal else BACKGROUND_S):
        return Settlement(promised.id, accepted, refused, "done")
    longest = BACKGROUND_PAUSE_S_MAX if kept or not can_be_sealed else PAUSE_S_MAX
    pause = min(longest, PAUSE_S_FIRST << min(promised.attempts, 12))
    pause = max(attempt.retry_s, rng.randint((pause + 1) // 2, pause))
    return Settlement(promised.id, accepted, refused, "waiting", due_at=now + pause)


def abandoned(promised: Promised, reason: str) -> Settlement:
    """A promise that is given up."""
    return Settlement(promised.id, promised.accepted, promised.refused, "abandoned", reason=reason[:REASON_CHARS_MAX])
