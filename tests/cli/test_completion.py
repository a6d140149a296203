"""Shell completion: the shell's own script asks d365edi, which knows commands, their commands and options."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from d365edi.cli import VERBS
from tests.rehearsal import environment

ASK = """
source <(d365edi --show-completion)
COMP_WORDS=({words} "{begun}"); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_d365edi_completion d365edi
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def completed(words: str, begun: str, home: Path) -> list[str]:
    """What bash offers after these words for a word that is begun."""
    script = ASK.format(words=words, begun=begun)
    said = subprocess.run(
        ["bash", "-c", script], env=environment(HOME=str(home)), capture_output=True, text=True, check=True
    )
    assert said.stderr == ""
    return said.stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "begun", "offered"),
    [
        ("d365edi", "", list(VERBS)),
        ("d365edi", "rec", ["reconcile"]),
        ("d365edi secrets", "", ["set", "list", "remove", "rotate"]),
        ("d365edi sandbox", "p", ["post", "pay", "put"]),
        ("d365edi audit verify", "--s", ["--settings"]),
        ("d365edi --debug reject", "--w", ["--why"]),
        ("d365edi", "zz", []),
    ],
)
def test_bash_completes_commands_and_options(words: str, begun: str, offered: list[str], tmp_path: Path) -> None:
    assert completed(words, begun, tmp_path) == (offered or [""])
