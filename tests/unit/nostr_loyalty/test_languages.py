"""Who is spoken to in which language: a customer and an operator in their own, a till in the program's."""

from pathlib import Path

from kinds.keys import SecretKey, npub_encode
from nostr_loyalty.commands.command import Grant, Redeem
from tests.unit.nostr_loyalty.served import Served, reward, rules
from tests.venue import new_key


async def chooses_spanish(served: Served, writer: SecretKey) -> None:
    """A guest of the program asks to be spoken to in Spanish."""
    (answer,) = await served.write(writer, "idioma español")
    assert answer.text.endswith("A partir de ahora te escribo en español.")


async def test_a_guest_is_spoken_to_in_its_own_language(tmp_path: Path) -> None:
    """What is written into its entries, what it is told and what it is answered; not what the till is told."""
    async with Served(tmp_path, "private", extra=rules(reward())) as served:
        await served.take(served.order("order-1", "5000"))
        await chooses_spanish(served, served.guest)
        await served.deliver(served.order("order-2", "12000"))
        assert await served.told() == [f"+12 points en {served.program.title}, saldo 17"]
        assert (await served.chain())[-1].text == f"Gracias por tu visita a {served.program.title}."
        (answer,) = await served.write(served.guest, "canjear tarta")
        assert answer.text.startswith("El programa no tiene ese premio.")
        await served.deliver(served.order("order-3", "1000"))
        (line,) = await served.told(served.venue.till)
        assert line.startswith("3rd visit this month")


async def test_an_operators_language_is_not_its_guests(tmp_path: Path) -> None:
    """An operator who speaks Spanish is answered in Spanish; its guest reads what the program speaks."""
    operator = new_key()
    extra = rules(reward(), operators=[npub_encode(operator.public)])
    async with Served(tmp_path, "private", extra=extra) as served:
        await served.take(served.order("order-1", "5000"), served.order("order-2", customer=operator.public))
        await chooses_spanish(served, operator)
        (answer,) = await served.write(operator, f"dar {npub_encode(served.guest.public)} 5")
        assert ", saldo 10." in answer.text
        assert (await served.chain())[-1].text == f"A present from {served.program.title}."
        (answer,) = await served.write(operator, f"canjear {npub_encode(served.guest.public)} coffee")
        assert "enseña" in answer.text
        assert (await served.chain())[-1].text == f"Redeemed at {served.program.title}: Coffee."
        (answer,) = await served.write(operator, "deshacer")
        assert answer.text.startswith("Deshecho: Coffee devuelto.")
        assert (await served.chain())[-1].text.endswith("given back: it was cancelled.")


async def test_a_programs_language_is_everybodys_who_has_not_chosen(tmp_path: Path) -> None:
    """The till's line, the entry, the command line's answers."""
    async with Served(tmp_path, "private", extra=rules(reward(), language="es")) as served:
        await served.deliver(served.order("order-1"))
        (line,) = await served.told(served.venue.till)
        assert line.startswith("1.ª visita este mes — suficiente para Coffee; ")
        assert (await served.chain())[0].text == f"Gracias por tu visita a {served.program.title}."
        await served.deliver(served.order("order-2", "5", "EUR"))
        (rejected,) = await served.told(served.venue.till)
        assert rejected.startswith("Rechazado: El programa no tiene ninguna regla para la unidad del pedido")
        assert rejected.endswith("(unidad EUR)")
        assert (await served.command(Grant(served.guest.public, 5))).text.endswith(", saldo 17.")
        assert (await served.asks(Redeem("coffee"))).text.startswith("Coffee: enseña ")
