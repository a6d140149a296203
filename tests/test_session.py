"""What a test session leaves out and that it says so, with and without the corpus beside the checkout and xdist."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

TESTS = """
import pytest
from tests.corpus import cases


@pytest.mark.parametrize("name", cases(["shipped.edi", "elsewhere.edi"], str))
def test_of_a_sample(corpus, name):
    assert (corpus / name).exists()


@pytest.mark.slow
def test_long():
    pass
"""
CLOSING = "3146 passed in 136.25s (0:02:16)"


def checkout(folder: Path, *, corpus: bool) -> Path:
    """A checkout with one sample, two tests of samples and a slow one; beside it, where asked for, the corpus."""
    top = folder / "checkout"
    (top / "tests" / "samples").mkdir(parents=True)
    (top / "tests" / "samples" / "shipped.edi").touch()
    for name in ("conftest.py", "corpus.py"):
        (top / "tests" / name).write_text((ROOT / "tests" / name).read_text())
    (top / "tests" / "test_made_up.py").write_text(TESTS)
    (top / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    if corpus:
        (folder / "shared" / "corpus").mkdir(parents=True)
        for name in ("shipped.edi", "elsewhere.edi"):
            (folder / "shared" / "corpus" / name).touch()
    return top


def said(top: Path, *arguments: str) -> list[str]:
    """What pytest says in a checkout about the tests that carry a marker."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=top, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith("marked ")]


@pytest.mark.parametrize("processes", ["0", "1"])
def test_without_the_corpus_its_tests_are_deselected_and_the_session_says_how_many(
    tmp_path: Path, processes: str
) -> None:
    assert said(checkout(tmp_path, corpus=False), "-n", processes) == [
        "marked shared: 0 ran, 1 deselected (no corpus at ../shared/corpus)",
        "marked slow: 0 ran, 1 deselected (run with -m slow)",
    ]


def test_with_the_corpus_beside_it_nothing_of_it_is_deselected(tmp_path: Path) -> None:
    assert said(checkout(tmp_path, corpus=True), "-n", "1")[0] == "marked shared: 1 ran, 0 deselected"


def test_slow_tests_run_when_they_are_asked_for(tmp_path: Path) -> None:
    assert said(checkout(tmp_path, corpus=True), "-n", "0", "-m", "slow")[1] == "marked slow: 1 ran, 0 deselected"


@pytest.mark.parametrize(
    ("shared", "closing", "beside", "good"),
    [
        ("marked shared: 75 ran, 0 deselected", CLOSING, True, True),
        ("marked shared: 0 ran, 75 deselected (no corpus at ../shared/corpus)", CLOSING, False, True),
        ("marked shared: 74 ran, 1 deselected", CLOSING, True, False),
        ("marked shared: 0 ran, 0 deselected", CLOSING, True, False),
        ("", CLOSING, True, False),
        ("marked shared: 75 ran, 0 deselected", "3145 passed, 1 skipped in 136.25s", True, False),
        ("marked shared: 75 ran, 0 deselected", "1 failed, 3145 passed in 136.25s", True, False),
        ("marked shared: 75 ran, 0 deselected", "1 error in 3.01s", True, False),
    ],
)
def test_ci_accepts_a_session_in_which_everything_ran_that_can(
    tmp_path: Path, shared: str, closing: str, beside: bool, good: bool
) -> None:
    (tmp_path / "said").write_text(f"....\n{shared}\nmarked slow: 0 ran, 3 deselected (run with -m slow)\n{closing}\n")
    corpus = tmp_path / "corpus"
    if beside:
        corpus.mkdir()
    command = ["bash", str(ROOT / ".ci" / "ran"), str(tmp_path / "said"), str(corpus)]
    assert (subprocess.run(command, capture_output=True, check=False).returncode == 0) == good
