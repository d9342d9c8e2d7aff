"""How a text is said in a program's language: the message of the source, translated, with its values put in.

The texts stand where they are said, in English; `tests/messages.py` finds them there. So the message is always a
literal, its values are in braces by name, and a sentence is one message, never put together from halves.
"""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, Literal, cast

from kinds.keys import npub_encode
from ledger.units import Money, format_money
from nostr_loyalty import catalogue
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.rules.calendar import day_of, start_of_day

OrdinalForm = Literal["one", "two", "few", "many", "other"]


KEY_SHOWN: Final = 12
"""Characters of an npub that tell one from another, for people."""


def say(program: ServedProgram, message: str, /, **values: Any) -> str:
    """The message in the program's language."""
    return catalogue.text(program.language, message).format(**values)


def say_number(program: ServedProgram, one: str, many: str, n: int, /, **values: Any) -> str:
    """The message for n of something; `n` is among its values."""
    return catalogue.number_text(program.language, one, many, n).format(n=n, **values)


def say_nth(program: ServedProgram, forms: Mapping[OrdinalForm, str], n: int, /, **values: Any) -> str:
    """The message for the n-th of something: the form that the language has for n; `n` is among its values."""
    form = cast(OrdinalForm, catalogue.ordinal_form(program.language, n))
    message = forms.get(form, forms["other"])
    return catalogue.text(program.language, message).format(n=n, **values)


def day(program: ServedProgram, unix: int) -> str:
    """A local date in words: "3 March 2027"."""
    return catalogue.date_text(program.language, datetime.fromtimestamp(unix, program.rules.tz).date())


def day_in_words(program: ServedProgram, ordinal: int) -> str:
    """The same for a local day by the ordinal of its date."""
    return catalogue.date_text(program.language, date.fromordinal(ordinal))


def up_to(program: ServedProgram, unix: int) -> str:
    """Up to when something is good that ends at a moment: the last local day, and the time where it ends within one."""
    tz = program.rules.tz
    if start_of_day(day_of(unix, tz), tz) == unix:
        return day(program, unix - 1)
    return say(program, "{day} at {time}", day=day(program, unix), time=f"{datetime.fromtimestamp(unix, tz):%H:%M}")


def money(amount: Money) -> str:
    """ "8.50 EUR": as amounts are written in commands, in every language."""
    return " ".join(format_money(amount))


def key_shown(pubkey: str) -> str:
    """A public key (hex) as people see it: the beginning of its npub."""
    return f"{npub_encode(pubkey)[:KEY_SHOWN]}…"


def signed(points: int) -> str:
    """A delta with its sign: "+12", "-100"."""
    return f"{points:+d}"


def delta(program: ServedProgram, points: int) -> str:
    """A delta in the program's own words: "+12 points", "-1 stamp"."""
    return f"{'+' if points > 0 else ''}{program.amount_of(points)}"


NTH_VISIT: Final[Mapping[OrdinalForm, str]] = MappingProxyType({
    "one": "{n}st visit this month",
    "two": "{n}nd visit this month",
    "few": "{n}rd visit this month",
    "other": "{n}th visit this month",
})  # fmt: skip
"""The forms that English has; a language that has more of them says those by "other"."""
