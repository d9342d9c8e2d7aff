"""The command line: verbs, exit codes, `init` and `key`."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kinds.keys import SecretKey, npub_encode
from nostr_loyalty import errors
from nostr_loyalty.cli.main import VERBS, main
from nostr_loyalty.config.load import load
from nostr_loyalty.keyfile import PASSPHRASE_VARIABLE, LocatedKey, read_key_file, unlock
from tests.unit.nostr_loyalty.config_files import MINIMAL, new_key, write


def test_init_writes_a_folder_that_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The new folder holds a key of mode 0600 and a configuration that is accepted; the npub is printed."""
    folder = tmp_path / "my venue"
    assert main(["init", str(folder)]) == errors.EXIT_OK
    printed = capsys.readouterr().out
    key = SecretKey.from_nsec(read_key_file(folder / "loyalty.key"))
    assert npub_encode(key.public) in printed
    assert key.nsec() not in printed
    assert "run --config" in printed
    if importlib.util.find_spec("nostr_sdk") is not None:
        config = load(folder / "config.toml")
        assert config.daemon.key.public == key.public
        assert config.relay is not None


def test_init_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A key that is there is used, a configuration that is there ends the command; neither is changed."""
    assert main(["key", "new", str(tmp_path / "loyalty.key")]) == errors.EXIT_OK
    npub = capsys.readouterr().out.strip()
    assert main(["init", str(tmp_path)]) == errors.EXIT_OK
    assert npub in capsys.readouterr().out
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert main(["init", str(tmp_path)]) == errors.EXIT_CONFIG
    assert "exists already" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_init_in_a_place_that_cannot_be_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file where the folder should be is a message, not a traceback."""
    (tmp_path / "file").write_text("", encoding="ascii")
    assert main(["init", str(tmp_path / "file" / "dir")]) == errors.EXIT_UNAVAILABLE
    assert "disk-unavailable" in capsys.readouterr().err


def test_key_new_show_and_encrypt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key is made, shown without its secret unless asked, and encrypted into a text that opens to the same key."""
    plain, locked = tmp_path / "k", tmp_path / "locked"
    assert main(["key", "new", str(plain)]) == errors.EXIT_OK
    npub = capsys.readouterr().out.strip()
    assert main(["key", "new", str(plain)]) == errors.EXIT_CONFIG
    assert main(["key", "show", str(plain)]) == errors.EXIT_OK
    shown = capsys.readouterr().out
    assert npub in shown
    assert "nsec" not in shown
    assert main(["key", "show", "--secret", str(plain)]) == errors.EXIT_OK
    assert read_key_file(plain) in capsys.readouterr().out
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "p")
    assert main(["key", "encrypt", str(plain), "--out", str(locked)]) == errors.EXIT_OK
    assert locked.stat().st_mode & 0o777 == 0o600
    assert npub_encode(unlock(LocatedKey(read_key_file(locked), "locked")).public) == npub
    assert plain.exists()
    capsys.readouterr()
    assert main(["key", "encrypt", str(plain)]) == errors.EXIT_OK
    assert capsys.readouterr().out.startswith("ncryptsec1")
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "")
    assert main(["key", "encrypt", str(plain)]) == errors.EXIT_CONFIG


def test_mistakes_of_the_configuration_are_printed_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is named, then every mistake on a line of its own; exit 78."""
    config = write(tmp_path, MINIMAL.replace("1000 sat", "1000 sats").replace("points = 1", "points = 0"))
    assert main(["check", "--config", str(config)]) == errors.EXIT_CONFIG
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"nostr-loyalty: {config}: 2 mistakes"
    assert lines[1].startswith("  program[0].earn[0].points: 0")
    assert lines[2].startswith('  program[0].earn[0].per: "1000 sats"')
    assert len(lines) == 3


def test_a_locked_key_in_the_configuration_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the passphrase at hand the daemon gets the key; with a wrong one the place is named."""
    key, path = new_key(), tmp_path / "plain"
    path.write_text(key.nsec(), encoding="ascii")
    path.chmod(0o600)
    config = write(tmp_path, MINIMAL.replace("loyalty.key", "locked"))
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "p")
    assert main(["key", "encrypt", str(path), "--out", str(tmp_path / "locked")]) == errors.EXIT_OK
    assert load(config).daemon.key.public == key.public
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "q")
    with pytest.raises(errors.ConfigInvalid, match=r"daemon\.key: .*passphrase"):
        load(config)


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["init"], ["key"], ["--what"]])
def test_a_wrong_command_line_is_usage(arguments: list[str]) -> None:
    """argparse's own exit code, 2."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == errors.EXIT_USAGE


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`nostr-loyalty VERB --help` works for each verb of the table."""
    with pytest.raises(SystemExit) as caught:
        main([verb, "--help"])
    assert caught.value.code == errors.EXIT_OK
    assert f"nostr-loyalty {verb}" in capsys.readouterr().out


def test_the_command_is_quick_and_quiet_without_a_reader() -> None:
    """As a process: --version prints one line, and a reader that has left is no traceback."""
    environ = {**os.environ, "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-m", "nostr_loyalty"]
    version = subprocess.run(
        [*command, "--version"], capture_output=True, text=True, timeout=60, env=environ, check=True
    )
    assert version.stdout.startswith("nostr-loyalty ")
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        piped = subprocess.run([*command, "init", "-h"], stdout=gone, stderr=subprocess.PIPE, timeout=60, check=False)
    assert b"Traceback" not in piped.stderr
