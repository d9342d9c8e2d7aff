"""A list of programs, with a real relay: it is published, and the venue is told which of the programs do not exist."""

import asyncio
import time
from pathlib import Path
from typing import Any

import structlog

from kinds import program_set, registry
from kinds.event import sign
from kinds.keys import Address, naddr_encode
from kinds.program import Program, template
from kinds.program_set import Item
from tests.observer import Observer
from tests.relays.real import free_port
from tests.relays.scripted import ScriptedRelay
from tests.serving import relay_named, serving
from tests.venue import Venue, new_key


def with_list(venue: Venue, *programs: str) -> Path:
    """The venue's configuration with a list of these."""
    path = venue.write_config()
    written = ", ".join(f'"{each}"' for each in programs)
    path.write_text(path.read_text() + f'[[list]]\nname = "town"\ntitle = "The town"\nprograms = [{written}]\n')
    return path


async def test_a_missing_program_is_told_with_the_remedy(tmp_path: Path) -> None:
    """Found: one's own, one on the daemon's relay, one at the relay that its naddr names. The one that is nowhere is
    told, and published all the same.
    """
    here, there, nobody = new_key(), new_key(), new_key()
    async with (
        relay_named("scripted") as url,
        ScriptedRelay() as other,
        Observer(url) as observer,
        Observer(other.url) as elsewhere,
    ):
        now = int(time.time())
        await observer.send(sign(template(Program(here.public, "here", "Here"), now), here))
        await elsewhere.send(sign(template(Program(there.public, "there", "There"), now), there))
        venue = Venue(tmp_path, [url], daemon_extra="allow_private_relays = true")
        addresses = [f"37411:{key.public}:{name}" for key, name in ((here, "here"), (nobody, "nowhere"))]
        hinted = naddr_encode(Address(registry.PROGRAM, there.public, "there", (other.url,)))
        with structlog.testing.capture_logs() as captured:
            async with serving(with_list(venue, venue.address, *addresses, hinted)):
                warned = await until(captured)
        assert [each["program"] for each in warned] == [addresses[1]]
        assert warned[0]["list"] == "town"
        assert "take it off the list" in warned[0]["remedy"]
        assert warned[0]["not_asked"] is None
        published = await observer.until(
            lambda events: next((each for each in events if each.kind == registry.PROGRAM_SET), None)
        )
        assert program_set.parse(published).items == (
            Item(venue.address, url), *map(Item, addresses), Item(f"37411:{there.public}:there", other.url),
        )  # fmt: skip


async def test_a_relay_that_is_down_is_named(tmp_path: Path) -> None:
    """What is missing may be there: the operator is told who was not asked. A private relay that somebody else named is
    never asked, unless the configuration allows it.
    """
    key = new_key()
    down = f"ws://127.0.0.1:{free_port()}"
    async with relay_named("scripted") as url, ScriptedRelay() as private:
        venue = Venue(tmp_path, [url], daemon_extra=f'indexers = ["{down}"]')
        listed = naddr_encode(Address(registry.PROGRAM, key.public, "there", (private.url,)))
        with structlog.testing.capture_logs() as captured:
            async with serving(with_list(venue, listed)):
                (warned,) = await until(captured)
        assert warned["not_asked"] == sorted([down, private.url])
        assert private.connections_seen == 0


async def until(captured: list[Any]) -> list[Any]:
    """The warnings about lists, once there are any."""
    deadline = time.monotonic() + 15
    while not (found := [each for each in captured if each["event"] == "listed program not found"]):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    return found
