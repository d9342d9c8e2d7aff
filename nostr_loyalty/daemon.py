"""The composition root: knows everyone, decides nothing.

Start: ledger, programs and their definitions, relays, what had been set aside, the path, the worker, the upkeep. Ready
when a relay has been read to its end once, or after `READY_S_MAX` in any case: a venue must start without its network.
Stop: finish the batch, send what is promised up to a deadline, close.
"""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

import structlog

from kinds.event import Event, Template, sign
from kinds.keys import SecretKey
from ledger import inbox
from ledger.database import Database
from ledger.errors import LedgerUnavailable
from nostr_loyalty import catalogue
from nostr_loyalty.clock import Clock
from nostr_loyalty.command_path import CommandPath
from nostr_loyalty.config.settings import Config
from nostr_loyalty.control.address import socket_of
from nostr_loyalty.control.server import ControlServer
from nostr_loyalty.dice import SystemDice
from nostr_loyalty.embedded_relay.supervisor import EmbeddedRelay
from nostr_loyalty.event_path import EventPath
from nostr_loyalty.intake import subscriptions
from nostr_loyalty.intake.patience import Patience
from nostr_loyalty.letter_path import LetterPath
from nostr_loyalty.programs import ServedPrograms
from nostr_loyalty.publishing import definitions
from nostr_loyalty.publishing.outbox_worker import OutboxWorker
from nostr_loyalty.publishing.program_lists import publish_lists
from nostr_loyalty.publishing.sealing import Sealer
from nostr_loyalty.reaching.address_book import AddressBook
from nostr_loyalty.reaching.hosts import Hosts
from nostr_loyalty.reaching.names import Names
from nostr_loyalty.readiness import Readiness
from nostr_loyalty.upkeep.counting import tell_counts
from nostr_loyalty.upkeep.happenings import Happenings
from nostr_loyalty.upkeep.housekeeping import keep_house
from nostr_loyalty.upkeep.in_vain import InVain
from nostr_loyalty.upkeep.recommending import check_lists
from nostr_loyalty.upkeep.self_test import SelfTest
from nostr_loyalty.upkeep.sweeping import Sweeper
from relay_client.pool import Pool, PoolSettings

READY_S_MAX: Final = 10.0
FLUSH_LOOK_S: Final = 0.05
POOL_STOP_S: Final = 2.0
IN_USE_TRIES: Final = 10
IN_USE_PAUSE_S: Final = 0.2


class _Parts(NamedTuple):
    """What runs, for one daemon."""

    programs: ServedPrograms
    happenings: Happenings
    pool: Pool
    crowd: Pool
    path: EventPath
    worker: OutboxWorker
    sweeper: Sweeper
    control: ControlServer
    self_test: SelfTest


class Daemon:
    """One daemon for one configuration. `await run()`; `stop()` from a signal handler or another task."""

    def __init__(self, config: Config, clock: Clock, *, readiness: Readiness, rng: random.Random | None = None) -> None:
        """`rng` spreads pauses and is no source of secrets; tests give a seeded one."""
        self._config = config
        self._clock = clock
        self._readiness = readiness
        self._rng = rng or random.Random(secrets.randbits(64))
        self._log = structlog.get_logger("daemon")
        self._keys = keys_of(config)
        self._signers = signers_of(config)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Begin the end; `run` returns when it is reached."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until `stop`. Raises Unavailable, LedgerUnavailable (at start) and InvariantBroken."""
        database = await self._ledger()  # first: a second daemon must not touch the relay
        try:
            relay = self._embedded_relay()
            if relay is None:
                await self._serve(database)
            else:
                await self._serve_beside(relay, database)
        finally:
            await database.close()
        self._log.info("stopped")

    async def _ledger(self) -> Database:
        """The ledger; a command line that holds it for a moment is waited for."""
        for _ in range(IN_USE_TRIES):
            try:
                return await Database.open(self._config.daemon.database)
            except LedgerUnavailable as unavailable:
                if unavailable.code != "ledger-in-use":
                    raise
                await self._clock.sleep(IN_USE_PAUSE_S)
        return await Database.open(self._config.daemon.database)

    async def _serve_beside(self, relay: EmbeddedRelay, database: Database) -> None:
        await relay.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(relay.run())
                await self._serve(database)
                watching.cancel()
        finally:
            await relay.stop()

    async def _parts(self, database: Database) -> _Parts:
        """Everything that runs, put together."""
        programs = await serve_programs(self._config, database, self._clock.now())
        for program in programs.all:
            catalogue.ordinal_form(program.language, 1)  # the first order should not wait for the words
        happenings = Happenings(database)
        pool, crowd = await self._pools(database, happenings, programs)
        wake = asyncio.Event()
        hosts = Hosts(allow_private=self._config.daemon.allow_private_relays)
        asked = [(url, issuer) for issuer in self._keys for url in relays_of(self._config, issuer)]
        addresses = AddressBook(database, pool, self._clock, hosts, relays=asked, indexers=self._config.daemon.indexers)
        commands = CommandPath(database=database, clock=self._clock, dice=SystemDice(), promised=wake.set)
        letters = LetterPath(
            programs=programs, commands=commands, dice=SystemDice(), patience=Patience(), let_go=addresses.let_go
        )
        path = EventPath(
            pool=pool, database=database, programs=programs, keys=self._keys, clock=self._clock, dice=SystemDice(),
            batch_max=self._config.daemon.batch_max, promised=wake.set, letters=letters,
            staff_relays=self._config.daemon.staff_relays, crowd=crowd, names=Names(hosts, self._clock),
        )  # fmt: skip
        pool.heed(lambda: path.is_busy)
        worker = OutboxWorker(
            database,
            pool,
            Sealer(self._signers),
            self._clock,
            self._rng,
            self._signers,
            is_busy=lambda: path.is_busy,
            wake=wake,
            addresses=addresses,
            people=programs.people,
            giving_up=InVain(programs, self._clock, SystemDice()).tell,
            routes={relays for program in programs.all for relays in (program.relays, program.dm_relays)},
        )
        sweeper = Sweeper(database=database, programs=programs, clock=self._clock, dice=SystemDice(), promised=wake.set)
        control = ControlServer(socket_of(self._config.daemon.database), commands, programs, self._clock)
        self_test = SelfTest(self._config, database, programs, self._clock, SystemDice(), wake.set)
        return _Parts(programs, happenings, pool, crowd, path, worker, sweeper, control, self_test)

    async def _serve(self, database: Database) -> None:
        parts = await self._parts(database)
        pool, crowd, path, worker = parts.pool, parts.crowd, parts.path, parts.worker
        await path.retry_aside()
        async with asyncio.TaskGroup() as tasks:
            pooling = [tasks.create_task(each.run()) for each in (pool, crowd)]
            taking = tasks.create_task(path.run())
            sending = tasks.create_task(worker.run())
            listening = tasks.create_task(parts.control.run())
            others = [
                tasks.create_task(each)
                for each in (
                    parts.happenings.run(worker), keep_house(database, self._clock), parts.sweeper.run(),
                    tell_counts(lambda: path.counts, lambda: path.dropped, self._clock),
                    self._readiness.keep_alive(self._clock), self._tell_ready(parts.happenings, parts.programs),
                    check_lists(self._config, pool, self._clock, parts.happenings.caught_up), parts.self_test.run(),
                )
            ]  # fmt: skip
            await self._stopping.wait()
            self._readiness.stopping()
            parts.control.stop()
            path.stop()
            for each in (pool, crowd):
                each.take_no_more()
            await asyncio.wait((listening, taking))
            await self._flush(worker)
            for task in (sending, *others):
                task.cancel()
            await asyncio.wait((sending,))
            await asyncio.gather(pool.stop(POOL_STOP_S), crowd.stop(POOL_STOP_S))
            await asyncio.gather(*pooling)
        self._log.info("counts", taken=dict(path.counts), dropped=dict(path.dropped), published=worker.kept)

    async def _pools(self, database: Database, happenings: Happenings, programs: ServedPrograms) -> tuple[Pool, Pool]:
        """Two pools: for orders, the staff's wraps and all that is sent; and for everybody's wraps, so that a flood of
        these fills no connection that orders come on.
        """
        async with database.read() as r:
            cursors, paces = await inbox.cursors(r), await inbox.pace(r)

        def new_pool() -> Pool:
            return Pool(
                settings=PoolSettings(catch_up_every_s=float(self._config.daemon.catch_up_interval_s)),
                monotonic=self._clock.monotonic, wall=self._clock.now, rng=self._rng, sign_auth=self._sign_auth,
                cursors=cursors, paces=dict(paces), on_happening=happenings.hear,
            )  # fmt: skip

        pool, crowd = new_pool(), new_pool()
        daemon = self._config.daemon
        asked_to_vanish: set[str] = set()
        for issuer in self._keys:
            relays = relays_of(self._config, issuer)
            for url in dict.fromkeys((*relays, *daemon.wrap_relays)):
                reads = subscriptions.reads(
                    issuer, url, relays, daemon.wrap_relays,
                    nip04=any(one.allows_nip04 for one in programs.of_issuer(issuer)),
                    vanish=url not in asked_to_vanish,
                )  # fmt: skip
                asked_to_vanish.update([url] if url in relays else [])
                guarded = [one for one in reads if one.protected and url not in daemon.staff_relays]
                pool.connect(url, key=issuer, reads=[one for one in reads if one not in guarded])
                if guarded:
                    crowd.connect(url, key=issuer, reads=guarded)
        for curator in self._config.curators.keys() - self._keys.keys():
            for url in self._config.relays_of(curator):
                pool.connect(url, key=curator, reads=())
        return pool, crowd

    def _sign_auth(self, pubkey: str, template: Template) -> Event:
        return sign(template, self._signers[pubkey])

    def _embedded_relay(self) -> EmbeddedRelay | None:
        settings = self._config.relay
        if settings is None:
            return None
        log = structlog.get_logger("embedded-relay")
        return EmbeddedRelay(str(settings.listen), settings.data, log=log, clock=self._clock)

    async def _tell_ready(self, happenings: Happenings, programs: ServedPrograms) -> None:
        await first_of(happenings.caught_up.wait, lambda: self._clock.sleep(READY_S_MAX))
        slugs = [program.slug for program in programs.all]
        self._log.info("ready", programs=slugs, relays=list(self._config.daemon.relays))
        self._readiness.ready(f"serving {', '.join(slugs)}")

    async def _flush(self, worker: OutboxWorker) -> None:
        deadline = self._clock.monotonic() + self._config.daemon.stop_deadline_s
        while self._clock.monotonic() < deadline and not await worker.is_flushed():
            await self._clock.sleep(FLUSH_LOOK_S)


def keys_of(config: Config) -> dict[str, SecretKey]:
    """Every issuer's public key (hex) to its secret key, in the order of the programs."""
    return {program.key.public: program.key for program in config.programs}


def signers_of(config: Config) -> dict[str, SecretKey]:
    """The keys of everybody who publishes: issuers, then those who only recommend programs."""
    return {**keys_of(config), **config.curators}


def relays_of(config: Config, issuer: str) -> tuple[str, ...]:
    """Where an issuer's orders come in and its entries go out: the relays of all its programs."""
    return tuple(dict.fromkeys(url for each in config.programs if each.key.public == issuer for url in each.relays))


async def serve_programs(config: Config, database: Database, now: int) -> ServedPrograms:
    """Register the programs, promise their definitions, what their issuers say of themselves, and lists, where they
    have changed; and send what waits for relays that were taken out of the configuration to the others.
    """
    async with database.write() as w:
        served = [
            await definitions.serve(w, program, config.daemon, now, secrets.token_bytes) for program in config.programs
        ]
        for issuer in keys_of(config):
            relays = relays_of(config, issuer)
            await definitions.announce_relays(w, issuer, config.daemon, relays, now, secrets.token_bytes)
            await definitions.readdress(w, issuer, config.daemon, relays)
        for signer in signers_of(config):
            await definitions.introduce(w, config, signer, now, secrets.token_bytes)
        await publish_lists(w, config, now, secrets.token_bytes)
    return ServedPrograms(served)


async def first_of(*attempts: Callable[[], Awaitable[object]]) -> None:
    """Return when the first of these has returned; the others are cancelled."""
    tasks = [asyncio.ensure_future(attempt()) for attempt in attempts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
