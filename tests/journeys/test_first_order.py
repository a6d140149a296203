"""The README's way to the first order, its commands as they stand there, with the sandbox and the daemon as processes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.rehearsal import READY, RUNS, environment, going

[SECTION] = re.findall(r"^## The first order\n(.*?)^## ", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
BLOCKS = re.findall(r"^```\n(.*?)^```$", SECTION, re.DOTALL | re.MULTILINE)
FREE = {"ports": {"d365": 0, "sftp": 0, "events": 0}}
"""Ports that a sandbox of this folder had: any, so that nothing else on this machine is in the way."""


def test_the_commands_of_the_readme_bring_the_first_order_and_its_invoice(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parent.parent)
    (tmp_path / "rehearsal").mkdir()
    (tmp_path / "rehearsal" / "sandbox.json").write_text(json.dumps(FREE))
    sandbox, daemon, commands = BLOCKS[:3]  # the next one is of the buying side
    assert len("".join(BLOCKS[:3]).splitlines()) == 5
    with (
        going(["bash", "-c", f"exec {sandbox}"], RUNS, tmp_path) as first,
        going(["bash", "-c", f"exec {daemon}"], READY, tmp_path) as second,
    ):
        said = [
            subprocess.run(
                ["bash", "-c", line],
                cwd=tmp_path,
                env=environment(),
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            for line in commands.splitlines()
        ]
        assert [each.returncode for each in said] == [0, 0, 0], [each.stdout + each.stderr for each in said]
        ordered, history, posted = (each.stdout for each in said)
        assert "D365 has 4500123 as SO-000001" in ordered
        assert "SO-000001" in history
        assert "acme says: accepted it" in posted
        second.until("accepted by acme")
        assert "WARN" not in first.text + second.text
        assert (second.end(), first.end()) == (0, 0)
