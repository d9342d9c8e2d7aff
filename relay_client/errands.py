"""Connections to relays that are not ours: made when there is something to bring, closed when nobody wants them.

Rules: at most `errands_max` at once; for a new one the one that was wanted least recently makes room, if it has nothing
under way and was not wanted just now. One that nobody wants for `errand_idle_s` is closed. Nothing is read at such a
relay, its happenings are not told, its bounds are small, and it learns who we are only if it insists. A relay whose
address is forbidden is not tried again for `forbidden_s`. Of all, `errands_strangers_max` are for relays that only
strangers of the owner's have named: whoever comes with many relays that say nothing is in the way of no one else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Final

from relay_client.connection import Resolve
from relay_client.driver import Driver
from relay_client.settings import PoolSettings

FORBIDDEN_MAX: Final = 10_000
Make = Callable[[str, str | None, Resolve | None], Driver]


class Reach(Enum):
    """How a relay stands when somebody wants it."""

    STANDS = auto()
    COMING = auto()  # being connected to for the first time: worth waiting for
    AWAY = auto()  # tried in vain, and tried again; or there is no room for it
    FORBIDDEN = auto()


class Errands:
    """The drivers of one pool's errands. Times are monotonic seconds."""

    def __init__(self, settings: PoolSettings, monotonic: Callable[[], float], make: Make) -> None:
        """make: a driver for (url, key, resolve), started."""
        self._settings = settings
        self._monotonic = monotonic
        self._make = make
        self._drivers: dict[tuple[str, str | None], Driver] = {}
        self._wanted_at: dict[tuple[str, str | None], float] = {}
        self._strangers: set[tuple[str, str | None]] = set()
        self._forbidden: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._drivers)

    def __iter__(self) -> Iterator[Driver]:
        return iter(self._drivers.values())

    def get(self, url: str, key: str | None) -> Driver | None:
        """The driver of an errand that is under way."""
        return self._drivers.get((url, key))

    def reach(self, url: str, key: str | None, resolve: Resolve | None, *, stranger: bool = False) -> Reach:
        """Want this relay: connect to it if there is no connection. `stranger`: for one of the owner's strangers."""
        now = self._monotonic()
        if self.is_forbidden(url):
            return Reach.FORBIDDEN
        driver = self._drivers.get((url, key))
        if driver is None:
            if not self._has_room(now, stranger):
                return Reach.AWAY
            driver = self._drivers[url, key] = self._make(url, key, resolve)
            self._strangers.update([(url, key)] if stranger else [])
        elif not stranger:
            self._strangers.discard((url, key))
        self._wanted_at[url, key] = now
        if self._forbade(url, key, driver):
            return Reach.FORBIDDEN
        if driver.session.connected:
            return Reach.STANDS
        return Reach.AWAY if driver.tried.is_set() else Reach.COMING

    async def reached(self, url: str, key: str | None) -> None:
        """Return when the first attempt to connect has ended, one way or the other."""
        driver = self._drivers.get((url, key))
        if driver is not None:
            await driver.tried.wait()
            self._forbade(url, key, driver)

    def is_forbidden(self, url: str) -> bool:
        """Whether the relay was found, lately, at an address that we do not connect to."""
        until = self._forbidden.get(url)
        if until is not None and self._monotonic() >= until:
            del self._forbidden[url]
            return False
        return until is not None

    def tidy(self) -> None:
        """Close what nobody has wanted for long."""
        now = self._monotonic()
        for (url, key), wanted_at in list(self._wanted_at.items()):
            if now - wanted_at >= self._settings.errand_idle_s and self._drivers[url, key].idle:
                self.close(url, key)

    def close(self, url: str, key: str | None) -> bool:
        """End an errand, politely. False: there is none."""
        driver = self._drivers.pop((url, key), None)
        if driver is not None:
            del self._wanted_at[url, key]
            self._strangers.discard((url, key))
            driver.farewell()
        return driver is not None

    def _forbade(self, url: str, key: str | None, driver: Driver) -> bool:
        """Whether the relay's address turned out to be forbidden; then it is noted, and not tried any more."""
        if driver.forbidden:
            self.close(url, key)
            self._forbidden[url] = self._monotonic() + self._settings.forbidden_s
            while len(self._forbidden) > FORBIDDEN_MAX:
                del self._forbidden[next(iter(self._forbidden))]
        return driver.forbidden

    def _has_room(self, now: float, stranger: bool) -> bool:
        """Whether one more may be begun; if there are too many, after one has ended that was wanted least of late."""
        those = self._wanted_at
        if stranger and len(self._strangers) >= self._settings.errands_strangers_max:
            those = {each: self._wanted_at[each] for each in self._strangers}
        elif len(self._drivers) < self._settings.errands_max:
            return True
        for (url, key), wanted_at in sorted(those.items(), key=lambda each: each[1]):
            if now - wanted_at < self._settings.errand_s_min:
                return False
            if self._drivers[url, key].idle:
                return self.close(url, key)
        return False
