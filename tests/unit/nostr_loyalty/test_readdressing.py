"""What waits for relays when the daemon starts: it goes where it was promised, as long as that is configured."""

from pathlib import Path

from ledger import outbox
from nostr_loyalty.publishing import publications
from tests.unit.nostr_loyalty.served import URL, Served

DM, OLD = "wss://dm.example", "wss://old.example"


async def test_words_stay_where_their_readers_look(tmp_path: Path) -> None:
    """A word to a guest waits for the program's relays, a letter's answer for `dm_relays`, also after a start; only
    what waits for a relay that is configured no more goes to others.
    """
    served = Served(tmp_path)
    served.venue.daemon_extra = f'dm_relays = ["{DM}"]'
    served.venue.write_config()
    async with served.again() as first:
        program, guest, now = first.program, first.guest.public, first.clock.now()
        word = publications.word(program, guest, "Soon", now, b"w" * 32)
        letter = publications.letter(program, guest, "Here", [], now, b"l" * 32)
        old = word._replace(relays=(OLD,), seed=b"o" * 32)
        assert (word.relays, letter.relays) == ((URL,), (DM,))
        async with first.database.write() as w:
            await outbox.post(w, [word, letter, old], now)
    async with served.again() as later, later.database.read() as r:
        waiting = {one.seed: one.relays for one in await outbox.due(r, 2**40, 100)}
    assert (waiting[word.seed], waiting[letter.seed], waiting[old.seed]) == ((URL,), (DM,), (DM,))
