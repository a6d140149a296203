"""What the README promises is so: its verbs, its two lines, its examples."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from d365edi.cli import VERBS
from d365edi.edi.rules import RULES
from d365edi.settings import load
from tests.conftest import ROOT
from tests.test_architecture import FLOORS

README = (ROOT / "README.md").read_text()
DEMO = "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/d365edi demo"
TEST = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/pytest -q"
BASE = """
[daemon]
timezone = "America/Chicago"
journal = "journal.db"
[d365]
host = "contoso.example"
tenant = "contoso"
client_id = "client"
client_secret = { secret = "d365" }
companies = ["usmf"]
"""


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_the_two_lines_stand_there_verbatim() -> None:
    assert [line for line in README.splitlines() if line.startswith("python3 -m venv")] == [DEMO, TEST]


def test_ci_runs_the_second_line_as_it_stands() -> None:
    command = re.search(r"^line=\$\((.*)\)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert command is not None
    said = subprocess.run(["bash", "-c", command[1]], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout == f"{TEST}\n"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_the_table(verb: str) -> None:
    assert re.search(rf"^\| `d365edi {verb}\b[^`]*` \|", README, re.MULTILINE)


def test_no_verb_is_promised_that_does_not_exist() -> None:
    named = set(re.findall(r"d365edi (?!--)([a-z]+)\b", "\n".join([*re.findall(r"`([^`\n]+)`", README), *blocks("")])))
    assert named - VERBS.keys() == set()


def test_the_example_partner_is_taken_as_settings(tmp_path: Path) -> None:
    alerts, example, override, *others = blocks("toml")
    (tmp_path / "settings.toml").write_text("".join([BASE, example, override, *others, alerts]))
    acme = load(tmp_path / "settings.toml", {}).partners["acme"]
    assert acme.receive["850"].map == tomllib.loads(override)["partners"]["acme"]["receive"]["850"]["map"]
    assert (acme.locations["0007"].location, acme.locations["0009"].account) == ("ACME-DC7", "US-004")
    assert (acme.send["810"].guard.price_differs, acme.send["810"].guard.demands) == ("hold", ("REF[IA]02",))


def test_every_file_that_is_named_is_there() -> None:
    for name in re.findall(r"`([\w./-]+/[\w./-]+|settings\.example\.toml)`", README):
        if not name.startswith("/"):
            assert (ROOT / name).exists(), name


CONTRIBUTING = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
ARCHITECTURE = (ROOT / "d365edi" / "README.md").read_text()


def test_every_file_that_contributing_names_is_there() -> None:
    named = re.findall(r"`([\w.]+(?:/[\w.]+)+/?|\w+\.(?:md|toml))`", CONTRIBUTING)
    made_up = {"SET.toml", "TABLE.toml", "DOCUMENT.toml"}
    tables = ("sets.toml", "segments.toml", "elements.toml", "codes.toml")  # of either standard
    paths = [name for name in named if name.rpartition("/")[2] not in {*made_up, *tables} and name[:2] != ".."]
    assert [name for name in paths if not (ROOT / name).exists()] == []
    assert [name for name in tables if not (ROOT / "d365edi" / "edi" / "x12" / "guides" / name).exists()] == []
    assert len(paths) > 20


def test_every_module_in_the_picture_of_the_architecture_is_there() -> None:
    package = ROOT / "d365edi"
    for room, cell in re.findall(r"^\| `(\w+)` \|(.*)\|$", ARCHITECTURE, re.MULTILINE):
        for name in re.findall(r"`([\w./]+\.\w+|[\w/]+/)`", cell):
            assert (package / room / name).exists() or (ROOT / name).exists(), f"{room}: {name}"
    pictures = "\n".join(re.findall(r"^```\n(.*?)^```$", ARCHITECTURE, re.DOTALL | re.MULTILINE)[1:])
    rooms = "|".join(path.name for path in package.iterdir() if path.is_dir())
    named = re.findall(rf"\b((?:{rooms})/\w+)", pictures)
    assert [name for name in named if not (package / name).exists() and not (package / f"{name}.py").exists()] == []
    assert len(named) > 15


def test_the_floors_of_the_architecture_are_those_that_are_held() -> None:
    [drawn, *_] = re.findall(r"^```\n(.*?)^```$", ARCHITECTURE, re.DOTALL | re.MULTILINE)
    floors = [set(line.partition("  ")[0].split(" · ")) for line in drawn.splitlines()]
    assert floors == [set(rooms) for rooms in FLOORS]


def test_the_rules_of_the_readme_are_those_of_the_table() -> None:
    listed = {
        (match[1], rule)
        for match in re.finditer(r"^\| (interchange|group|set|segment|element) \| (`.*`) \|$", README, re.MULTILINE)
        for rule in match[2].replace("`", "").split(" ")
    }
    assert listed == {(row.level, row.rule) for row in RULES.values() if row.level not in ("file", "document")}
