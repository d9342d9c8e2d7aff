"""The form of what is published besides programs: whose daemon this is, and lists of programs."""

from typing import Annotated, Final

from pydantic import BaseModel, Field

from kinds.program_set import Item
from nostr_loyalty.config import public_values, values
from nostr_loyalty.config.form import STRICT, Block, Line, read_by

PROGRAMS_MAX: Final = 200
"""So many programs of one list are below what relays take as one event, whatever their relays' names."""

ImageUrl = Annotated[str, read_by(values.image_url)]


class Section(BaseModel):
    """What every table has in common."""

    model_config = STRICT


class ProfileSection(Section):
    """[daemon.profile]: who the daemon's key says that it is."""

    name: Annotated[Line, Field(min_length=1, max_length=100)] | None = None
    about: Annotated[Block, Field(min_length=1, max_length=1000)] | None = None
    picture: ImageUrl | None = None
    nip05: Annotated[str, read_by(public_values.nip05_name)] | None = None
    lud16: Annotated[str, read_by(public_values.lightning_address)] | None = None


class ListSection(Section):
    """[[list]]: programs that somebody recommends."""

    name: Annotated[str, read_by(public_values.list_name)]
    title: Annotated[Line, Field(min_length=1, max_length=200)]
    image: ImageUrl | None = None
    description: Annotated[Line, Field(min_length=1, max_length=500)] | None = None
    programs: Annotated[
        list[Annotated[Item, read_by(public_values.listed_program)]], Field(min_length=1, max_length=PROGRAMS_MAX)
    ]
    key: str | None = Field(default=None, repr=False, min_length=1)
    follow_set: bool = True
