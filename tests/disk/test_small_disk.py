"""Disks that are really full or read-only: in `small_disk.py` and `small_folder.py`, which have to mount them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SMALL = [str(Path(__file__).with_name(name)) for name in ("small_disk.py", "small_folder.py")]


def test_on_a_disk_that_is_full_or_read_only_nothing_is_lost_and_all_goes_on_by_itself() -> None:
    """As an ordinary user in a namespace where mounting is allowed; the mounts of the machine stay as they are."""
    alone = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    drill = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *SMALL]
    done = subprocess.run([*alone, *drill], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout
