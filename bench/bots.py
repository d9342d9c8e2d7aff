"""(c) The bots of bench/peers against the same relay and the same orders as the daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bench.subject import Subject
from tests.venue import Venue

BOTS: Final = {"pynostr bot": "pynostr_bot", "nostr-sdk bot": "nostr_sdk_bot"}
OUTSTANDING_MAX: Final = 1_000
"""Orders without an entry at any time: nostr-sdk's notifications forget what a slow reader does not fetch."""


def bot(name: str, venue: Venue, url: str) -> Subject:
    """The bot of this module, serving the venue's program with the issuer's key."""
    folder: Path = venue.folder
    key = folder / "bot.key"
    key.touch(mode=0o600)
    key.write_text(_secret(venue))
    arguments = ["-m", f"bench.peers.{name}", "--relay", url, "--source", venue.till.public, "--program", venue.address,
                 "--key-file", str(key), "--database", str(folder / f"{name}.db"), "--ready-file"]  # fmt: skip
    return Subject(name, arguments, folder)


def _secret(venue: Venue) -> str:
    from pynostr.key import PrivateKey  # here, since it takes its time and the daemon's runs do not need it

    return str(PrivateKey.from_nsec(venue.issuer.nsec()).hex())
