"""Kind 7413: a customer asks for a reward without words. Protocol section 10.

It travels as the rumor of a gift wrap to the program's issuer, never signed by itself: signed and published it would
tell everybody what a customer buys. Its author, and so whose points are spent, is proven by the seal.
"""

from typing import Final, NamedTuple

from kinds import program, tags
from kinds.errors import Unreadable
from kinds.event import Rumor, Template, author
from kinds.registry import REDEMPTION_REQUEST

TEXT_MAX: Final = 128
"""Characters of a reward's id and of a nonce."""

_CODE: Final = "redemption-malformed"


class RedemptionRequest(NamedTuple):
    """`customer` (hex) asks for the reward `reward` (its id) of `program` (an address).

    `nonce` is any text that makes two requests of one second differ; from `expiration` on (unix seconds) the request
    counts no more. `id` is the rumor's: what makes a request count once.
    """

    id: str
    customer: str
    program: str
    reward: str
    nonce: str
    expiration: int
    created_at: int

    def has_expired(self, now: int) -> bool:
        """Whether the customer does not want this any more."""
        return now >= self.expiration


def compose(customer: str, program_address: str, reward: str, *, nonce: str, expiration: int, at: int) -> Rumor:
    """A request of `customer`, to be wrapped for the program's issuer; `at` in unix seconds."""
    written = (("a", program_address), ("reward", reward), ("nonce", nonce), ("expiration", str(expiration)))
    return author(Template(REDEMPTION_REQUEST, at, written, ""), customer)


def faults(rumor: Rumor) -> tuple[str, ...]:
    """The tags of a request that are missing or of another form, by name; none: `parse` reads it."""
    found = []
    for name, read in (("a", _address), ("reward", _text), ("nonce", _text), ("expiration", _expiration)):
        try:
            read(rumor, name)
        except Unreadable:
            found.append(name)
    return tuple(found)


def parse(rumor: Rumor) -> RedemptionRequest:
    """Read a request that came out of a gift wrap. Raises Unreadable "redemption-malformed"."""
    if rumor.kind != REDEMPTION_REQUEST:
        raise Unreadable(_CODE, f"kind {rumor.kind}")
    return RedemptionRequest(
        id=rumor.id,
        customer=rumor.pubkey,
        program=_address(rumor, "a"),
        reward=_text(rumor, "reward"),
        nonce=_text(rumor, "nonce"),
        expiration=_expiration(rumor, "expiration"),
        created_at=rumor.created_at,
    )


def _address(rumor: Rumor, name: str) -> str:
    address = tags.required_value(rumor.tags, name, _CODE)
    try:
        program.parse_address(address)
    except ValueError as fault:
        raise Unreadable(_CODE, str(fault)) from None
    return address


def _expiration(rumor: Rumor, name: str) -> int:
    try:
        return tags.whole_number(tags.required_value(rumor.tags, name, _CODE))
    except ValueError as fault:
        raise Unreadable(_CODE, str(fault)) from None


def _text(rumor: Rumor, name: str) -> str:
    text = tags.required_value(rumor.tags, name, _CODE)
    if not 1 <= len(text) <= TEXT_MAX or "\0" in text:
        raise Unreadable(_CODE, f"{name} of {len(text)} characters, or with a NUL in it")
    return text
