"""The command line as another user: `python -m tests.as_user UID GID,GID... WORD...`, the first group being the primary one.

Without words it reads command lines from standard input (a JSON list of lists) and answers with a list of [code, out, err].
All that the commands import is imported before, because that user may not be able to read the files of this interpreter."""

from __future__ import annotations

import contextlib
import encodings.idna  # noqa: F401 - imported by name when it is needed
import importlib
import io
import json
import os
import pkgutil
import sys

import d365edi
from d365edi.cli import main

LAZY = (
    "rich.console",
    "rich.table",
    "rich.text",
    "rich._unicode_data",
    "http.client",
    "zoneinfo",
    "pydantic.deprecated",
)


def load() -> None:
    """Import every module of d365edi, and what libraries import late."""
    for module in pkgutil.walk_packages(d365edi.__path__, "d365edi."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in LAZY:
        importlib.import_module(name)


def said(words: list[str]) -> tuple[int, str, str]:
    """Exit code and output of a command line."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    return code, out.getvalue(), err.getvalue()


if __name__ == "__main__":
    load()
    groups = [int(group) for group in sys.argv[2].split(",")]
    if os.geteuid() == 0:
        os.setgroups(groups)
        os.setgid(groups[0])
        os.setuid(int(sys.argv[1]))
    if sys.argv[3:]:
        sys.exit(main(sys.argv[3:]))
    print(json.dumps([said(words) for words in json.load(sys.stdin)]))
