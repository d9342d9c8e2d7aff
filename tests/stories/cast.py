"""The people of a story: the till, the guests and the owner, in the model's house, and what stands on their cards."""

from collections import defaultdict

from kinds.entry import parse, verify_chain
from kinds.event import Rumor, rumor_from_canonical, sign
from ledger import statement
from nostr_loyalty.commands.command import Command, Redeem
from tests.model.house import House, key_of

DECIMALS = {"EUR": 2, "USD": 2, "UYU": 2, "KWD": 3}


class Cast:
    """Everybody by name.

    `told` is what the last command or message was answered, `named` whom the last sentence names first.
    """

    def __init__(self, house: House) -> None:
        """`house` is open."""
        self.house = house
        self.told = ""
        self.named: str | None = None
        self.codes: dict[str, str] = {}
        self.vouchers: dict[str, list[str]] = defaultdict(list)
        self._names: dict[str, str] = {}
        self._last: Rumor | None = None
        self._left: dict[str, tuple[int, str]] = {}
        self._seen: dict[str, int] = defaultdict(int)
        self._booked = 0

    # -- the till ------------------------------------------------------------------------------------------------

    async def send(self, rumor: Rumor, about: str) -> None:
        """The till reports something about an order."""
        self._last = rumor
        (answer,) = await self.house.book(rumor)
        self.told = answer.result
        if answer.claim is not None:
            self.codes[about] = answer.claim

    async def repeat(self) -> None:
        """The till reports the same again, in another message."""
        assert self._last is not None
        again = self.house.again(self._last)
        (answer,) = await self.house.book(again)
        self.told = answer.result

    def sold(self, order: str, amount: tuple[str, str]) -> None:
        """Remember what the order came to."""
        self._left.setdefault(order, (minor(amount), amount[1]))

    def paid_back(self, order: str, amount: tuple[str, str] | None = None) -> tuple[str, str]:
        """How much is paid back (None: what is left)."""
        left, unit = self._left.get(order, (0, "EUR"))
        if amount is None:
            amount = (written(left, unit), unit)
        if amount[1] == unit and minor(amount) <= left:
            self._left[order] = (left - minor(amount), unit)
        return amount

    # -- guests and the owner ------------------------------------------------------------------------------------

    async def ask(self, command: Command, who: str | None = None) -> None:
        """A guest asks, or the owner."""
        outcome = await self.house.do(command, None if who is None else self.key(who))
        self.told = outcome.code
        code = outcome.facts.get("voucher")
        if isinstance(command, Redeem) and outcome.result == "done":
            assert isinstance(code, str)
            self.vouchers[str(self.named)].append(code)

    def key(self, who: str) -> str:
        """The guest's public key."""
        self._names[key_of(who).public] = who
        return key_of(who).public

    def name_of(self, key: str) -> str:
        """The guest with this key, who was named before."""
        return self._names[key]

    # -- what stands on the cards --------------------------------------------------------------------------------

    async def news(self) -> list[tuple[str, str, int, int]]:
        """(customer's key, type, points, balance) of the entries since this was asked last, as they were booked."""
        rows = await self.house.rows(
            "SELECT entry.id, lower(hex(customer)), type, points, entry.balance FROM entry "
            "JOIN standing ON standing.id = entry.standing_id WHERE entry.id > ? ORDER BY entry.id",
            self._booked,
        )
        self._booked = max((row[0] for row in rows), default=self._booked)
        return [row[1:] for row in rows]

    async def card(self, who: str) -> tuple[int, int, str]:
        """Balance, what can be spent, and the tier."""
        rows = await self.house.rows(
            "SELECT balance, tier, (SELECT coalesce(sum(remaining), 0) FROM lot WHERE standing_id = standing.id "
            "AND (expires_at IS NULL OR expires_at > ?)) FROM standing WHERE customer = ?",
            self.house.clock.now(), bytes.fromhex(self.key(who)),
        )  # fmt: skip
        return (rows[0][0], rows[0][2], rows[0][1] or "none") if rows else (0, 0, "none")

    async def assert_chains(self) -> None:
        """Every guest's entries are a chain that anybody can check."""
        async with self.house.database.read() as r:
            for (standing_id,) in await r.rows("SELECT id FROM standing WHERE head_id IS NOT NULL"):
                rows = await statement.history(r, standing_id, limit=10_000)
                events = [sign(rumor_from_canonical(row.document), self.house.issuer) for row in rows]
                verify_chain(events)
                assert [parse(event).points for event in events] == [row.points for row in rows]


def minor(amount: tuple[str, str]) -> int:
    """The smallest parts of an amount."""
    whole, _, fraction = amount[0].partition(".")
    return int(whole + fraction.ljust(DECIMALS.get(amount[1], 0), "0"))


def written(minor: int, unit: str) -> str:
    """The amount as it is written."""
    decimals = DECIMALS.get(unit, 0)
    text = str(minor).rjust(decimals + 1, "0")
    return f"{text[:-decimals]}.{text[-decimals:]}" if decimals else text
