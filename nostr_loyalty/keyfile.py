"""Where a secret key comes from, and how one is kept: files of mode 0600, variables, NIP-49 ciphertexts.

A configuration names a key in one of four ways:

    file:PATH        a file that only its owner may read; it holds an nsec, an ncryptsec or 64 hex digits
    env:NAME         an environment variable that holds one of the same
    ncryptsec1…      the encrypted key itself (NIP-49); its passphrase is asked for as below
    nsec1…           the key itself; the caller allows it only where the text came from a file of mode 0600

The passphrase of an ncryptsec comes from NOSTR_LOYALTY_PASSPHRASE, else from the systemd credential
`nostr-loyalty-passphrase`, else from a prompt on a terminal. No message of this module ever holds a key, nor any text
that was read in the place of one.
"""

import getpass
import os
import re
import shlex
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kinds.errors import KindsError
from kinds.keys import SecretKey
from kinds.ncryptsec import decrypt
from nostr_loyalty.errors import KeyUnreadable
from nostr_loyalty.logs import redact_text

PASSPHRASE_VARIABLE: Final = "NOSTR_LOYALTY_PASSPHRASE"
PASSPHRASE_CREDENTIAL: Final = "nostr-loyalty-passphrase"
FILE_BYTES_MAX: Final = 4096

_HEX_KEY = re.compile(r"[0-9a-f]{64}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class LocatedKey:
    """A key's text as it was found, still locked if it is an ncryptsec. `place` says where, for messages."""

    text: str = field(repr=False)
    place: str

    @property
    def needs_passphrase(self) -> bool:
        """Whether `unlock` will ask for one."""
        return self.text.startswith("ncryptsec1")


def locate(name: str, *, base: Path, nsec_allowed: bool, environ: Mapping[str, str] = os.environ) -> LocatedKey:
    """Find the key that `name` means; relative paths start at `base`. KeyUnreadable says what to do."""
    if name.startswith("file:"):
        path = base / name.removeprefix("file:")
        return LocatedKey(read_key_file(path), str(path))
    if name.startswith("env:"):
        return _from_environment(name.removeprefix("env:"), environ)
    if name.startswith("ncryptsec1"):
        return LocatedKey(name, "the configuration")
    if name.startswith("nsec1"):
        if not nsec_allowed:
            raise KeyUnreadable(
                "an nsec stands in a configuration that others can read; chmod 600 the file, or move the key to a file "
                'of its own and write "file:loyalty.key"'
            )
        return LocatedKey(name, "the configuration")
    raise KeyUnreadable('not a key; write "file:loyalty.key", "env:NAME" or an ncryptsec')


def unlock(located: LocatedKey, *, passphrase: Callable[[str], str] | None = None) -> SecretKey:
    """The key itself. `passphrase` is called with the place only for an ncryptsec; default: `ask_passphrase`."""
    try:
        if located.needs_passphrase:
            return decrypt(located.text, (passphrase or ask_passphrase)(located.place))
        if _HEX_KEY.fullmatch(located.text):
            return SecretKey(bytes.fromhex(located.text))
        return SecretKey.from_nsec(located.text)
    except (KindsError, ValueError):
        remedy = "is the passphrase right?" if located.needs_passphrase else "write an nsec, an ncryptsec or 64 hex"
        # The cause is left out on purpose: its text may quote what it could not read.
        raise KeyUnreadable(f"{redact_text(located.place)}: not a usable key; {remedy}") from None


def read_key_file(path: Path) -> str:
    """The one word of a key file. KeyUnreadable when it is missing, open to others, not a plain file, or too long."""
    shown = redact_text(str(path))
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise KeyUnreadable(f"{shown}: not a plain file")
            if mode & 0o077:
                raise KeyUnreadable(
                    f"{shown}: others may read it (mode {mode & 0o777:04o}); run: chmod 600 {shlex.quote(shown)}"
                )
            content = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        raise KeyUnreadable(
            f"{shown}: no such file; make one with: nostr-loyalty key new {shlex.quote(shown)}"
        ) from None
    except OSError as error:
        raise KeyUnreadable(f"{shown}: {error.strerror}") from None
    words = content.split()
    if len(content) > FILE_BYTES_MAX or len(words) != 1 or not words[0].isascii():
        raise KeyUnreadable(f"{shown}: must hold one nsec, ncryptsec or 64 hex digits, and nothing else")
    return words[0].decode("ascii")


def write_key_file(path: Path, text: str) -> None:
    """Write a new file of mode 0600, on disk before this returns. A file that exists is kept: KeyUnreadable."""
    shown = redact_text(str(path))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            os.fchmod(descriptor, 0o600)  # whatever the umask took or left
            file.write(f"{text}\n")
            file.flush()
            os.fsync(descriptor)
    except FileExistsError:
        raise KeyUnreadable(f"{shown}: exists already and was left as it is") from None
    except OSError as error:
        raise KeyUnreadable(f"{shown}: {error.strerror}") from None


def ask_passphrase(place: str, *, environ: Mapping[str, str] = os.environ) -> str:
    """The passphrase for the key at `place`: from the variable, the systemd credential or the terminal."""
    if PASSPHRASE_VARIABLE in environ:
        return environ[PASSPHRASE_VARIABLE]
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if folder is not None and (credential := Path(folder, PASSPHRASE_CREDENTIAL)).is_file():
        return credential.read_text(encoding="utf-8").removesuffix("\n")
    if sys.stdin.isatty():
        return getpass.getpass(f"Passphrase for the key in {place}: ")
    raise KeyUnreadable(
        f"{redact_text(place)}: the key is encrypted and no passphrase is at hand; set {PASSPHRASE_VARIABLE}, or give "
        f"systemd a credential {PASSPHRASE_CREDENTIAL}"
    )


def _from_environment(variable: str, environ: Mapping[str, str]) -> LocatedKey:
    if not _VARIABLE.fullmatch(variable):
        raise KeyUnreadable('what follows "env:" is not the name of an environment variable')
    text = environ.get(variable, "").strip()
    if not text:
        raise KeyUnreadable(f"the environment variable {variable} is not set or empty")
    return LocatedKey(text, f"the environment variable {variable}")
