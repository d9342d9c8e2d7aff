"""Every text of the source that a language translates, and a language's file brought up to date with them.

    python -m tests.messages de

writes nostr_loyalty/locale/de/nostr_loyalty.po with all texts: those that it has translated with their translations,
new ones with none, and without those that are no longer said. A text is found where it is said (`say`, `say_number`,
`Refusal.saying`, `catalogue.text`) or in the tables named below.
"""

import ast
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, get_args

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from kinds.order import PaymentMethod
from nostr_loyalty import catalogue
from nostr_loyalty.commands.usage import FOR_SOMEBODY, USAGES
from nostr_loyalty.commands.vocabulary import VERB, VERBS, WORD, WORDS
from nostr_loyalty.commands.words import FAULTS
from nostr_loyalty.publishing.saying import NTH_VISIT
from nostr_loyalty.publishing.welcoming import PAYMENT
from nostr_loyalty.publishing.wording import TOLD
from nostr_loyalty.rules import refusal

ROOT: Final = Path(__file__).parents[1]
ROOMS: Final = ("rules", "desk", "letters", "publishing")
"""Where texts stand in the code."""
_TEXTS_AT: Final = {"say": 1, "_say": 1, "say_number": 2, "saying": 1, "text": 1}
"""Functions that say a text, by their names: where the text stands among their arguments, the last of them."""
_OF_ANY_TEXT: Final = frozenset({"_say", "text"})
"""Those that also say the texts of tables."""


_WORDS: Final = re.compile(r"(?<![{\w])\w+(?![\w}])")
WIDTH: Final = 110
HEADER: Final = """\
# {name} texts of nostr-loyalty; English is the source. `python -m tests.messages {language}` adds what is new.
# Words of commands may have several translations with commas between them; the first one is shown.
msgid ""
msgstr ""
"Project-Id-Version: nostr-loyalty\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""


class Message(NamedTuple):
    """A text: in a context or not, with its plural or not."""

    id: str
    context: str | None = None
    plural: str | None = None
    place: str = ""


def messages() -> list[Message]:
    """All texts that have words, each once."""
    found = [one for one in (*_in_tables(), *_in_code()) if _WORDS.search(one.id)]
    return list({(one.context, one.id): one for one in reversed(found)}.values())[::-1]


def _in_tables() -> Iterator[Message]:
    yield from (Message(verb, VERB, place="commands/vocabulary.py") for verb in VERBS)
    yield from (Message(word, WORD, place="commands/vocabulary.py") for word in WORDS)
    yield from (Message(method, PAYMENT, place="kinds/order.py") for method in get_args(PaymentMethod))
    for usage in USAGES.values():
        yield from (
            Message(text, place="commands/usage.py") for text in (usage.line, usage.says, usage.example, usage.more)
        )
    yield Message(FOR_SOMEBODY, place="commands/usage.py")
    yield from (Message(text, place="commands/words.py") for text in FAULTS.values())
    yield from (Message(text, place="publishing/saying.py") for text in NTH_VISIT.values())
    yield from (Message(text, place="rules/refusal.py") for text in refusal.CODES.values())
    yield from (Message(text, place="publishing/wording.py") for text in TOLD.values())


def _in_code() -> Iterator[Message]:
    for room in ROOMS:
        for path in sorted((ROOT / "nostr_loyalty" / room).rglob("*.py")):
            place = path.relative_to(ROOT / "nostr_loyalty").as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield from _said(node, place)


def _said(call: ast.Call, place: str) -> Iterator[Message]:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr="saying" as name, value=ast.Name(id="Refusal")):
            pass
        case ast.Attribute(attr="text" as name, value=ast.Name(id="catalogue")):
            pass
        case _:
            return
    at = _TEXTS_AT.get(name)
    if at is None or len(call.args) <= at:
        return
    texts = [arg.value for arg in call.args[1 : at + 1] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if len(texts) == at:
        yield Message(texts[0], plural=texts[1] if at == 2 else None, place=place)
    else:
        assert name in _OF_ANY_TEXT, f"{place}:{call.lineno}: a text that is said must be a literal"


def path_of(language: str) -> Path:
    """Where a language's file is."""
    return catalogue.FOLDER / language / f"{catalogue.DOMAIN}.po"


def file_of(language: str) -> bytes:
    """A language's file with all texts, with the translations that it has."""
    path = path_of(language)
    before = catalogue.read(path) if path.exists() else Catalog(language)
    now = Catalog(language, fuzzy=False)
    for one in messages():
        had = before.get(one.id, one.context)
        ids = one.id if one.plural is None else (one.id, one.plural)
        now.add(ids, had.string if had is not None else "", context=one.context, auto_comments=[one.place])
    written = io.BytesIO()
    write_po(written, now, width=WIDTH, omit_header=True)
    return (
        HEADER.format(name=now.locale.english_name, language=language, plurals=before.plural_forms).encode()
        + written.getvalue()
    )


if __name__ == "__main__":
    for name in sys.argv[1:]:
        content = file_of(name)
        path_of(name).parent.mkdir(exist_ok=True)
        path_of(name).write_bytes(content)
