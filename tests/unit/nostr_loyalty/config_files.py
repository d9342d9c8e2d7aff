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

RULES = """
status = "paused"
tz = "Europe/Madrid"
rounding = "half_up"
exclude = ["tip", "item:espresso"]
ttl = "52w"
expiry_warning = "1w"
vest = "3d"
vest_orders = "all"
deficit = "clamp"
refund_retention = "30d"
point_value = "0.005 EUR"
claim_valid = "2h"
claim_attempts = 3
claim_attempts_all = 30
claim_url = "https://cafe.example/claim"
earn = [
    {type = "spend", points = 1, per = "1000 sat"},
    {type = "spend", points = 2, per = "1.50 EUR"},
    {type = "visit", points = 3, minimum = "5 EUR", gap = "90min"},
    {type = "item", points = 4, item = "croissant"},
    {type = "item", points = 5, item = "té verde"},
    {type = "payment", points = 6, method = "lightning"},
    {type = "welcome", points = 7},
    {type = "feedback", points = 8},
    {type = "referral", points = 9, friend_points = 10, vest = "5d", cap = 11},
]
multiplier = [
    {name = "Happy hour", factor = "1.5", schedule = "tue,wed 15:00-18:00"},
    {name = "Advent", factor = "2", schedule = "12-01..12-24"},
]
cap = [{points = 100, period = "day"}, {points = 500, period = "week"}]
tier_basis = {by = "spend", window = "12w", grace = "30d", currency = "EUR"}
tier = [
    {id = "gold", title = "Gold", threshold = "500 EUR"},
    {id = "silver", title = "Silver", threshold = "100.00 EUR"},
]
perk = [
    {tier = "gold", type = "multiplier", value = "1.25"},
    {tier = "gold", type = "discount_percent", value = "5"},
]
guard = {customer_orders = 12, source_orders = 13, action = "hold"}
hand = {count = 14, points = 15, undo = "30min"}
[[program.reward]]
id = "off"
title = "Five off"
cost = 50
type = "discount_amount"
value = "5 EUR"
min_tier = "silver"
stock = 20
limit = 1
limit_period = "month"
valid_from = "2026-10-25"
valid_until = "2026-12-31"
hold = "7d"
[[program.reward]]
id = "percent"
title = "12.5 % off"
cost = 60
type = "discount_percent"
value = "12.5"
[[program.reward]]
id = "sats"
title = "Sats"
cost = 70
type = "sats"
value = "1000 sat"
limit = 3
[[program.reward]]
id = "tea"
title = "A tea"
cost = 80
type = "item"
value = "tea"
"""
EVERY_RULE = DAEMON + PROGRAM + RULES
"""Each key of a program's rules, set to what is not its default."""


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
