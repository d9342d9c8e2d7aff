"""`nostr-loyalty init DIR`: a folder that `run` can serve from, and what to do next.

Nothing that exists is overwritten: a key that is there is kept and used, a configuration that is there ends the
command. Without the extra `relay` the configuration asks for a relay instead of running one.
"""

import argparse
import importlib.util
import os
import shlex
import stat
from pathlib import Path
from typing import Final

from kinds.keys import SecretKey, npub_encode
from kinds.program import address
from nostr_loyalty.errors import EXIT_OK, ConfigInvalid, Unavailable
from nostr_loyalty.keyfile import LocatedKey, read_key_file, unlock, write_key_file

CONFIG_NAME: Final = "config.toml"
KEY_NAME: Final = "loyalty.key"

_CONFIG: Final = """\
# nostr-loyalty. Every key, with its unit, default and limits: config.example.toml in the project's sources.
# Paths are relative to this file. After a change: restart the daemon; it says what it does not understand.

[daemon]
key = "file:loyalty.key"        # the programs' signing key; keep a copy of that file in a safe place
database = "loyalty.db"
relays = []                     # relays of others, for example ["wss://relay.example.com"]
{relay}
[[program]]
slug = "my-cafe"                # the program's name on the wire: choose it now, it cannot change later
title = "My café"
sources = []                    # npubs of the order systems that may report orders; without one nothing is earned
operators = []                  # npubs of the people who may grant and redeem
visibility = "private"          # or "public": then anybody can read who has how many points
tz = "UTC"                      # the venue's time zone, for example "Europe/Madrid"

[[program.earn]]
type = "spend"
points = 1                      # one point …
per = "1000 sat"                # … for each full 1000 sat; or for example "1.00 EUR"
"""
_EMBEDDED: Final = """
[relay]                         # a relay of this venue's own, run beside the daemon
listen = "127.0.0.1:7777"       # this machine's address in its network (say "192.168.1.20:7777") lets others reach it
data = "relay-data"
"""
_NO_EMBEDDED: Final = """
# [relay]                       # a relay of this venue's own; needs: pip install 'nostr-loyalty[relay]'
# listen = "127.0.0.1:7777"
# data = "relay-data"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`init DIR`."""
    parser.add_argument("dir", metavar="DIR", type=Path, help="the folder; made if it does not exist")


def run(args: argparse.Namespace) -> int:
    """Write what is missing and say what to do next. ConfigInvalid when there is a configuration already."""
    folder: Path = args.dir
    config, key_path = folder / CONFIG_NAME, folder / KEY_NAME
    if config.exists():
        raise ConfigInvalid(["exists already and was left as it is; nothing was changed"], source=str(config))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable("disk-unavailable", f"{folder}: {error.strerror}") from error
    kept = key_path.exists()
    key = unlock(LocatedKey(read_key_file(key_path), str(key_path))) if kept else new_key()
    if not kept:
        write_key_file(key_path, key.nsec())
    embedded = importlib.util.find_spec("nostr_sdk") is not None
    _write_new(config, _CONFIG.format(relay=_EMBEDDED if embedded else _NO_EMBEDDED))
    print(f"{config}: written")
    print(
        f"{key_path}: {'kept' if kept else 'written; whoever has it can sign points, so keep a copy in a safe place'}"
    )
    print(f"Your program's public key: {npub_encode(key.public)}")
    print(f"Its address, for the order system: {address(key.public, '<slug>')}")
    print(f"\nNext:\n{_next_steps(config, embedded=embedded)}")
    return EXIT_OK


def new_key() -> SecretKey:
    """A fresh secret key from the system's randomness."""
    while True:
        try:
            return SecretKey(os.urandom(32))
        except ValueError:  # one chance in 2**128: not a number below the order of the curve
            continue


def _next_steps(config: Path, *, embedded: bool) -> str:
    relay = "" if embedded else 'a relay in `relays` (or: pip install "nostr-loyalty[relay]" and uncomment [relay]), '
    return (
        f"  1. edit {config}: {relay}slug, title, time zone, and in `sources` the npub of your order system\n"
        f"  2. nostr-loyalty run --config {shlex.quote(str(config))}\n"
        "  3. let the order system send its paid orders (kind 7412) to that relay: docs/protocol.md, section 6"
    )


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    except OSError as error:
        raise Unavailable("disk-unavailable", f"{path}: {error.strerror}") from error
