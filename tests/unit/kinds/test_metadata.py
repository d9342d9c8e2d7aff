"""What `kinds.metadata` (kind 0) promises."""

import orjson
import pytest

from kinds.errors import Unreadable
from kinds.event import Template, sign
from kinds.metadata import Metadata, parse, read_text, template, to_text
from tests.unit.kinds.samples import ISSUER, NOW

CAFE = Metadata(
    name="Café Sol",
    about="Points for coffee.\nAsk me: balance",
    picture="https://cafe.example/logo.png",
    nip05="points@cafe.example",
    lud16="tips@cafe.example",
    bot=True,
)


def test_metadata_survives_the_wire() -> None:
    """All of it, and nothing at all."""
    for one in (CAFE, Metadata()):
        assert parse(sign(template(one, NOW), ISSUER)) == one


def test_what_is_not_said_is_not_written() -> None:
    """No nulls and no `bot: false`: clients show what is there."""
    assert to_text(Metadata(name="Café Sol")) == '{"name":"Café Sol"}'
    assert orjson.loads(to_text(CAFE)) == {
        "name": "Café Sol",
        "about": "Points for coffee.\nAsk me: balance",
        "picture": "https://cafe.example/logo.png",
        "nip05": "points@cafe.example",
        "lud16": "tips@cafe.example",
        "bot": True,
    }


def test_the_example_of_nip_05_is_read() -> None:
    """The content that the NIP shows."""
    assert read_text('{"name": "bob", "nip05": "bob@example.com"}') == Metadata(name="bob", nip05="bob@example.com")


def test_a_wrong_field_is_as_if_not_said() -> None:
    """What other clients write: nulls, numbers, objects, a nip05 that is none, `bot` as a text."""
    text = '{"name": 7, "about": null, "picture": {}, "nip05": "Bob", "lud16": [], "bot": "yes", "zodiac": "leo"}'
    assert read_text(text) == Metadata()


@pytest.mark.parametrize("text", ["", "x", "[]", "null", '"name"', '{"name": "\\ud800"}', "{" * 2_000])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    """Any other content is named."""
    with pytest.raises(Unreadable, match="metadata-malformed"):
        parse(sign(Template(0, NOW, (), text), ISSUER))


def test_another_kind_is_no_metadata() -> None:
    """A note may hold the same text."""
    with pytest.raises(Unreadable, match="kind 1"):
        parse(sign(Template(1, NOW, (), "{}"), ISSUER))
