"""The samples in tests/samples: every file has its row in the index and its origin, licence and holder in the notice."""

from __future__ import annotations

import csv

from tests.conftest import ROOT

FOLDER = ROOT / "tests" / "samples"
OURS = "written for this project"
LICENCES = ("MIT", "Apache-2.0", "BSD-3-Clause", "ISC")


def rows() -> list[dict[str, str]]:
    """The index, a row for each sample."""
    with (FOLDER / "INDEX.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_index_lists_the_files_that_are_there_with_their_sizes() -> None:
    sizes = {path.name: path.stat().st_size for path in FOLDER.iterdir() if path.name not in ("INDEX.csv", "NOTICE")}
    assert sizes == {row["file"]: int(row["bytes"]) for row in rows()}


def test_every_sample_that_others_wrote_may_be_copied_and_is_named_in_the_notice() -> None:
    notice = (FOLDER / "NOTICE").read_text(encoding="utf-8")
    for row in rows():
        if row["source"] == OURS:
            continue
        origin, _, path = row["source"].partition(":")
        entry = notice.partition(f"\nhttps://github.com/{origin.replace('@', ' @')}\n")[2].partition("\n\n")[0]
        assert f"    {row['file']}\n        from {path}" in entry, row["file"]
        assert "    copyright " in entry, origin
        assert f"    licence   {row['licence'].partition(' ')[0]}" in entry, origin
        assert row["licence"].startswith(LICENCES), row["licence"]


def test_the_text_of_every_licence_is_there() -> None:
    notice = (FOLDER / "NOTICE").read_text(encoding="utf-8")
    for beginning in (
        "Permission is hereby granted",
        "Permission to use, copy, modify",
        "Redistribution and use in source",
    ):
        assert beginning in notice
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
