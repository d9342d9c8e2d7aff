"""What has outlived its use is forgotten, a little with each sweep: letters in the inbox, commands that waited,
keys that wrote and never came.

A message takes effect once because the inbox knows it, so what is forgotten must be unable to have an effect. Only
letters are: nothing that they ask for is done after two weeks, and after `SILENT_S` (`letter_path`) they are not even
answered. Of orders none is forgotten, and neither is a refused one: an order has no age at which it no longer counts
(a relay may have been away for long), and one that was refused must stay so when what was in its way is gone.

How old a letter is, is reckoned from what others have dated: a clock of ours that is months ahead for a day forgets
nothing that could be read again when it is right.
"""

from typing import Final

from ledger import confirmations, inbox, newcomers
from ledger.database import Database
from nostr_loyalty.letter_path import ANSWERED, SILENT_S, UNANSWERED
from nostr_loyalty.letters.reply import TOO_MANY

DAY_S: Final = 86_400
LETTERS_KEPT_S: Final = SILENT_S + 15 * DAY_S
"""Longer than letters are heard, in case the clock is put back."""
CONFIRMATIONS_KEPT_S: Final = 30 * DAY_S
"""For so long after it lapsed a code is answered with the reason."""
NEWCOMERS_KEPT_S: Final = 180 * DAY_S
"""For so long a key without a card has what it chose, and is not welcomed anew."""
OF_LETTERS: Final = (ANSWERED, UNANSWERED, TOO_MANY, "message-by-a-daemon", "message-not-understood")
LOOKED_AT: Final = 2_000
"""Messages of the inbox in one transaction."""
BATCHES_MAX: Final = 50
"""Transactions in one sweep; the rest is for the next one."""


class Outlived:
    """Forgets. It goes through the inbox once, from the oldest on, and then looks at what has grown old since."""

    def __init__(self, database: Database) -> None:
        """`database`: the ledger."""
        self._database = database
        self._since = -(2**62)

    async def forget(self, now: int) -> int:
        """Forget what is due at `now`, as far as one sweep goes; how much."""
        async with self._database.write() as w:
            forgotten = await confirmations.forget(w, now - CONFIRMATIONS_KEPT_S, LOOKED_AT)
            forgotten += await newcomers.forget_before(w, now - NEWCOMERS_KEPT_S, LOOKED_AT)
        async with self._database.read() as r:
            newest = await inbox.newest(r)
        if newest is None:
            return forgotten
        before = min(now, newest) - LETTERS_KEPT_S
        for _ in range(BATCHES_MAX):
            if self._since >= before:
                break
            async with self._database.write() as w:
                some, since = await inbox.forget(w, OF_LETTERS, self._since, before, LOOKED_AT)
            forgotten += some
            self._since = before if since is None else since
        return forgotten
