"""A settings file with a journal beside it, and the command line called as a person calls it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest

from d365edi.cli import main
from d365edi.journal import Journal, Tx

SETTINGS = """
[daemon]
timezone = "America/Chicago"
journal = "journal.db"
[secrets]
vault = "vault"
key_file = "vault.key"
[d365]
host = "contoso.example"
tenant = "contoso"
client_id = "client"
client_secret = { secret = "d365" }
companies = ["usmf"]
"""


@dataclass(frozen=True)
class Said:
    """What a command line answered."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


def words(said: Said) -> str:
    """What was printed with every run of blanks as one."""
    return re.sub(r"\s+", " ", said.out)


def written(folder: Path, work: Callable[[Tx], object], at: float) -> None:
    """Write into the journal beside the settings, as at that time."""

    async def write() -> None:
        async with await Journal.open(folder / "journal.db", clock=lambda: at) as journal:
            await journal.write(work)

    anyio.run(write)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, which the environment names."""
    (tmp_path / "settings.toml").write_text(SETTINGS)
    monkeypatch.setenv("D365EDI_SETTINGS", str(tmp_path / "settings.toml"))
    return tmp_path


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """`call("secrets", "set", "d365", stdin="...")` runs one command line."""

    def run(*words: str, stdin: str = "") -> Said:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = main(words)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run
