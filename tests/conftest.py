"""Fixtures that every room shares, the profiles of hypothesis, and what the session says about tests that it left out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from d365edi import log
from tests.corpus import BESIDE, FOLDER, ROOT

__all__ = ["ROOT"]

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

os.environ.pop("COLUMNS", None)  # xdist sets it for its workers; a command then takes a pipe for a terminal

REASONS = {
    "shared": "not chosen" if BESIDE.is_dir() else f"no corpus at {os.path.relpath(BESIDE, ROOT)}",
    "slow": "run with -m slow",
}
"""The markers by which tests are left out, and why they are."""

left_out = pytest.StashKey[Counter[str]]()
"""How many tests were left out for each marker; with xdist, as the first worker counted them (all collect the same)."""


@pytest.fixture
def anyio_backend() -> str:
    """One event loop, as in the daemon: asyncio."""
    return "asyncio"


@pytest.fixture(autouse=True)
def no_secrets_of_others() -> Iterator[None]:
    """What a test hides from the log is shown to the next: a password that is a word would take it out of every line."""
    before = log._hidden[:]
    yield
    log._hidden[:] = before


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of samples: the corpus beside the checkout, or tests/samples where there is none."""
    return FOLDER


# -- tests that are left out: xdist hides how many they are -----------------------------------------------------------


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two workers a processor: most tests wait for servers, files and clocks more than they compute."""
    return 2 * (os.cpu_count() or 1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--rewrite` lets tests/golden write what came in place of what was expected; nothing else does. `--sftp` lets all journeys
    that take turns with the SFTP server be walked with one of them."""
    parser.addoption("--rewrite", action="store_true", help="write the right side of the pairs in tests/golden")
    parser.addoption("--sftp", choices=("asyncssh", "openssh"), help="the SFTP server of the journeys that take turns")


def pytest_configure(config: pytest.Config) -> None:
    """Nothing was left out yet."""
    config.stash[left_out] = Counter()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that need the corpus are deselected where it is not."""
    if BESIDE.is_dir():
        return
    absent = [item for item in items if item.get_closest_marker("shared")]
    items[:] = [item for item in items if not item.get_closest_marker("shared")]
    if absent:
        config.hook.pytest_deselected(items=absent)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Counts by the marker that is the reason."""
    for item in items:
        item.config.stash[left_out].update(name for name in REASONS if item.get_closest_marker(name))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker of xdist hands over what it counted."""
    counted = getattr(node, "workeroutput", {}).get("left_out")
    if counted:
        node.config.stash[left_out].clear()
        node.config.stash[left_out].update(counted)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a worker of xdist: the count goes to the session that shows it."""
    if hasattr(session.config, "workeroutput"):
        counted = session.config.stash[left_out]
        session.config.workeroutput["left_out"] = dict(counted)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """For each marker: how many tests ran, how many were left out and why. `.ci/run` reads this."""
    ran = Counter(
        name
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        for name in REASONS
        if name in report.keywords and report.when == "call"
    )
    for name, reason in REASONS.items():
        absent = config.stash[left_out][name]
        why = f" ({reason})" if absent else ""
        terminalreporter.write_line(f"marked {name}: {ran[name]} ran, {absent} deselected{why}")
