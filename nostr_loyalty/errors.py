"""What goes wrong in the daemon itself, in families by whose doing it is.

ConfigInvalid    the operator's doing: reported with the place and the remedy, exit 78
UsageWrong       whoever typed the command: told what to type, exit 2
Unavailable      a relay, the embedded relay or a disk does not answer for now: back off, nothing was committed
InvariantBroken  our doing: the daemon stops, exit 70, and `nostr-loyalty check` says where

A stranger's bytes are `kinds.errors`, a rule's "no" is `nostr_loyalty.rules.refusal`, the database's troubles are
`ledger.errors`; docs/architecture.md says why ("Going wrong is designed"). Every code of every room has a line in
docs/codes.md (tested).
"""

from collections.abc import Iterable, Mapping
from typing import Final

EXIT_OK: Final = 0
EXIT_DIFFERS: Final = 1  # a check found a difference, or what was asked for does not exist
EXIT_USAGE: Final = 2  # the command line itself was wrong (argparse's own code)
EXIT_UNAVAILABLE: Final = 69  # sysexits.h EX_UNAVAILABLE
EXIT_INVARIANT: Final = 70  # sysexits.h EX_SOFTWARE
EXIT_CONFIG: Final = 78  # sysexits.h EX_CONFIG
EXIT_INTERRUPTED: Final = 130  # 128 + SIGINT, as a shell expects

CODES: Final[Mapping[str, str]] = {
    "config-invalid": "The configuration has mistakes; every one is listed with its place, its value and what to type.",
    "key-unreadable": "A secret key could not be read: the file, the variable or the passphrase is missing or wrong.",
    "embedded-relay-unavailable": "The embedded relay did not start or does not stay up; the message names what to do.",
    "relay-unavailable": "No relay can be reached for now; the daemon keeps trying and loses nothing.",
    "disk-unavailable": "A file could not be written; the message names the file and the reason.",
    "command-line-wrong": "The command line and the configuration do not go together; the message says what to type.",
    "daemon-unreachable": "A running daemon holds the ledger and does not answer on its socket as it should.",
    "daemon-declined": "The running daemon did not take the command; the message says why.",
    "daemon-invariant-broken": "The daemon found a state that must not exist and stopped; run `nostr-loyalty check`.",
}


class LoyaltyError(Exception):
    """Anything of ours that ends a command: `code` is a key of `CODES`, `detail` is for people and holds no secret."""

    exit_code: int = EXIT_INVARIANT

    def __init__(self, code: str, detail: str) -> None:
        assert code in CODES, code
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class ConfigInvalid(LoyaltyError):
    """The operator's configuration cannot be used: `mistakes` are all of them, one line each, in the file's order."""

    exit_code = EXIT_CONFIG

    def __init__(self, mistakes: Iterable[str], *, source: str = "") -> None:
        self.mistakes = tuple(mistakes)
        self.source = source
        assert self.mistakes, "a ConfigInvalid names at least one mistake"
        super().__init__("config-invalid", "\n".join(self.mistakes))


class KeyUnreadable(LoyaltyError):
    """A secret key could not be read; the detail says what was tried and what to do, never the key."""

    exit_code = EXIT_CONFIG

    def __init__(self, detail: str) -> None:
        super().__init__("key-unreadable", detail)


class UsageWrong(LoyaltyError):
    """The command line cannot be meant, as the configuration shows; the detail says what to type instead."""

    exit_code = EXIT_USAGE

    def __init__(self, detail: str) -> None:
        super().__init__("command-line-wrong", detail)


class Unavailable(LoyaltyError):
    """Something outside does not answer for now. Nothing was committed."""

    exit_code = EXIT_UNAVAILABLE


class InvariantBroken(LoyaltyError):
    """Our mistake: a state that must not exist. The daemon stops rather than making it worse."""

    exit_code = EXIT_INVARIANT

    def __init__(self, detail: str) -> None:
        super().__init__("daemon-invariant-broken", detail)
