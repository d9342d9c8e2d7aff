"""The house rules that no linter knows, checked on the source itself (docs/architecture.md, "Sizes and habits")."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("kinds", "relay_client", "ledger", "nostr_loyalty")
LINES_MAX = 300
FUNCTION_LINES_MAX = 60
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "core", "manager", "service", "misc"}
WITHOUT_FLOATS = ("ledger", "nostr_loyalty/rules", "nostr_loyalty/payouts")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """All our Python files below these folders of the repository."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return tuple(sorted(path for path in found if "node_modules" not in path.parts))


PRODUCT = python_files(*ROOMS)
EVERYTHING = python_files(*ROOMS, "tests", "bench", "examples")


@cache
def tree_of(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(path: Path) -> Iterator[Function]:
    """Every function and method of a file, nested ones too."""
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, Function))


def at(path: Path, line: int = 1) -> str:
    """A place as an editor understands it."""
    return f"{path.relative_to(ROOT)}:{line}"


def test_modules_are_short() -> None:
    """No module is longer than 300 lines."""
    assert [at(path) for path in EVERYTHING if path.read_text(encoding="utf-8").count("\n") > LINES_MAX] == []


def test_functions_are_short() -> None:
    """No function is longer than 60 lines, its docstring included."""
    long = [
        at(path, function.lineno)
        for path in EVERYTHING
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_names_say_what_is_inside() -> None:
    """No module or folder has a name under which anything could be put."""
    parts = {path: {*path.relative_to(ROOT).parent.parts, path.stem} for path in EVERYTHING}
    assert [at(path) for path, names in parts.items() if names & FORBIDDEN_NAMES] == []


def test_init_files_hold_a_docstring_only() -> None:
    """An `__init__.py` is a map of its folder: a docstring and no code."""
    inits = [path for path in EVERYTHING if path.name == "__init__.py"]
    assert [at(path) for path in inits if not (ast.get_docstring(tree_of(path)) and len(tree_of(path).body) == 1)] == []


def test_money_and_points_never_meet_a_float() -> None:
    """The ledger and the rules hold no float, no division that makes one, and no word for it."""
    found = [
        at(path, node.lineno)
        for path in python_files(*WITHOUT_FLOATS)
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div))
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]
    assert found == []


def test_nothing_is_left_for_later() -> None:
    """No note in the source says that something is still to be done: that belongs in an issue."""
    # Written in two halves, so that this file does not find itself.
    note = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|HA" + r"CK)\b")
    assert list(_lines_with(note, EVERYTHING)) == []


def test_no_machine_is_named() -> None:
    """No file of ours names a folder of somebody's machine or the host of a package registry."""
    texts = [
        path
        for folder in (*ROOMS, "tests", "bench", "docs", "examples", ".ci")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".md", ".js", ".mjs", ".json", ".toml", ".yaml", ".sql", ""} and path.is_file()
    ]
    # In a worktree .git is a file, and names the folder of the repository.
    texts += [path for path in ROOT.iterdir() if path.is_file() and not path.name.endswith((".log", ".git"))]
    folders = r"/ro" + r"ot/|/wo" + r"rk/|/ho" + r"me/\w"
    named = re.compile(folders + r"|registry\.np" + r"mjs|py" + r"pi\.org|pythonhos" + r"ted")
    ours = [path for path in texts if not {"node_modules", "__pycache__"} & set(path.parts)]
    assert list(_lines_with(named, ours)) == []


def test_exceptions_from_the_checks_say_why() -> None:
    """Every `noqa` and `type: ignore` names its rule and is followed by a reason."""
    bare = re.compile(r"#\s*(noqa|type:\s*ignore)")
    reasoned = re.compile(r"#\s*(noqa: [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)*|type: ignore\[[a-z-]+(, ?[a-z-]+)*\])\W+\w.{8,}")
    others = [path for path in EVERYTHING if path != Path(__file__)]
    found = [place for place in _lines_with(bare, others) if not reasoned.search(place)]
    assert found == []


def test_public_names_are_explained() -> None:
    """Every module, public class and public function of the four rooms has a docstring."""
    assert [place for path in PRODUCT for place in _unexplained(path)] == []


def test_tests_are_claims() -> None:
    """Every test function has a docstring that says what it claims."""
    silent = [
        at(path, function.lineno)
        for path in python_files("tests")
        for function in functions(path)
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]
    assert silent == []


def test_no_mocks() -> None:
    """No test replaces our own code by a mock: fakes are real implementations that pass the same contract."""
    assert [at(path) for path in python_files("tests") if "unittest.mock" in _imports(path)] == []


def test_unit_tests_do_not_sleep() -> None:
    """Waits of unit tests go through the fake clock."""
    found = [
        at(path, node.lineno)
        for path in python_files("tests/unit")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"time.sleep", "asyncio.sleep"}
        and ast.unparse(node.args[0]) != "0"
    ]
    assert found == []


@pytest.mark.parametrize(
    ("calls", "door"),
    [
        ({"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}, "nostr_loyalty/clock.py"),
        ({"time.time", "time.monotonic", "time.time_ns", "time.perf_counter"}, "nostr_loyalty/clock.py"),
    ],
)
def test_the_time_comes_through_one_door(calls: set[str], door: str) -> None:
    """Only the clock's module asks the machine for the time."""
    found = [
        at(path, node.lineno)
        for path in PRODUCT
        if path != ROOT / door
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in calls
    ]
    assert found == []


@pytest.mark.parametrize(
    ("package", "doors"),
    [
        ("websockets", {"relay_client/connection.py"}),
        ("aiosqlite", {"ledger/database.py", "ledger/migrations.py"}),
        ("sqlite3", {"ledger/database.py", "ledger/errors.py", "ledger/migrations.py"}),
        ("pynostr", {"kinds/keys.py"}),
        ("secp256k1", {"kinds/keys.py"}),
        ("babel", {"nostr_loyalty/catalogue.py"}),
        ("h11", {"nostr_loyalty/reaching/https.py"}),
        ("nostr_sdk", {"nostr_loyalty/embedded_relay/child.py"}),
        ("time", {"nostr_loyalty/clock.py"}),
    ],
)
def test_a_library_comes_through_one_door(package: str, doors: set[str]) -> None:
    """Each outside library is imported by the modules that own it, also inside functions, and by no other."""
    importers = {
        path.relative_to(ROOT).as_posix()
        for path in PRODUCT
        if any(name == package or name.startswith(f"{package}.") for name in _imports(path))
    }
    assert importers <= doors


def test_sql_lives_in_the_ledger() -> None:
    """No other room holds a statement of SQL."""
    verbs = r"SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM"
    statement = re.compile(rf"\s*({verbs})\s", re.DOTALL)
    found = [
        at(path, node.lineno)
        for path in python_files("kinds", "relay_client", "nostr_loyalty")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and statement.match(node.value)
    ]
    assert found == []


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _lines_with(pattern: re.Pattern[str], paths: tuple[Path, ...] | list[Path]) -> Iterator[str]:
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if pattern.search(line):
                yield f"{at(path, number)}: {line.strip()}"


def _unexplained(path: Path) -> Iterator[str]:
    tree = tree_of(path)
    if not ast.get_docstring(tree):
        yield at(path)
    bodies: list[list[ast.stmt]] = [tree.body]
    while bodies:
        for node in bodies.pop():
            if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
                continue
            if not ast.get_docstring(node) and not any("overload" in ast.unparse(d) for d in node.decorator_list):
                yield at(path, node.lineno)
            if isinstance(node, ast.ClassDef):
                bodies.append(node.body)
