"""The ledger's file on the disk: a lock against a second daemon, nobody else's eyes, moves that last."""

import fcntl
import os
from pathlib import Path
from typing import IO

from ledger.errors import LedgerUnavailable


def locked(path: Path) -> IO[str]:
    """Takes the advisory lock beside the ledger; it goes with the process, however that ends."""
    try:
        file = Path(f"{path}.lock").open("a+", encoding="ascii")  # noqa: SIM115 - held for as long as the ledger is open
    except OSError as error:
        raise LedgerUnavailable(
            "ledger-missing",
            f"{path}.lock: {error.strerror}",
            "Check the path of the database in the config and the rights on its folder.",
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read(20).strip() or "unknown"
        file.close()
        raise LedgerUnavailable(
            "ledger-in-use", f"{path} is open in process {holder}", "Stop that daemon first."
        ) from error
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def made_private(path: Path) -> None:
    """Makes an empty file that only its owner may read, where there is none: a ledger tells who comes how often."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError:
        pass  # it is there already, or cannot be made: then SQLite says why


def size_of_log(path: Path) -> int:
    """Bytes of the write-ahead log beside a ledger; 0: it is empty, or not there."""
    try:
        return Path(f"{path}-wal").stat().st_size
    except OSError:
        return 0


def onto_disk(part: Path, target: Path) -> None:
    """Moves a finished file into place so that neither it nor its name is lost in a power cut."""
    _sync(part, os.O_RDONLY)
    part.replace(target)
    _sync(target.parent, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
