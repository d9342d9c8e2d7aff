"""Where the socket is: beside the ledger, `<database>.sock`, for the daemon's user only.

The address of a Unix socket holds some hundred bytes (107 on Linux, 103 on macOS), while a path may have 4,096. A path
that is too long is bound and reached through a symbolic link to its folder, in a private folder with a short name that
is there for that moment only; the socket's file is in its place all the same. See unix(7).
"""

import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ADDRESS_BYTES_MAX: Final = 100
NAME_BYTES_MAX: Final = 40
"""Of the file's name: together with a folder for temporary files it has to fit into an address."""
BACKLOG: Final = 64
PRIVATE: Final = 0o177
"""The mask that leaves mode 0600."""


def socket_of(database: Path) -> Path:
    """The socket of a ledger's daemon; a name that is too long for an address is replaced by its hash."""
    name = f"{database.name}.sock"
    if len(os.fsencode(name)) > NAME_BYTES_MAX:
        name = f"{hashlib.sha256(os.fsencode(database.name)).hexdigest()[:32]}.sock"
    return database.with_name(name)


@contextmanager
def short(path: Path) -> Iterator[str]:
    """An address of this path that is short enough, good inside the block."""
    if len(os.fsencode(path)) <= ADDRESS_BYTES_MAX:
        yield str(path)
        return
    with tempfile.TemporaryDirectory(prefix="nl-") as folder:
        link = Path(folder, "d")
        link.symlink_to(path.parent.absolute())
        yield str(link / path.name)


def listen(path: Path) -> socket.socket:
    """A socket that listens at `path`, mode 0600 from its first moment. OSError says why not.

    Whoever holds the ledger's lock may call this: a socket that is there already was left by a daemon that is dead.
    Anything else that has this name stays, and is an error.
    """
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if is_socket(path):
            path.unlink()
        with short(path) as address:
            before = os.umask(PRIVATE)  # nothing is awaited until it is put back
            try:
                listening.bind(address)
            finally:
                os.umask(before)
        listening.listen(BACKLOG)
    except BaseException:
        listening.close()
        raise
    return listening


def is_socket(path: Path) -> bool:
    """Whether a socket has this name."""
    try:
        return stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return False
