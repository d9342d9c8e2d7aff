"""The door of the configuration: a file in, settings out, or every mistake at once.

A file is read once. All mistakes are collected (the file's form, what several keys say together, keys that cannot be
found) before anybody is asked for a passphrase, so that nobody types one for a file that is refused afterwards.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from kinds.keys import SecretKey
from kinds.metadata import Metadata
from kinds.program_set import Item
from nostr_loyalty.config.agreement import disagreements, locate_keys
from nostr_loyalty.config.mistakes import Mistake, from_pydantic, in_order
from nostr_loyalty.config.model import ConfigFile, ProgramSection
from nostr_loyalty.config.program_rules import rules_of
from nostr_loyalty.config.public_model import ListSection
from nostr_loyalty.config.sections import Place
from nostr_loyalty.config.settings import (
    Config,
    DaemonSettings,
    ListSettings,
    ProgramSettings,
    ProposedRules,
    RelaySettings,
)
from nostr_loyalty.errors import ConfigInvalid, KeyUnreadable
from nostr_loyalty.keyfile import LocatedKey, unlock
from nostr_loyalty.rules.authority import Operator
from nostr_loyalty.rules.program import HandRules

FILE_BYTES_MAX: Final = 1024 * 1024


def load(path: Path) -> Config:
    """Read and check the file at `path`, and unlock its keys (this may ask for a passphrase on the terminal).

    ConfigInvalid names every mistake, one line each. Nothing else has happened by then: no file was made, no relay
    was asked.
    """
    content, private = _read(path)
    raw = _parse(content, path)
    base = path.absolute().parent
    located, mistakes = locate_keys(raw, base=base, nsec_allowed=private)
    file = _checked(raw, path, mistakes)
    return _resolve(file, path=path.absolute(), base=base, keys=_unlock_all(located, path))


def load_rules(path: Path) -> dict[str, ProposedRules]:
    """What the programs of a configuration would decide, by slug; its keys are neither looked for nor unlocked.

    For rules that are tried out: the file may be a copy that lies somewhere else. ConfigInvalid as for `load`.
    """
    content, _ = _read(path)
    file = _checked(_parse(content, path), path, [])
    return {section.slug: ProposedRules(rules_of(section), section.point_value) for section in file.program}


def _read(path: Path) -> tuple[bytes, bool]:
    """The file's bytes, and whether only its owner may read it: then it may hold an nsec."""
    try:
        with path.open("rb") as file:
            private = os.fstat(file.fileno()).st_mode & 0o077 == 0
            content = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        raise ConfigInvalid(["no such file; make one with: nostr-loyalty init DIR"], source=str(path)) from None
    except OSError as error:
        raise ConfigInvalid([f"cannot be read: {error.strerror}"], source=str(path)) from error
    if len(content) > FILE_BYTES_MAX:
        raise ConfigInvalid([f"is larger than {FILE_BYTES_MAX} bytes: not a configuration"], source=str(path))
    return content, private


def _parse(content: bytes, path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigInvalid([f"not UTF-8 (at line {line}); save the file as UTF-8"], source=str(path)) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid([f"not TOML: {error}"], source=str(path)) from None
    except RecursionError:
        raise ConfigInvalid(["not a configuration: its brackets are nested too deeply"], source=str(path)) from None


def _checked(raw: Mapping[str, Any], path: Path, mistakes: list[Mistake]) -> ConfigFile:
    """The file in its form. ConfigInvalid with every mistake: these, and those of its form and of several keys."""
    mistakes = [*mistakes, *disagreements(raw)]
    try:
        file = ConfigFile.model_validate(raw)
    except ValidationError as error:
        # The cause is left out on purpose: pydantic's own text would be printed with it.
        raise _refused(from_pydantic(error.errors(include_url=False)) + mistakes, path) from None
    if mistakes:
        raise _refused(mistakes, path)
    return file


def _refused(mistakes: Iterable[Mistake], path: Path) -> ConfigInvalid:
    return ConfigInvalid([str(mistake) for mistake in in_order(list(mistakes))], source=str(path))


def _unlock_all(located: Mapping[Place, LocatedKey], path: Path) -> dict[Place, SecretKey]:
    keys: dict[Place, SecretKey] = {}
    mistakes: list[Mistake] = []
    for place, key in located.items():
        try:
            keys[place] = unlock(key)
        except KeyUnreadable as error:
            mistakes.append(Mistake(place, error.detail))
    if mistakes:
        raise _refused(mistakes, path)
    return keys


def _resolve(file: ConfigFile, *, path: Path, base: Path, keys: Mapping[Place, SecretKey]) -> Config:
    relay = None if file.relay is None else RelaySettings(file.relay.listen, base / file.relay.data)
    relays = _distinct([*([relay.listen.url] if relay else []), *file.daemon.relays])
    daemon = DaemonSettings(
        key=keys["daemon", "key"],
        database=base / file.daemon.database,
        relays=relays,
        dm_relays=_distinct(file.daemon.dm_relays) or relays,
        staff_relays=_distinct(file.daemon.staff_relays),
        indexers=_distinct(file.daemon.indexers),
        allow_private_relays=file.daemon.allow_private_relays,
        acks=file.daemon.acks,
        log_level=file.daemon.log_level,
        batch_max=file.daemon.batch_max,
        catch_up_interval_s=file.daemon.catch_up_interval_s,
        stop_deadline_s=file.daemon.stop_deadline_s,
        web_handler=file.daemon.web_handler,
        profile=Metadata(**file.daemon.profile.model_dump(), bot=True),
    )
    programs = tuple(
        _program(section, key=keys.get(("program", at, "key"), daemon.key), relays=relays)
        for at, section in enumerate(file.program)
    )
    lists = tuple(_list(section, key=keys.get(("list", at, "key"), daemon.key)) for at, section in enumerate(file.list))
    return Config(path=path, daemon=daemon, relay=relay, programs=programs, lists=lists)


def _program(section: ProgramSection, *, key: SecretKey, relays: tuple[str, ...]) -> ProgramSettings:
    singular, plural = section.unit
    rules = rules_of(section)
    return ProgramSettings(
        slug=section.slug,
        title=section.title,
        summary=section.summary,
        image=section.image,
        terms=section.terms,
        key=key,
        sources=_distinct(section.sources),
        staff=_staff(section, rules.hand),
        monitors=_distinct(section.monitors),
        language=section.language,
        nip04=section.nip04,
        first_contact_work=section.first_contact_work,
        relays=_distinct(section.relays) or relays,
        visibility=section.visibility,
        unit=(singular, plural),
        point_value=section.point_value,
        claim_url=section.claim_url,
        decides=rules,
    )


def _staff(section: ProgramSection, hand: HandRules) -> tuple[Operator, ...]:
    """Owners without a table, then those with one, whose own limits stand before the program's."""
    owners = (Operator(key, "owner", hand) for key in _distinct(section.operators))
    others = (
        Operator(
            each.key,
            each.role,
            replace(
                hand,
                count=hand.count if each.count is None else each.count,
                points=hand.points if each.points is None else each.points,
            ),
        )
        for each in section.operator
    )
    return (*owners, *others)


def _list(section: ListSection, *, key: SecretKey) -> ListSettings:
    programs: dict[str, Item] = {}
    for item in section.programs:
        programs.setdefault(item.program, item)
    return ListSettings(
        name=section.name,
        title=section.title,
        image=section.image,
        description=section.description,
        programs=tuple(programs.values()),
        key=key,
        follow_set=section.follow_set,
    )


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """Each text once, in the order of its first appearance."""
    return tuple(dict.fromkeys(texts))
