"""The house's rules, held over the source itself: who may import whom, what has one home, how long things may be.

The rules are those of the design: rooms stand on floors and import only downward, dry rooms touch nothing of the world, each
package has one home. What is read here is the syntax tree, so that a rule is broken by code and not by a word in a comment.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "d365edi"

FLOORS = (
    {"cli"},
    {"daemon", "sandbox"},
    {"app", "listener"},
    {"alerts"},
    {"flows"},
    {"journal", "endpoints"},
    {"settings", "secrets", "log"},
    {"maps", "guard"},
    {"matching"},
    {"documents", "edi", "odata"},
    {"errors"},
)
"""From the top down. A room imports from floors below its own and from itself."""

SAME_ROOM = {
    "build": "app",
    "certificates": "secrets",
    "condition": "alerts",
    "credentials": "app",
    "partners": "app",
    "systemd": "daemon",
    "schedule": "daemon",
    "event_starts": "daemon",
    "holds": "app",
    "live_check": "app",
    "endpoint_checks": "app",
    "tenant_sets": "app",
    "verify": "app",
    "views": "app",
    "clock": "log",
    "histogram": "log",
    "metrics": "app",
    "snapshot": "app",
    "recurring": "log",
    "failpoints": "errors",
    "masking": "errors",
    "__main__": "cli",
    "sandbox/__main__": "cli",
    "__init__": "errors",
}
"""Single modules that are a part of a room without standing in its folder."""

DRY = {"maps", "guard", "matching", "documents", "edi", "odata"}
WORLD = {
    "aiosqlite", "anyio", "asyncio", "asyncssh", "azure", "fcntl", "httpx", "io", "logging", "loguru", "os", "pathlib", "random",
    "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time",
    "urllib.request", "uuid.uuid1", "uuid.uuid4",
}  # fmt: skip
"""What no dry room imports: wires, disks, clocks, dice and loggers. Tables that ship with a room come by importlib.resources."""

HOMES = {
    "asyncssh": {"endpoints/sftp", "sandbox"},
    "aiosmtplib": {"alerts/mail"},
    "httpx": {"endpoints"},
    "azure": {"endpoints/d365/entra"},
    "aiosqlite": {"journal"},
    "prometheus_client": {"metrics"},
    "sqlite3": {"journal"},
    "apscheduler": {"daemon", "schedule"},
    "msgspec": {"documents", "maps"},
    "pydantic": {"settings"},
    "pydantic_core": {"settings"},
    "pydantic_settings": {"settings"},
    "loguru": {"log", "endpoints", "journal", "flows"},
    "starlette": {"listener", "sandbox"},
    "uvicorn": {"listener", "sandbox"},
    "typer": {"cli"},
    "cryptography": {"alerts/expiry", "certificates", "secrets", "sandbox"},
}
"""Where a package may be imported, as the beginning of the module's path."""

SAME_NAME = {
    "Envelope": "X12 and EDIFACT each write their own",
    "Header": "edi: of an interchange, and the first line of a flat file",
    "Reader": "edi: of interchanges; maps: of documents",
    "Rule": "edi: of findings; maps: a row at an element",
}
"""Public classes of the dry rooms with a namesake in another module, and why neither is called otherwise."""

CHANGING = {"add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update"}
"""Methods that change a list, a set or a dictionary."""

STATE = {
    "failpoints._armed",  # where the crash drill kills this process
    "log._hidden",  # secrets that no line may show
    "endpoints/sftp_session._logins",  # how many log in at one host at a time
    "endpoints/d365/catalog._data", "endpoints/d365/catalog.entity_set", "sandbox/d365/catalog.load",  # shipped tables
    "edi/guides._load", "edi/guides._table", "edi/guides._sets", "edi/guides._elements", "edi/guides._segments",
    "edi/guides.free_text", "edi/compiled_guide.compile", "edi/totals._selectors", "edi/pattern._alternatives",  # made of guides
    "edi/serializer.serializer_for", "edi/syntax._raw",  # made of a version, of service characters
    "maps/table._shipped", "maps/path.parse", "maps/edifact/virtual_loops.extended",  # made of maps and guides
    "settings/record_checks._document", "settings/record_checks.document_of", "settings/record_checks.records",  # of maps
    "settings/record_checks._shipped",
    "maps/table._usual_codes",  # made of a language
    "maps/fields.fields", "maps/fields.find", "maps/fields.required", "maps/loop_writer._defaults",  # made of documents' models
    "maps/d365/schema.header", "maps/d365/schema.lines", "maps/d365/schema.joins", "matching/lookup.tables",
    "maps/d365/record_filler._read", "matching/references._of_account",  # made of D365 tables and settings
    "matching/crossing._pairs", "matching/prices._table", "matching/prices.bases", "matching/prices._measures",
    "maps/csv/numbers._amount", "maps/csv/numbers._day_of",  # made of the formats that settings name
}  # fmt: skip
"""What a module may keep between two calls, and of what it is made."""

TOP = {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "settings.example.toml", "systemd", "tests", "d365edi"}
MADE_BY_TOOLS = {"build", "dist", "d365edi.egg-info"}

SQL = re.compile(
    r"^\s*(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(TABLE|INDEX)|PRAGMA\s)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Module:
    """One source file: its path below the package without suffix, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        first = self.path.split("/")[0]
        return SAME_ROOM.get(self.path, SAME_ROOM.get(first, first))

    def where(self, node: ast.AST) -> str:
        return f"d365edi/{self.path}.py:{getattr(node, 'lineno', 1)}"

    def imports(self) -> Iterator[tuple[str, ast.AST]]:
        """Full dotted names of what is imported anywhere in the module, functions included."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((f"{self._base(node)}.{alias.name}", node) for alias in node.names)

    def _base(self, node: ast.ImportFrom) -> str:
        if node.level == 0:
            return node.module or ""
        parts = ["d365edi", *self.path.split("/")]
        return ".".join([*parts[: len(parts) - node.level], *([node.module] if node.module else [])])


@lru_cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text()
        found.append(Module(path.relative_to(PACKAGE).with_suffix("").as_posix(), text, ast.parse(text)))
    return tuple(found)


def room_of(imported: str) -> str:
    """The room that a dotted name below the package stands in; "" for the package itself."""
    parts = imported.split(".")
    first = parts[1] if len(parts) > 1 else ""
    return SAME_ROOM.get(first, first)


def floor(room: str) -> int:
    return next(level for level, rooms in enumerate(FLOORS) if room in rooms)


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_every_module_stands_on_a_floor() -> None:
    known = set.union(*FLOORS)
    assert [module.path for module in modules() if module.room not in known] == []


def test_rooms_import_downward_only() -> None:
    broken = []
    for module in modules():
        for name, node in module.imports():
            room = room_of(name) if name.split(".")[0] == "d365edi" else ""
            if room and room != module.room and room in set.union(*FLOORS) and floor(room) <= floor(module.room):
                broken.append(f"{module.where(node)} {module.room} imports {name}")
    assert broken == []


def test_the_two_standards_do_not_import_each_other() -> None:
    """What X12 and EDIFACT have in common is in the shared files of the room, which take a standard as a value."""
    broken = []
    for module in modules():
        ours = re.match(r"edi/(x12|edifact)/", f"{module.path}/")
        for name, node in module.imports() if ours else ():
            theirs = re.match(r"d365edi[.]edi[.](x12|edifact)\b", name)
            if ours and theirs and ours[1] != theirs[1]:
                broken.append(f"{module.where(node)} {name}")
    assert broken == []


def imported_modules(module: Module, known: Collection[str]) -> set[str]:
    """The paths of the modules of this package that a module imports anywhere, for type checking too."""
    found = set()
    for name, _ in module.imports():
        parts = name.split(".")[1:] if name.startswith("d365edi.") else []
        while parts and not {"/".join(parts), "/".join([*parts, "__init__"])} & set(known):
            parts = parts[:-1]
        found.add("/".join(parts) if "/".join(parts) in known else "/".join([*parts, "__init__"]))
    return (found & set(known)) - {"__init__", module.path}


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Modules that import nothing that is left, or that nothing left imports, are taken away until there are none."""
    known = {module.path for module in modules()}
    left = {module.path: imported_modules(module, known) for module in modules()}
    size = 0
    while len(left) != size:
        size = len(left)
        wanted = set[str]().union(*left.values())
        left = {path: names & left.keys() for path, names in left.items() if names & left.keys() and path in wanted}
    assert left == {}


def test_the_sandbox_does_not_share_the_code_it_tries() -> None:
    allowed = {"", "sandbox", "settings", "errors", "log"}
    broken = [
        f"{module.where(node)} {name}"
        for module in modules()
        if module.room == "sandbox"
        for name, node in module.imports()
        if name.startswith("d365edi") and room_of(name) not in allowed
    ]
    assert broken == []


def test_dry_rooms_touch_nothing_of_the_world() -> None:
    broken = [
        f"{module.where(node)} {name}"
        for module in modules()
        if module.room in DRY
        for name, node in module.imports()
        if any(f"{name}.".startswith(f"{thing}.") for thing in WORLD)
    ]
    assert broken == []


def test_dry_rooms_ask_no_clock_and_open_no_file() -> None:
    broken = []
    for module in modules():
        for node in ast.walk(module.tree) if module.room in DRY else ():
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called == "open" or re.search(r"(?:^|\.)(?:datetime|date)\.(?:now|utcnow|today)$", called):
                    broken.append(f"{module.where(node)} {called}")
    assert broken == []


def test_no_text_becomes_code() -> None:
    broken = [
        module.where(node)
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"exec", "eval", "compile", "__import__"}
    ]
    assert broken == []


def test_a_class_name_means_one_thing_in_the_dry_rooms() -> None:
    homes: dict[str, list[str]] = {}
    for module in modules():
        for node in module.tree.body if module.room in DRY else ():
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(module.path)
    twice = {name: paths for name, paths in homes.items() if len(paths) > 1}
    assert {name: paths for name, paths in twice.items() if name not in SAME_NAME} == {}
    assert SAME_NAME.keys() - twice.keys() == set()


def state(module: Module) -> Iterator[str]:
    """Names of what outlives a call in a module: caches, and values at its top that a function changes."""
    top = [node for node in module.tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    targets = [target for node in top for target in (node.targets if isinstance(node, ast.Assign) else [node.target])]
    kept = {target.id for target in targets if isinstance(target, ast.Name)}
    for node in ast.walk(module.tree):
        match node:
            case ast.Global(names=names):
                yield from names
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if (
                name in kept and method in CHANGING
            ):
                yield name
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if name in kept:
                yield name
            case ast.FunctionDef(name=name, decorator_list=decorators):
                if any(re.match(r"(functools[.])?(lru_)?cache\b", ast.unparse(each)) for each in decorators):
                    yield name


def test_nothing_outlives_a_call_but_what_is_named() -> None:
    """What is remembered is made of guides, maps, models and settings; never of text that was read."""
    found = {f"{module.path}.{name}" for module in modules() for name in state(module)}
    assert (found - STATE, STATE - found) == (set(), set())


@pytest.mark.parametrize(
    "source",
    [
        "@lru_cache(maxsize=9)\ndef kept(): ...",
        "@functools.cache\ndef kept(): ...",
        "kept = {}\ndef change(): kept['a'] = 1",
        "kept: list[str] = []\ndef change(): kept.append('a')",
        "def change():\n    global kept\n    kept = 1",
    ],
)
def test_state_is_seen_in_each_form(source: str) -> None:
    assert list(state(Module("edi/made_up", source, ast.parse(source)))) == ["kept"]


def test_each_package_has_one_home() -> None:
    broken = [
        f"{module.where(node)} {name}"
        for module in modules()
        for name, node in module.imports()
        if (homes := HOMES.get(name.split(".")[0])) is not None
        and not any(f"{module.path}/".startswith((f"{home}/", f"{home}_")) or module.room == home for home in homes)
    ]
    assert broken == []


def test_only_the_app_constructs_endpoints() -> None:
    broken = []
    for module in modules():
        if module.room in {"app", "endpoints"}:
            continue
        names = {name.rpartition(".")[2] for name, _ in module.imports() if name.startswith("d365edi.endpoints.")}
        built = {name for name in names if name.endswith("Endpoint") and name != "Endpoint"}
        calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
        broken += [module.where(call) for call in calls if ast.unparse(call.func).rpartition(".")[2] in built]
    assert broken == []


def test_only_the_endpoint_and_its_simulator_know_the_interface_of_sterling() -> None:
    knowing = {module.path.rpartition("/")[0] for module in modules() if "B2BAPIs" in module.text}
    assert {"/".join(path.split("/")[:2]) for path in knowing} <= {"endpoints/sterling", "sandbox", "sandbox/sterling"}


def test_only_the_command_line_prints() -> None:
    broken = [
        module.where(node)
        for module in modules()
        if module.room != "cli"
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "sys.stdout.write", "pprint"})
    ]
    assert broken == []


def test_only_the_journal_says_sql() -> None:
    broken = [
        module.where(node)
        for module in modules()
        if module.room != "journal"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value)
    ]
    assert broken == []


def test_no_partner_is_told_apart_by_name() -> None:
    """Differences between partners are settings, never branches."""
    broken = []
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                named = any(re.search(r"(?:^|\.)partner(?:\.name|_name)?$", ast.unparse(side)) for side in sides)
                if named and any(isinstance(side, ast.Constant) and side.value not in {"", None} for side in sides):
                    broken.append(module.where(node))
            elif isinstance(node, ast.Match) and re.search(r"(?:^|\.)partner(?:\.name)?$", ast.unparse(node.subject)):
                broken.append(module.where(node))
    assert broken == []


def test_no_file_is_longer_than_400_lines() -> None:
    assert [f"{module.path}: {n}" for module in modules() if (n := module.text.count("\n")) > 400] == []


def test_no_test_file_is_longer_than_500_lines() -> None:
    long = [(path, path.read_text().count("\n")) for path in sorted((ROOT / "tests").rglob("*.py"))]
    assert [f"{path.relative_to(ROOT)}: {n}" for path, n in long if n > 500] == []


def test_no_function_is_longer_than_60_lines_and_nine_in_ten_are_of_25_or_less() -> None:
    found = [(length(node), module.where(node)) for module in modules() for node in functions(module)]
    assert [f"{where}: {n}" for n, where in found if n > 60] == []
    lengths = sorted(n for n, _ in found)
    assert lengths[len(lengths) * 9 // 10] <= 25


def public(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Public functions and classes, and the public members of public classes. Overloads count once."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if any(ast.unparse(decorator).endswith(("overload", ".setter")) for decorator in node.decorator_list):
                continue
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def test_every_public_name_has_a_docstring() -> None:
    broken = [
        f"{module.where(node)} {node.name}"
        for module in modules()
        for node in public(module.tree.body)
        if not ast.get_docstring(node)
    ]
    assert broken == []


def test_every_module_says_what_it_is_and_what_it_does_not_know() -> None:
    """A room's `__init__` may be a title; every other module draws its boundary."""
    without = [module.path for module in modules() if not ast.get_docstring(module.tree)]
    vague = [
        module.path
        for module in modules()
        if not module.path.endswith(("__init__", "__main__"))
        and not re.search(r"Does not know|does not know|Knows no|knows no", ast.get_docstring(module.tree) or "")
    ]
    assert (without, vague) == ([], [])


def test_nothing_else_stands_at_the_top() -> None:
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".") and path.name != "__pycache__"}
    assert found - TOP - MADE_BY_TOOLS == set()


def test_there_is_no_room_without_a_name() -> None:
    assert [
        module.path for module in modules() if re.search(r"(?:^|/)(?:utils?|helpers?|common|misc)$", module.path)
    ] == []


def test_the_suite_mocks_almost_nothing() -> None:
    """At most five, each with its reason beside it."""
    constant_or_stdin = r'(?:"sys\.std\w+"|[^\n]*"(?:[\w.]+\.)?[A-Z_]+")'  # made shorter or fed, nothing is replaced
    mocking = re.compile(rf"unittest[.]mock|from unittest import mock|monkeypatch[.]setattr[(](?!{constant_or_stdin})")
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path != Path(__file__)
        for match in mocking.finditer(path.read_text())
    ]
    assert len(found) <= 5, found


@pytest.mark.parametrize(
    ("source", "imported"),
    [
        ("from . import base", "d365edi.endpoints.base"),
        ("from ..journal.tx import Tx", "d365edi.journal.tx.Tx"),
        ("import os.path", "os.path"),
    ],
)
def test_relative_imports_are_read_as_what_they_mean(source: str, imported: str) -> None:
    module = Module("endpoints/sftp", source, ast.parse(source))
    assert [name for name, _ in module.imports()] == [imported]
