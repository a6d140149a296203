"""Fixtures that every room shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture
def anyio_backend() -> str:
    """One event loop, as in the daemon: asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of samples beside the checkout; tests that need it skip where it is not (and CI says so loudly)."""
    folder = SHARED / "corpus"
    if not folder.is_dir():
        if os.environ.get("D365EDI_REQUIRE_CORPUS"):
            pytest.fail(f"no corpus at {folder}")
        pytest.skip("the corpus is not beside this checkout")
    return folder
