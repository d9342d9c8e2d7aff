"""The one line that the child writes to its standard output once its start has succeeded or failed.

`READY <url>` or `FAILED <what is the matter and what to do, for people>`. Everything else on that stream is noise.
"""

from typing import Final

READY: Final = "READY "
FAILED: Final = "FAILED "


def split_listen(listen: str) -> tuple[str, int]:
    """Read "127.0.0.1:7777" or "[::1]:7777" as host and port (0..65535, 0 = any free one). ValueError otherwise."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise ValueError(f'listen = "{listen}": write an address and a port, for example "127.0.0.1:7777"')
    return host.removeprefix("[").removesuffix("]"), int(port)


def ready(url: str) -> str:
    """The line after which the relay accepts clients at `url`."""
    return READY + url


def failed(why: str) -> str:
    """The line after which the child ends. `why` is put on one line."""
    return FAILED + " ".join(why.split())
