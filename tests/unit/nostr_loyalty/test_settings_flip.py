"""Every key of a program does something that its guests, tills or operators notice: flipped, it is seen (Bug 34, 57).

The last test fails for a key of the model that has no flip in `flip_tables` and no test of its own elsewhere.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from nostr_loyalty.config.model import ProgramSection
from tests.unit.nostr_loyalty.flip_tables import FLIPS
from tests.unit.nostr_loyalty.flips import Flip
from tests.unit.nostr_loyalty.served import Served

HERE = Path(__file__).parent

ELSEWHERE = {
    "summary": "test_settings_count.py::test_a_program_says_what_its_section_says",
    "image": "test_settings_count.py::test_a_program_says_what_its_section_says",
    "terms": "test_settings_count.py::test_a_program_says_what_its_section_says",
    "relays": "test_settings_count.py::test_a_program_says_what_its_section_says",
    "key": "test_letters_programs.py::test_each_key_answers_for_its_own_programs",
    "nip04": "test_letters_programs.py::test_the_old_form_in_one_program_only",
}
"""Keys whose flip needs more than a served program: where it is tested."""


@pytest.mark.parametrize("flip", FLIPS, ids=lambda flip: flip.key)
async def test_a_flip_is_seen(tmp_path: Path, flip: Flip) -> None:
    """Bug 34, 57: before the flip one thing is seen, after it another."""
    seen = []
    for name, extra in (("before", flip.before), ("after", flip.after)):
        folder = tmp_path / name
        folder.mkdir()
        served = Served(folder, flip.visibility, extra=extra)
        config = folder / "config.toml"
        if name == "after" and flip.edit is not None:
            assert flip.edit[0] in config.read_text()
            config.write_text(config.read_text().replace(*flip.edit))
            served = served.again()
        async with served:
            seen.append(await flip.scene(served))
            await served.assert_clean()
    assert tuple(seen) == flip.seen
    assert seen[0] != seen[1]


def keys_of(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """The path of each key of a section that holds no section itself: "ttl", "reward.stock", "earn.visit.gap"."""
    for name, field in model.model_fields.items():
        sections = list(_sections(field.annotation))
        for section in sections:
            kind = section.model_fields.get("type") if len(sections) > 1 else None
            (word,) = get_args(kind.annotation) if kind is not None else ("",)
            yield from keys_of(section, f"{path}{name}.{word}." if word else f"{path}{name}.")
        told_by_path = (
            name == "type" and get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1
        )
        if not sections and not told_by_path:
            yield f"{path}{name}"


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Annotated, list, Union, UnionType):
        for each in get_args(annotation):
            yield from _sections(each)


def test_no_key_is_forgotten() -> None:
    """Bug 34, 57: each key of the model is flipped above or in the test that is named for it, and no other is."""
    assert len(set(keys_of(ProgramSection))) > 70
    assert {flip.key for flip in FLIPS} | ELSEWHERE.keys() == set(keys_of(ProgramSection))


@pytest.mark.parametrize(("key", "place"), ELSEWHERE.items())
def test_what_is_tested_elsewhere_is(key: str, place: str) -> None:
    """The test that a key is said to have is there, and names it."""
    module, name = place.split("::")
    text = (HERE / module).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {name}\(", text, re.MULTILINE)
    assert key in text
