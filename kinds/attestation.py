"""Kind 7414: the issuer attests one thing about one customer, for one audience and one day. Protocol section 8.

It is given to the customer in a message, never published; the customer hands it on to whom it was made for. That
audience learns the one claim and nothing else, and cannot use it elsewhere: it names who it is about and who it is for.
"""

from collections.abc import Container
from typing import Final, Literal, NamedTuple, cast, get_args

from kinds import program, tags
from kinds.errors import Unreadable
from kinds.event import Event, Template
from kinds.registry import ATTESTATION

ClaimType = Literal["tier", "points_at_least", "visits_at_least", "member_since"]
CLAIM_TYPES: Final[tuple[str, ...]] = get_args(ClaimType)

VALID_S: Final = 24 * 60 * 60
"""How long an attestation is good for, at most: so long its reader remembers nonces."""
TEXT_MAX: Final = 128
"""Characters of a nonce and of a tier's id."""

_CODE: Final = "attestation-malformed"
_WINDOWED: Final = ("points_at_least", "visits_at_least")


class Claim(NamedTuple):
    """What is said of the customer, as it was on the day that it was attested.

    `tier`: holds the tier with the id `value`, or a higher one. `points_at_least`: `value` or more can be spent, or,
    with a `window` such as "90d", so many points were earned in it. `visits_at_least`: so many visits, in the window or
    ever.
    `member_since`: the first entry is not younger than `value` (unix seconds).
    """

    type: ClaimType
    value: str
    window: str | None = None


class Attestation(NamedTuple):
    """The issuer of `program` (an address) attests `claim` about `subject` for `audience` (both hex).

    `nonce` is text that no other attestation has; from `expiration` on (unix seconds) it proves nothing.
    """

    program: str
    subject: str
    audience: str
    claim: Claim
    nonce: str
    expiration: int


def claim(type_: str, value: str, window: str | None = None) -> Claim:
    """A claim in its only form. ValueError: an unknown type, a value of another form, a window where none belongs."""
    if type_ not in CLAIM_TYPES:
        raise ValueError(f"{type_[:32]!r} is none of {', '.join(CLAIM_TYPES)}")
    if type_ == "tier":
        _text(value, "tier")
    else:
        tags.whole_number(value)
    if window is not None:
        if type_ not in _WINDOWED:
            raise ValueError(f"{type_} has no window")
        tags.span(window)
    return Claim(cast(ClaimType, type_), value, window)


def template(attestation: Attestation, created_at: int) -> Template:
    """The event, for the program's issuer to sign; `created_at` is at most VALID_S before the expiration."""
    window = [] if attestation.claim.window is None else [attestation.claim.window]
    written: tuple[tuple[str, ...], ...] = (
        ("a", attestation.program),
        ("p", attestation.subject),
        ("aud", attestation.audience),
        ("claim", attestation.claim.type, attestation.claim.value, *window),
        ("nonce", attestation.nonce),
        ("expiration", str(attestation.expiration)),
        ("-",),
    )
    return Template(ATTESTATION, created_at, written, "")


def parse(event: Event) -> Attestation:
    """Read an attestation by its program's issuer, whoever it is for and however old it is.

    Raises Unreadable "attestation-malformed", or "attestation-wrong-issuer": another key signed it.
    """
    if event.kind != ATTESTATION:
        raise Unreadable(_CODE, f"kind {event.kind}")
    try:
        attestation = Attestation(
            program=tags.required_value(event.tags, "a", _CODE),
            subject=_key(event, "p"),
            audience=_key(event, "aud"),
            claim=_claim(tags.sole(event.tags, "claim", _CODE)),
            nonce=_text(tags.required_value(event.tags, "nonce", _CODE), "nonce"),
            expiration=tags.whole_number(tags.required_value(event.tags, "expiration", _CODE)),
        )
        issuer, _ = program.parse_address(attestation.program)
        if not 0 <= attestation.expiration - event.created_at <= VALID_S:
            raise ValueError(f"valid for more than {VALID_S} seconds, or for less than none")
    except ValueError as fault:
        raise Unreadable(_CODE, str(fault)) from None
    if event.pubkey != issuer:
        raise Unreadable("attestation-wrong-issuer", f"signed by {event.pubkey}")
    return attestation


def verify(event: Event, *, audience: str, sender: str, now: int, seen_nonces: Container[str]) -> Attestation:
    """What an attestation proves to `audience`, who got it from `sender` (the seal's author, hex) just now.

    An Event's signature is checked already. Raises Unreadable with the first thing that is wrong: as `parse`, then
    "attestation-wrong-subject", "attestation-wrong-audience", "attestation-expired", "attestation-seen-before". Whoever
    takes it adds the nonce to those seen, until the expiration; which programs' word counts is for them to say.
    """
    attestation = parse(event)
    if attestation.subject != sender:
        raise Unreadable("attestation-wrong-subject", f"about {attestation.subject}, sent by {sender}")
    if attestation.audience != audience:
        raise Unreadable("attestation-wrong-audience", f"for {attestation.audience}")
    if now >= attestation.expiration:
        raise Unreadable("attestation-expired", f"since {attestation.expiration}")
    if attestation.nonce in seen_nonces:
        raise Unreadable("attestation-seen-before")
    return attestation


def _claim(tag: tuple[str, ...] | None) -> Claim:
    match tag:
        case (_, type_, value):
            return claim(type_, value)
        case (_, type_, value, window):
            return claim(type_, value, window)
    raise ValueError("claim takes a type, a value and perhaps a window")


def _key(event: Event, name: str) -> str:
    text = tags.required_value(event.tags, name, _CODE)
    if not tags.is_hex64(text):
        raise ValueError(f"{name} is not 64 lower-case hex digits")
    return text


def _text(text: str, name: str) -> str:
    if not 1 <= len(text) <= TEXT_MAX:
        raise ValueError(f"{name} of {len(text)} characters")
    return text
