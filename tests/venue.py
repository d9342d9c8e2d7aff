"""A venue for tests: its keys, its configuration file, and the orders that its till signs.

Keys are made anew in each. `order` gives an event as a till would send it; `wrapped` the same inside a gift wrap.
"""

import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path

from kinds import gift_wrap, nip44
from kinds import order as wire
from kinds.event import Event, Template, author, sign
from kinds.keys import SecretKey, npub_encode
from kinds.order import Amount, PaidOrder
from kinds.program import address


def new_key() -> SecretKey:
    """A key that nobody has had before."""
    return SecretKey(secrets.token_bytes(32))


@dataclass
class Venue:
    """A program's issuer, its till and where it keeps its files."""

    folder: Path
    relays: list[str]
    visibility: str = "private"
    slug: str = "cafe-sol"
    issuer: SecretKey = field(default_factory=new_key)
    till: SecretKey = field(default_factory=new_key)
    extra: str = ""
    daemon_extra: str = ""
    relay_section: str = ""

    @property
    def address(self) -> str:
        """The program's address."""
        return address(self.issuer.public, self.slug)

    def write_config(self) -> Path:
        """Write config.toml and the key file; gives the path of the former."""
        key = self.folder / "loyalty.key"
        key.write_text(self.issuer.nsec() + "\n")
        key.chmod(0o600)
        relays = ", ".join(f'"{url}"' for url in self.relays)
        path = self.folder / "config.toml"
        path.write_text(f"""
[daemon]
key = "file:loyalty.key"
database = "loyalty.db"
relays = [{relays}]
stop_deadline_s = 5
{self.daemon_extra}
{self.relay_section}
[[program]]
slug = "{self.slug}"
title = "Café Sol"
sources = ["{npub_encode(self.till.public)}"]
visibility = "{self.visibility}"
tz = "Europe/Madrid"
{self.extra}
[[program.earn]]
type = "spend"
points = 1
per = "1000 sat"
""")
        return path

    def template(
        self, order_id: str, customer: str | None, amount: tuple[str, str] = ("12000", "sat"), *, status: str = "paid",
        refund_id: str | None = None, at: int | None = None,
    ) -> Template:  # fmt: skip
        """An order, not signed yet; `at` is both its time and the payment's (default: now)."""
        at = int(time.time()) if at is None else at
        order = PaidOrder(
            order_id=order_id, program=self.address, issuer=self.issuer.public, source=self.till.public,
            customer=customer, status=status, amount=Amount(*amount), paid_at=at, refund_id=refund_id,
        )  # fmt: skip
        return wire.template(order, at)

    def order(
        self, order_id: str, customer: str | None, amount: tuple[str, str] = ("12000", "sat"), **more: object
    ) -> Event:
        """An order as the till signs it."""
        return sign(self.template(order_id, customer, amount, **more), self.till)

    def wrapped(
        self, order_id: str, customer: str | None, amount: tuple[str, str] = ("12000", "sat"), **more: object
    ) -> Event:
        """An order as the rumor of a gift wrap to the issuer."""
        rumor = author(self.template(order_id, customer, amount, **more), self.till.public)
        conversation = nip44.conversation_key(self.till, self.issuer.public)
        return gift_wrap.gift_wrap(
            rumor, self.till, self.issuer.public, conversation, seed=os.urandom(32), now=int(time.time())
        )


def add_program(config: Path, other: Venue) -> None:
    """Append another venue's program to a configuration, with a key file of its own."""
    key = config.parent / f"{other.slug}.key"
    key.write_text(other.issuer.nsec() + "\n")
    key.chmod(0o600)
    with config.open("a") as text:
        text.write(f"""
[[program]]
slug = "{other.slug}"
title = "{other.slug}"
key = "file:{key.name}"
sources = ["{npub_encode(other.till.public)}"]
visibility = "{other.visibility}"
{other.extra}
[[program.earn]]
type = "spend"
points = 1
per = "1000 sat"
""")
