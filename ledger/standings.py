"""Where each customer stands in each program: a cache over entries, lots, orders and tallies.

Read and made here; changed by `ledger.book` only, together with the entries that it follows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ledger import newcomers
from ledger.bulk import EACH, name_at, optional_name_at, packed_names, packed_rows
from ledger.database import Read, Write
from ledger.errors import InvariantBroken


class Standing(NamedTuple):
    """Where one customer stands in one program.

    `balance` = what remains in its lots - `deficit`. `lifetime`: points ever earned or granted and not reversed.
    `visits`: paid orders that were not reversed, of which `carried_visits` came from another key (below 0: went to
    one); `visits_month` those of `month` (yyyymm, by the program's clock on the wall), the latest month with one.
    `last_at`: recorded_at of the head, 0 before the first entry. `card_at`: time of the last card promised, which never
    decreases.

    `spent_minor`, `earned_points`: the sums of its tally. `welcomed`: 1 once the welcome bonus was given.
    `referral_id`: the referral that brought this customer.
    `frozen` and `relinked_to` (the standing that took over): see the operator's hand. `tier`, `grace_until`,
    `review_at`: see rules/tiering.py. `next_expiry_at`, `next_expiry_points`: what runs out next.

    What the customer chose (written by `choices`, and taken over from `newcomers`): `shares` ("public", "private",
    None: as the program does), `notify` ("all", "important", "off", None: nothing was chosen), `language`, `badge`;
    `greeted`: it had the welcome; `forgotten`: `customer` is a pseudonym; `withdrawn_seq`: relays were asked to delete
    what was public of its entries up to this one.
    """

    id: int
    program_id: int
    customer: str
    balance: int
    deficit: int
    seq: int
    head: str | None
    lifetime: int
    visits: int
    month: int
    visits_month: int
    first_at: int
    last_at: int
    card_at: int
    card_name: str | None
    spent_minor: int = 0
    earned_points: int = 0
    welcomed: int = 0
    referral_id: int | None = None
    last_order_id: int | None = None
    frozen: int = 0
    relinked_to: int | None = None
    carried_visits: int = 0
    tier: str | None = None
    grace_until: int | None = None
    review_at: int | None = None
    next_expiry_at: int | None = None
    next_expiry_points: int = 0
    shares: str | None = None
    notify: str | None = None
    language: str | None = None
    badge: int = 0
    greeted: int = 0
    forgotten: int = 0
    withdrawn_seq: int = 0


_AFTER_HEAD = """s.lifetime, s.visits, s.month, s.visits_month, s.first_at, s.last_at, s.card_at, s.card_name,
    s.spent_minor, s.earned_points, s.welcomed, s.referral_id, s.last_order_id, s.frozen, s.relinked_to,
    s.carried_visits, s.tier, s.grace_until, s.review_at, s.next_expiry_at, s.next_expiry_points,
    s.shares, s.notify, s.language, s.badge, s.greeted, s.forgotten, s.withdrawn_seq"""

_FIND = f"""
SELECT json_group_array(json_array(json_each.key, s.id, s.balance, s.deficit, s.seq, lower(hex(s.head)), {_AFTER_HEAD}))
FROM json_each(?1) CROSS JOIN standing AS s ON s.program_id = json_each.value AND s.customer = {name_at(0, 1)}
"""

_FIND_BY_ID = f"""
SELECT json_group_array(json_array(s.id, s.program_id, lower(hex(s.customer)), s.balance, s.deficit, s.seq,
                                   lower(hex(s.head)), {_AFTER_HEAD}))
FROM json_each(?1) CROSS JOIN standing AS s ON s.id = json_each.value
"""

_UPDATE = f"""
UPDATE standing
SET deficit = value ->> 3, lifetime = value ->> 4, visits = value ->> 5, month = value ->> 6,
    visits_month = value ->> 7, card_at = value ->> 8, card_name = value ->> 9,
    spent_minor = value ->> 10, earned_points = value ->> 11,
    welcomed = value ->> 12, referral_id = value ->> 13, last_order_id = value ->> 14,
    frozen = value ->> 15, relinked_to = value ->> 16, carried_visits = value ->> 17,
    tier = value ->> 18, grace_until = value ->> 19, review_at = value ->> 20,
    next_expiry_at = value ->> 21, next_expiry_points = value ->> 22
FROM {EACH}
WHERE standing.id = value ->> 0 AND standing.balance = value ->> 1 AND standing.seq = value ->> 2
  AND standing.head IS {optional_name_at(0, 1)}
"""


async def standings(w: Write, wanted: Sequence[tuple[int, str]], at: int) -> dict[tuple[int, str], Standing]:
    """(program id, customer) -> standing, of each that is wanted. Those that were missing are made, with first_at =
    at.
    """
    unique = list(dict.fromkeys(wanted))
    found = await find_standings(w, unique)
    missing = [pair for pair in unique if pair not in found]
    if missing:
        await w.run(
            "INSERT INTO standing (program_id, customer, first_at, shares, notify, language, badge, greeted) "
            f"SELECT value, {name_at(0, 1)}, ?3, n.shares, n.notify, n.language, "
            "coalesce(n.badge, 0), coalesce(n.greeted, 0) "
            f"FROM json_each(?1) LEFT JOIN newcomer AS n ON n.program_id = value AND n.customer = {name_at(0, 1)}",
            packed_rows([program_id for program_id, _ in missing]),
            packed_names(customer for _, customer in missing),
            at,
        )
        await newcomers.drop(w, missing)
        found |= await find_standings(w, missing)
    return found


async def unmade(r: Read, wanted: Sequence[tuple[int, str]], at: int) -> dict[tuple[int, str], Standing]:
    """(program id, customer) -> a standing, with first_at = at, as `make` makes it: of those that are wanted and that
    are not there. Nothing is made by this. What somebody chose before stands in it.
    """
    ((highest,),) = await r.rows("SELECT coalesce(max(id), 0) FROM standing")
    unique = list(dict.fromkeys(wanted))
    wrote = await newcomers.find(r, unique)
    made = {}
    for id_, pair in enumerate(unique, int(highest) + 1):
        standing = Standing(id_, *pair, 0, 0, 0, None, 0, 0, 0, 0, at, 0, 0, None)
        if (before := wrote.get(pair)) is not None:
            standing = standing._replace(
                shares=before.shares, notify=before.notify, language=before.language, badge=before.badge,
                greeted=before.greeted,
            )  # fmt: skip
        made[pair] = standing
    return made


async def make(w: Write, new: Sequence[Standing]) -> None:
    """Makes standings that `unmade` gave in this transaction, before anything else is written of them."""
    if new:
        rows = [
            (one.id, one.program_id, one.first_at, one.shares, one.notify, one.language, one.badge, one.greeted)
            for one in new
        ]
        await w.run(
            "INSERT INTO standing (id, program_id, customer, first_at, shares, notify, language, badge, greeted) "
            f"SELECT value ->> 0, value ->> 1, {name_at(0, 1)}, value ->> 2, value ->> 3, value ->> 4, value ->> 5, "
            f"value ->> 6, value ->> 7 FROM {EACH}",
            packed_rows(rows), packed_names(one.customer for one in new),
        )  # fmt: skip
        await newcomers.drop(w, [(one.program_id, one.customer) for one in new])


async def find_standings(r: Read, wanted: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Standing]:
    """(program id, customer) -> standing, of those that are there."""
    if not wanted:
        return {}
    programs = packed_rows([program_id for program_id, _ in wanted])
    rows = await r.packed(_FIND, programs, packed_names(customer for _, customer in wanted))
    found = {}
    for place, id_, balance, deficit, seq, head, *rest in rows:
        program_id, customer = wanted[place]
        found[program_id, customer] = Standing(id_, program_id, customer, balance, deficit, seq, head or None, *rest)
    return found


async def known_customers(r: Read, customers: Sequence[str]) -> set[str]:
    """Those of these public keys that have a standing in some program."""
    rows = await r.packed(
        "SELECT json_group_array(json_each.key) FROM json_each(?1) WHERE EXISTS (SELECT 1 FROM program "
        f"CROSS JOIN standing ON standing.program_id = program.id AND standing.customer = {name_at(0, 1)})",
        packed_rows(list(range(len(customers)))),
        packed_names(customers),
    )
    return {customers[place] for place in rows}


async def standings_by_id(r: Read, standing_ids: Sequence[int]) -> dict[int, Standing]:
    """standing id -> standing, of those that are there."""
    rows = await r.packed(_FIND_BY_ID, packed_rows(list(standing_ids)))
    found = {}
    for id_, program_id, customer, balance, deficit, seq, head, *rest in rows:
        found[id_] = Standing(id_, program_id, customer, balance, deficit, seq, head or None, *rest)
    return found


async def standings_to_review(r: Read, now: int, limit: int, of: Collection[int]) -> list[int]:
    """Ids of standings of these programs whose tier may change at `now` without an order, the longest due first."""
    rows = await r.rows(
        "SELECT id FROM standing WHERE review_at <= ? AND +program_id IN (SELECT value FROM json_each(?)) "
        "ORDER BY review_at, id LIMIT ?",
        now, packed_rows(list(of)), limit,
    )  # fmt: skip
    return [id_ for (id_,) in rows]


async def update_standings(w: Write, standings: Sequence[Standing]) -> None:
    """Writes the new values of standings whose balance, seq and head must be what their entries led to. For `book`."""
    if not standings:
        return
    rows = [
        (one.id, one.balance, one.seq, one.deficit, one.lifetime, one.visits, one.month, one.visits_month, one.card_at,
         one.card_name, one.spent_minor, one.earned_points, one.welcomed, one.referral_id,
         one.last_order_id, one.frozen, one.relinked_to, one.carried_visits, one.tier, one.grace_until, one.review_at,
         one.next_expiry_at, one.next_expiry_points) for one in standings
    ]  # fmt: skip
    changed = await w.run(_UPDATE, packed_rows(rows), packed_names(one.head for one in standings))
    if changed != len(standings):
        raise InvariantBroken(f"{len(standings) - changed} of {len(standings)} standings disagree with their entries")
