"""Who plays: two venues with a program each, their tills and guests, and a stranger. All keys are new each time."""

import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from kinds.keys import SecretKey, npub_encode
from kinds.program import address

NAMES: Final = (("Ana", "Ben", "Chloé"), ("Dev", "Emma", "Farid"))
REWARD: Final = "drink"
PRICE: Final = 10
TIER: Final = "regular"
THRESHOLD: Final = 30
"""What every venue has: a reward and what it costs, a tier and the earned points from which on it is held."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A customer: a name for the screen and a key for everything else."""

    name: str
    key: SecretKey


@dataclass(frozen=True, slots=True)
class Venue:
    """A program and who has to do with it. It gives one point for every `per_point` of the smallest unit of `unit`.

    `decimals`: how many decimals amounts of `unit` are written with; `prefix` begins its order ids; `barista` is whose
    key may use vouchers.
    """

    slug: str
    title: str
    visibility: Literal["private", "public"]
    unit: str
    decimals: int
    per_point: int
    prefix: str
    issuer: SecretKey
    till: SecretKey
    barista: SecretKey
    guests: tuple[Guest, ...]

    @property
    def address(self) -> str:
        """The program's address."""
        return address(self.issuer.public, self.slug)

    @property
    def is_private(self) -> bool:
        """Whether nobody but the guest may see the guest's points."""
        return self.visibility == "private"

    def amount(self, minor: int) -> str:
        """An amount of the smallest unit as it is written on the wire: 1250 is "12.50" where there are two decimals."""
        if not self.decimals:
            return str(minor)
        whole, rest = divmod(minor, 10**self.decimals)
        return f"{whole}.{rest:0{self.decimals}d}"


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody. The first venue is private, the second public."""

    venues: tuple[Venue, Venue]
    stranger: SecretKey

    @property
    def guests(self) -> dict[str, Guest]:
        """Public key to guest, over both venues."""
        return {guest.key.public: guest for venue in self.venues for guest in venue.guests}

    @property
    def tills(self) -> dict[str, SecretKey]:
        """Public key to key of everybody who sends orders, the stranger too: they read the answers."""
        return {key.public: key for key in (*(venue.till for venue in self.venues), self.stranger)}

    @property
    def readers(self) -> dict[str, SecretKey]:
        """Public key to key of everybody who is written to: guests, tills, baristas."""
        baristas = {venue.barista.public: venue.barista for venue in self.venues}
        return {**{pubkey: guest.key for pubkey, guest in self.guests.items()}, **self.tills, **baristas}


def new_cast() -> Cast:
    """Two venues and a stranger with fresh keys."""
    private, public = ([Guest(name, _new_key()) for name in names] for names in NAMES)
    cafe = Venue(
        slug="cafe-sol", title="Café Sol", visibility="private", unit="sat", decimals=0, per_point=1000, prefix="sol",
        issuer=_new_key(), till=_new_key(), barista=_new_key(), guests=tuple(private),
    )  # fmt: skip
    bar = Venue(
        slug="bar-luna", title="Bar Luna", visibility="public", unit="EUR", decimals=2, per_point=100, prefix="luna",
        issuer=_new_key(), till=_new_key(), barista=_new_key(), guests=tuple(public),
    )  # fmt: skip
    return Cast((cafe, bar), _new_key())


def write_config(cast: Cast, folder: Path, listen: str) -> Path:
    """Write config.toml and a key file per venue; gives the path of the former. `listen`: the embedded relay's."""
    programs = []
    for venue in cast.venues:
        key = folder / f"{venue.slug}.key"
        key.write_text(venue.issuer.nsec() + "\n", encoding="ascii")
        key.chmod(stat.S_IRUSR | stat.S_IWUSR)
        programs.append(_PROGRAM.format(
            venue=venue, source=npub_encode(venue.till.public), per=f"{venue.amount(venue.per_point)} {venue.unit}",
            barista=npub_encode(venue.barista.public), reward=REWARD, price=PRICE, tier=TIER, threshold=THRESHOLD,
        ))  # fmt: skip
    path = folder / "config.toml"
    first = cast.venues[0]
    path.write_text(_DAEMON.format(key=f"{first.slug}.key", listen=listen) + "".join(programs), encoding="utf-8")
    return path


_DAEMON: Final = """\
[daemon]
key = "file:{key}"
database = "loyalty.db"
stop_deadline_s = 5

[relay]
listen = "{listen}"
data = "relay-data"
"""

_PROGRAM: Final = """
[[program]]
slug = "{venue.slug}"
title = "{venue.title}"
key = "file:{venue.slug}.key"
sources = ["{source}"]
visibility = "{venue.visibility}"
tz = "Europe/Madrid"

[[program.operator]]
key = "{barista}"
role = "staff"

[[program.earn]]
type = "spend"
points = 1
per = "{per}"

[program.tier_basis]
by = "points"
grace = "30d"

[[program.tier]]
id = "{tier}"
title = "Regular"
threshold = {threshold}

[[program.reward]]
id = "{reward}"
title = "a free drink"
cost = {price}
type = "item"
value = "any drink"
"""


def _new_key() -> SecretKey:
    return SecretKey(secrets.token_bytes(32))
