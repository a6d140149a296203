"""The output as a person meets it: a terminal of any width and character set, a pipe, a reader that goes away, a full disk."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from d365edi.journal import Tx
from tests.cli.conftest import written

AT = 1_764_400_000.0
NAME = "Größe-→-4500129.edi"


@pytest.fixture
def lively(folder: Path) -> Path:
    """A journal with a history longer than one screen and than the buffer of a pipe."""

    def work(tx: Tx) -> None:
        for number in range(2000):
            tx.audit.append("received", partner="acme", name=NAME, size=number, reason="it was there")

    written(folder, work, AT)
    return folder


def said(*words: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    line = [sys.executable, "-m", "d365edi", *words]
    return subprocess.run(line, capture_output=True, env={**os.environ, **environ}, timeout=60, check=False)


def on_a_terminal(columns: int, *words: str, **environ: str) -> str:
    """What a terminal of this width gets."""
    inside, outside = pty.openpty()
    fcntl.ioctl(outside, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    line = [sys.executable, "-m", "d365edi", *words]
    running = subprocess.Popen(line, stdout=outside, stderr=outside, env={**kept, "TERM": "xterm", **environ})
    os.close(outside)
    got = b""
    try:
        while more := os.read(inside, 65536):
            got += more
    except OSError:  # EIO: the other end is closed
        pass
    assert running.wait(60) == 0
    os.close(inside)
    return got.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_a_terminal_gets_lines_that_fit(lively: Path, columns: int) -> None:
    screen = on_a_terminal(columns, "audit", "--limit", "20", NO_COLOR="1")
    assert "\x1b" not in screen
    assert screen.count(NAME) == 20
    assert max(map(len, screen.splitlines())) <= columns
    assert screen.count("2025-11-29 01:06:40-06:00") == 20


def test_styles_are_for_terminals_alone(lively: Path) -> None:
    assert "\x1b[1mAudit\x1b[0m" in on_a_terminal(80, "audit", "--limit", "1")
    assert "\x1b" not in on_a_terminal(80, "audit", "--limit", "1", TERM="dumb")
    assert b"\x1b" not in said("audit", "--limit", "1").stdout


def test_a_pipe_gets_one_line_a_row(lively: Path) -> None:
    assert len(said("audit", "--limit", "20").stdout.decode().splitlines()) == 23


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-8", NAME), ("latin-1", "Größe-->-4500129.edi"), ("ascii", r"Gr\xf6\xdfe-->-4500129.edi")],
)
def test_a_character_that_a_terminal_lacks_is_spelled_out(lively: Path, encoding: str, name: str) -> None:
    table = said("audit", "--limit", "1", PYTHONIOENCODING=encoding)
    assert (table.returncode, table.stderr) == (0, b"")
    assert name in table.stdout.decode(encoding)
    found = json.loads(said("audit", "--limit", "1", "--json", PYTHONIOENCODING=encoding).stdout.decode(encoding))
    assert found["detail"]["name"] == NAME


def test_an_error_with_such_a_character_is_a_sentence(folder: Path) -> None:
    (folder / "settings.toml").write_text('["dæmon"]\n')
    wrong = said("status", PYTHONIOENCODING="ascii")
    assert (wrong.returncode, b"Traceback" in wrong.stderr) == (2, False)
    assert rb"d\xe6mon" in wrong.stderr


def test_a_reader_that_goes_away_ends_it_with_141_and_no_trace(lively: Path) -> None:
    line = [sys.executable, "-m", "d365edi", "audit", "--limit", "2000"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(1)
        running.stdout.close()
        assert (running.stderr.read(), running.wait(60)) == (b"", 141)


def test_the_demo_ends_so_too_with_all_its_tasks() -> None:
    line = [sys.executable, "-m", "d365edi", "demo"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert (running.stderr.read(), running.wait(120)) == (b"", 141)


def test_a_full_disk_under_the_output_is_no_success(lively: Path) -> None:
    line = [sys.executable, "-m", "d365edi", "audit"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 3
    assert (
        done.stderr.splitlines()[0]
        == b"d365edi: [Errno 28] No space left on device; make room on the disk, or repair it"
    )


def test_an_annotated_file_fits_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("D365EDI_SETTINGS", raising=False)
    sample = Path(__file__).parents[1] / "samples" / "quirk_850_truncated-mid-segment.x12"
    screen = on_a_terminal(80, "explain", str(sample), NO_COLOR="1")
    assert max(map(len, screen.splitlines()[1:])) <= 80
    assert "4500012345" in screen
