"""In which language people are spoken to: the program's, until they choose; commands are understood in both."""

from pathlib import Path

import pytest

from tests.unit.nostr_loyalty.house import house


async def test_the_program_speaks_its_language(tmp_path: Path) -> None:
    """Everybody is spoken to in it, from the first word."""
    async with house(tmp_path, language="es") as place:
        assert "Saldo en Café Sol: 60" in (await place.says("guest", "saldo")).text
        assert "Café Sol" in (await place.says("stranger", "hola")).text
        assert "para «pausar», pide a un dueño" in (await place.says("manager", "pausar")).text


async def test_a_guest_chooses(tmp_path: Path) -> None:
    """Answers and notices come in the chosen language, to this guest only, also after a restart; and back."""
    async with house(tmp_path) as place:
        chosen = await place.says("guest", "language es")
        assert "español" in chosen.text.lower()
        assert "Saldo en Café Sol" in (await place.says("guest", "balance")).text
        await place.says("owner", "grant {guest} 5")
        assert place.heard("guest") == ["+5 points en Café Sol, saldo 65"]
        assert "Balance at" in (await place.says("owner", "balance {guest}")).text
    async with place.served.again() as served:
        later = place._replace(served=served)
        assert "Saldo en" in (await later.says("guest", "saldo")).text
        await later.says("guest", "idioma en")
        assert "Balance at" in (await later.says("guest", "saldo")).text


@pytest.mark.parametrize(
    ("spanish", "code"),
    [("saldo", "answered"), ("historial", "answered"), ("premios", "answered"), ("canjear coffee", "done"),
     ("ayuda", "answered"), ("compartir público", "answered"), ("avisos importante", "answered"),
     ("olvídame", "forget-confirm"), ("prueba", "proof-not-yet")],
)  # fmt: skip
async def test_commands_in_spanish(tmp_path: Path, spanish: str, code: str) -> None:
    """Also where the program speaks English."""
    async with house(tmp_path) as place:
        assert await place.code("guest", spanish) == code


async def test_refusals_are_translated(tmp_path: Path) -> None:
    """What is missing is said in the guest's language, and so are tier notices."""
    async with house(tmp_path) as place:
        await place.says("guest", "language es")
        answer = await place.says("guest", "redeem cake")
        assert answer.code == "points-missing"
        assert "points" not in answer.text.replace("500 points", "")
        assert "You have" not in answer.text
        await place.says("guest", "language english")
        assert "You have 60 of 500 points" in (await place.says("guest", "redeem cake")).text


async def test_a_language_that_is_not_spoken(tmp_path: Path) -> None:
    """It is said which are, and nothing is chosen."""
    async with house(tmp_path) as place:
        answer = await place.says("guest", "language klingon")
        assert "klingon" in answer.text
        assert (await place.served.standing()).language is None
