"""What can go wrong in the ledger: whose doing it is decides the class, the code says what it was.

`LedgerUnavailable` is the machine's doing: nothing was committed, it may be tried again, `remedy` tells the operator
what helps. `InvariantBroken` is ours: the ledger refused to store nonsense; the daemon stops and `nostr-loyalty
check` says where. `AmountInvalid` is the doing of whoever wrote the amount.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

CODES: Final[Mapping[str, str]] = {
    "amount-malformed": "The amount is not a plain decimal number such as 12 or 12.50.",
    "amount-too-fine": "The amount has more decimals than its unit knows.",
    "amount-too-large": "The amount is larger than any the ledger keeps.",
    "unit-unknown": "The unit of the amount is neither msat nor sat nor an ISO 4217 currency code.",
    "ledger-busy": "Another process holds a lock on the ledger.",
    "ledger-corrupt": "The ledger's file is damaged or is not a ledger.",
    "ledger-disk-full": "There is no space left for the ledger.",
    "ledger-in-use": "Another daemon has opened this ledger.",
    "ledger-io": "The disk failed to read or write the ledger.",
    "ledger-missing": "There is no ledger at the configured path, or its folder cannot be opened.",
    "ledger-newer": "The ledger was written by a newer version of nostr-loyalty.",
    "ledger-read-only": "The ledger's file or folder may not be written.",
    "invariant-broken": "The ledger refused to store something that contradicts what it holds.",
    "text-unstorable": "A text holds the character NUL, which the ledger cannot store.",
}


class LedgerError(Exception):
    """`code` is one of CODES, `detail` says what it was this time."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class AmountInvalid(LedgerError):
    """An amount of money that cannot be read."""


class TextUnstorable(LedgerError):
    """A text with a NUL in it; whoever admits texts refuses these earlier, with a better answer."""


class LedgerUnavailable(LedgerError):
    """The machine said no; nothing was committed. `remedy` is one sentence for the operator."""

    def __init__(self, code: str, detail: str, remedy: str) -> None:
        super().__init__(code, f"{detail}. {remedy}")
        self.remedy = remedy


class InvariantBroken(LedgerError):
    """We tried to store nonsense: our bug. Nothing of the block was committed."""

    def __init__(self, detail: str) -> None:
        super().__init__("invariant-broken", detail)


_UNAVAILABLE: Final[Mapping[int, tuple[str, str]]] = {
    sqlite3.SQLITE_FULL: ("ledger-disk-full", "Free some space on the ledger's disk; work goes on by itself."),
    sqlite3.SQLITE_BUSY: ("ledger-busy", "Close whatever else has the ledger open for writing."),
    sqlite3.SQLITE_LOCKED: ("ledger-busy", "Close whatever else has the ledger open for writing."),
    sqlite3.SQLITE_READONLY: (
        "ledger-read-only",
        "Give the daemon's user the right to write the ledger's file and folder.",
    ),
    sqlite3.SQLITE_PERM: (
        "ledger-read-only",
        "Give the daemon's user the right to write the ledger's file and folder.",
    ),
    sqlite3.SQLITE_IOERR: ("ledger-io", "Look at the disk and at the system's log, then start again."),
    sqlite3.SQLITE_NOMEM: ("ledger-io", "Free some memory, then start again."),
    sqlite3.SQLITE_CANTOPEN: (
        "ledger-missing",
        "Check the path of the database in the config and the rights on its folder.",
    ),
    sqlite3.SQLITE_CORRUPT: ("ledger-corrupt", "Stop the daemon and restore the latest backup."),
    sqlite3.SQLITE_NOTADB: (
        "ledger-corrupt",
        "Check the path of the database in the config, or restore the latest backup.",
    ),
}


def translated(error: Exception) -> LedgerError:
    """What a failure of the database driver means to us."""
    code = getattr(error, "sqlite_errorcode", None)
    # The low byte is the kind of failure, the rest says more closely which (https://sqlite.org/rescode.html).
    known = _UNAVAILABLE.get(code & 0xFF) if isinstance(code, int) else None
    if known is None:
        return InvariantBroken(f"{type(error).__name__}: {error}")
    return LedgerUnavailable(known[0], str(error), known[1])
