"""Configuration files for the tests, each in a folder of its own with a key of its own."""

import os
from pathlib import Path

from kinds.keys import SecretKey
from nostr_loyalty.config.load import load
from nostr_loyalty.config.settings import Config
from nostr_loyalty.errors import ConfigInvalid

DAEMON = """
[daemon]
key = "file:loyalty.key"
relays = ["wss://relay.example.com"]
"""
PROGRAM = """
[[program]]
slug = "cafe-sol"
title = "Café Sol"
"""
EARN = """
[[program.earn]]
type = "spend"
points = 1
per = "1000 sat"
"""
MINIMAL = DAEMON + PROGRAM + EARN


def new_key() -> SecretKey:
    """A fresh key."""
    return SecretKey(os.urandom(32))


def write(folder: Path, text: str, *, key: SecretKey | None = None, mode: int = 0o644) -> Path:
    """Write config.toml and loyalty.key into a folder; returns the path of the configuration."""
    key_file = folder / "loyalty.key"
    key_file.write_text((key or new_key()).nsec(), encoding="ascii")
    key_file.chmod(0o600)
    config = folder / "config.toml"
    config.write_text(text, encoding="utf-8")
    config.chmod(mode)
    return config


def accepted(folder: Path, text: str) -> Config:
    """What the text means; fails the test with the mistakes if it is refused."""
    return load(write(folder, text))


def mistakes(folder: Path, text: str) -> tuple[str, ...]:
    """The mistakes in the text, () if there are none."""
    try:
        load(write(folder, text))
    except ConfigInvalid as error:
        return error.mistakes
    return ()
