"""Asks pydifact how it reads EDIFACT files. It runs in a process of its own, and nothing here imports it.

    python tests/edi/edifact/independent.py < files.json > answers.json

Reads a JSON object of names and files (as Latin-1), writes one of names and segments: each a list of its id and its elements, an
element that has components as a list of them; or the words with which it refuses.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import warnings
from collections.abc import Mapping

Element = str | list[str]


def read(files: Mapping[str, bytes]) -> dict[str, list[list[Element]] | str]:
    """How each file is read: its segments without UNA, or why not."""
    asked = json.dumps({name: data.decode("latin-1") for name, data in files.items()})
    done = subprocess.run(
        [sys.executable, __file__], input=asked, capture_output=True, text=True, check=True, timeout=120
    )
    answers: dict[str, list[list[Element]] | str] = json.loads(done.stdout)
    return answers


def main() -> None:
    """The process of its own."""
    warnings.simplefilter("ignore")
    collection = importlib.import_module("pydifact.segmentcollection").RawSegmentCollection
    answers: dict[str, list[list[Element]] | str] = {}
    for name, text in json.load(sys.stdin).items():
        try:
            segments = collection.from_str(text).segments
        except Exception as error:
            answers[name] = f"{type(error).__name__}: {error}"
        else:
            answers[name] = [[one.tag, *one.elements] for one in segments if one.tag != "UNA"]
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
