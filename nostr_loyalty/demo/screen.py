"""What is shown: a line from the till, one on the order monitor, one on the guest's telephone; then the findings.

Colours on a terminal, plain lines otherwise. Lines are never broken: they are meant to be searched and copied, too.
"""

from typing import Final

from rich.console import Console
from rich.text import Text

from kinds.answer import Answer
from kinds.entry import Entry
from nostr_loyalty.demo.cast import Cast, Guest
from nostr_loyalty.demo.letters import Letter, Reply
from nostr_loyalty.demo.readback import Finding
from nostr_loyalty.demo.script import Act

WHO_WIDTH: Final = 16
_DEEDS: Final = {"paid": "", "refunded": "refund of ", "canceled": "cancellation of "}


class Screen:
    """One output for one performance."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @property
    def is_terminal(self) -> bool:
        """Whether somebody is watching."""
        return self._console.is_terminal

    def opening(self, cast: Cast, url: str) -> None:
        """Where everything happens."""
        venues = ", ".join(f"{venue.title} ({venue.visibility})" for venue in cast.venues)
        self._line(Text(f"One daemon, its own relay at {url}, two programs: {venues}."))

    def order(self, act: Act) -> None:
        """The till reports something."""
        order = act.order
        who = act.guest.name if act.guest is not None else "somebody"
        what = f"{_DEEDS[order.status]}{order.order_id}, {' '.join(order.amount)}, {who}"
        how = "gift-wrapped" if act.wrapped else "in clear"
        remark = f", {act.remark}" if act.remark and act.remark != order.status else ""
        self._console.print()
        stranger = act.author is not act.venue.till
        self._said("a stranger" if stranger else f"till, {act.venue.title}", what, f"  ({how}{remark})", style="bold")

    def answer(self, text: str, answer: Answer) -> None:
        """What the order monitor shows."""
        style = {"accepted": "green", "duplicate": "yellow", "rejected": "red"}[answer.result]
        self._said("order monitor", text, "", style=style)

    def entry(self, guest: Guest, text: str, entry: Entry) -> None:
        """What the guest's client shows."""
        self._said(guest.name, text, f"  (entry {entry.seq}, signed)", style="cyan")

    def letter(self, letter: Letter) -> None:
        """A guest or the barista writes."""
        self._console.print()
        self._said(letter.name, letter.text, f"  (to {letter.venue.title}, gift-wrapped)", style="bold")

    def reply(self, guest: Guest | None, reply: Reply) -> None:
        """What is answered: the first line, without the QR code that a voucher comes with."""
        style = "green" if reply.code == "done" else "red"
        self._said(guest.name if guest is not None else "barista", reply.text.partition("\n")[0], "", style=style)

    def word(self, guest: Guest, text: str) -> None:
        """What a guest is told besides."""
        self._said(guest.name, text.partition("\n")[0], "", style="magenta")

    def heading(self, text: str) -> None:
        """Something new begins."""
        self._console.print()
        self._line(Text(text, style="bold"))

    def finding(self, finding: Finding) -> None:
        """One sentence of the check."""
        mark = Text("✓ ", style="green") if finding.holds else Text("✗ DIFFERS: ", style="bold red")
        self._line(mark + Text(finding.sentence))

    def closing(self, text: str, *, good: bool) -> None:
        """The last word."""
        self._line(Text(text, style="bold green" if good else "bold red"))

    def _said(self, who: str, text: str, aside: str, *, style: str) -> None:
        self._line(Text(f"{who:<{WHO_WIDTH}} ", style="dim") + Text(text, style=style) + Text(aside, style="dim"))

    def _line(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)
