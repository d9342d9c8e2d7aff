"""`nostr-loyalty outbox list | retry`: what is promised and not yet sent, and another try for what was given up.

A promise is abandoned when every relay it is for has refused it for good, or when it cannot be sealed. It lies in the
ledger with its reason; once the cause is gone (a relay's rules, a relay replaced in the configuration), `retry` lets it
wait again, and the daemon sends it after its next start.
"""

import argparse
import json
from datetime import UTC, datetime
from typing import NamedTuple

from ledger import outbox
from ledger.database import Database
from ledger.errors import LedgerUnavailable
from ledger.outbox import Promised
from nostr_loyalty import errors
from nostr_loyalty.cli.asking import IN_USE, add_list_and_retry, ledger_of, read_config
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.config.settings import Config


class Outbox(NamedTuple):
    """What was given up, the oldest of it first, and how much in all; how many promises wait, by label; how many were
    ever kept, by label.
    """

    abandoned: list[Promised]
    given_up: int
    waiting: dict[str, int]
    delivered: dict[str, int]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`outbox list`, `outbox retry`; --json, --config."""
    add_list_and_retry(
        parser, lists="what waits to be sent, what was given up and why", retries="let what was given up wait again"
    )


def run(args: argparse.Namespace) -> int:
    """`list`: exit 0, 1 when something was given up. `retry`: exit 0, 69 while the daemon runs."""
    config = read_config(args)
    if args.action == "list":
        found = run_to_the_end(lambda: _read(config))
        print(_as_json(found) if args.json else _as_text(found))
        return errors.EXIT_DIFFERS if found.abandoned else errors.EXIT_OK
    try:
        again = run_to_the_end(lambda: _retry(config))
    except LedgerUnavailable as unavailable:
        if unavailable.code != IN_USE:
            raise
        print("the daemon is running; stop it first")
        return errors.EXIT_UNAVAILABLE
    print(json.dumps({"retried": again}) if args.json else f"{again} wait again; the daemon sends them when it runs")
    return errors.EXIT_OK


async def _read(config: Config) -> Outbox:
    async with ledger_of(config) as r:
        waiting: dict[str, int] = {}
        given_up = 0
        for (state, _, label), count in (await outbox.counts(r)).items():
            if state == "waiting":
                waiting[label] = waiting.get(label, 0) + count
            else:
                given_up += count
        return Outbox(await outbox.abandoned(r), given_up, waiting, await outbox.delivered(r))


async def _retry(config: Config) -> int:
    database = await Database.open(config.daemon.database)
    try:
        async with database.write() as w:
            return await outbox.resume(w)
    finally:
        await database.close()


def _as_json(found: Outbox) -> str:
    abandoned = [
        {"id": one.id, "label": one.label, "relays": one.relays, "promised_at": one.promised_at, "reason": one.reason}
        for one in found.abandoned
    ]
    return json.dumps(
        {"abandoned": abandoned, "given_up": found.given_up, "waiting": found.waiting, "delivered": found.delivered}
    )


def _as_text(found: Outbox) -> str:
    lines = []
    for one in found.abandoned:
        when = datetime.fromtimestamp(one.promised_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        lines += [f"{one.label} of {when}, given up", f"  {one.reason}"]
    if found.abandoned:
        shown = f" (the first {len(found.abandoned)} are shown)" if len(found.abandoned) < found.given_up else ""
        lines.append(f"{found.given_up} given up{shown}; nostr-loyalty outbox retry lets them wait again")
    lines += [f"{count:>9}  {label}, waiting" for label, count in sorted(found.waiting.items())]
    lines += [f"{count:>9}  {label}, sent" for label, count in sorted(found.delivered.items())]
    return "\n".join(lines) or "nothing was ever promised"
