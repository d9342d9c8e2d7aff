"""The golden tables of docs/stories: what the café's owner reads there is what the program does."""

import re
from pathlib import Path

import pytest

from tests.model.house import House
from tests.stories.cast import Cast
from tests.stories.reading import NOTHING, Row, Rules, pieces
from tests.stories.sentences import play

FOLDER = Path(__file__).parents[2] / "docs" / "stories"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
NEW_RULES = "the new rules begin"

_ENTRY = re.compile(r"(?P<type>[a-z]+)(?: \((?P<who>\w+)\))?")
_REFUSED = re.compile(r"refused `(?P<code>[a-z-]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
async def test_story(page: Path, tmp_path: Path) -> None:
    """Every row of the page leads to the entry, the points, the balance and the answer that stand there; at the end
    the ledger agrees with itself and every chain can be checked.
    """
    told = pieces(page)
    rules = [piece.section for piece in told if isinstance(piece, Rules)]
    rows = [piece for piece in told if isinstance(piece, Row)]
    assert rows
    assert rows[0].moment is not None
    house = await House(tmp_path, f'tz = "Europe/Madrid"\n{rules.pop(0)}', rows[0].moment).open()
    try:
        cast, about = Cast(house), None
        while rows:
            happening = [rows.pop(0)]
            while rows and not rows[0]["what happens"]:
                happening.append(rows.pop(0))
            first = happening[0]
            if first.moment is not None:
                assert first.moment >= house.clock.now(), f"line {first.line}: time goes forward"
                house.clock.step(first.moment - house.clock.now())
            if first["what happens"] == NEW_RULES:
                await house.change(f'tz = "Europe/Madrid"\n{rules.pop(0)}')
                cast.named, cast.told = None, "done"
            else:
                await play(cast, first["what happens"])
            about = await _compare(cast, happening, about)
        assert not rules, "every block of rules begins somewhere"
        await cast.assert_chains()
        await house.assert_clean()
    finally:
        await house.close()


async def _compare(cast: Cast, rows: list[Row], about: str | None) -> str | None:
    """Compare what happened with what stands there. `about`: whose card the row before was about; gives whose it is."""
    at = f"line {rows[0].line}"
    refused = _REFUSED.fullmatch(rows[0]["entry"])
    if refused is not None:
        assert cast.told == refused["code"], at
    else:
        assert cast.told in ("accepted", "done", "duplicate"), (at, cast.told)
    wanted = [_entry(row) for row in rows if row["entry"] != NOTHING and refused is None]
    news = await cast.news()
    assert [(type_, points, balance) for _, type_, points, balance in news] == [entry[1:] for entry in wanted], at
    for (key, *_), (who, *_) in zip(news, wanted, strict=True):
        assert who is None or key == cast.key(who), at
        about = who or cast.name_of(key)
    about = (None if wanted else cast.named) or about
    if about is not None:
        balance, spendable, tier = await cast.card(about)
        for column, value in (("balance", balance), ("can spend", spendable), ("tier", tier)):
            assert rows[-1][column] in ("", str(value)), (at, column, value)
    return about


def _entry(row: Row) -> tuple[str | None, str, int, int]:
    matched = _ENTRY.fullmatch(row["entry"])
    assert matched is not None, f"line {row.line}: not an entry: {row['entry']!r}"
    return matched["who"], matched["type"], int(row["points"]), int(row["balance"])


def test_every_story_is_listed() -> None:
    """The list of stories has each page once, with its title."""
    listed = re.findall(r"^\| \[(.+)\]\((.+)\) \|", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE)
    titles = {page.name: page.read_text("utf-8").splitlines()[0].removeprefix("# ") for page in PAGES}
    assert {name: title for title, name in listed} == titles
    assert len(listed) == len(PAGES)
