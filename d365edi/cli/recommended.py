"""Commands that sentences recommend, with the settings that the present command line names: else they are run with others.

Knows: which commands take `--settings`. Does not know: sentences, output.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from contextvars import ContextVar

_settings: ContextVar[str] = ContextVar("settings", default="")
_COMMAND = re.compile(
    r"""
    \bd365edi\ (?: (?:secrets|alert|partner)\ [a-z]+ | audit\ verify | run | check | explain | ping | status | why | audit
    | replay | release | reject | backup | restore | reconcile )\b (?! [^;,`)]* --settings )
    """,
    re.VERBOSE,
)


def remember(given: Sequence[str]) -> None:
    """Take `--settings FILE` from a command line. Where it has none, as with $D365EDI_SETTINGS, commands need none."""
    named = ""
    for at, word in enumerate(given):
        if word == "--settings" and at + 1 < len(given):
            named = given[at + 1]
        elif word.startswith("--settings="):
            named = word.partition("=")[2]
    _settings.set(named)


def complete(text: str) -> str:
    """The text, with these settings in each command that takes them."""
    named = _settings.get()
    if not named or "d365edi " not in text:
        return text
    return _COMMAND.sub(lambda found: f"{found[0]} --settings {shlex.quote(named)}", text)
