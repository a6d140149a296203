"""What is shown: text from outside is harmless, tables are whole, JSON is JSON."""

from __future__ import annotations

import json
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from d365edi.cli import console


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("PO-77.edi", "PO-77.edi"),
        ("Größe 12″", "Größe 12″"),
        ("\x1b[2Jgone", "\ufffd[2Jgone"),
        ("a\rb\tc\x00", "a\ufffdb\ufffdc\ufffd"),
        ("\u202egnp.edi", "\ufffdgnp.edi"),
        ("two\nlines", "two\nlines"),
        (42, "42"),
    ],
)
def test_text_from_outside_cannot_move_the_cursor(given: object, shown: str) -> None:
    assert console.clean(given) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (False, ""),
        (True, "yes"),
        (0, "0"),
        ({"done": 3, "why": "", "x": None}, "done 3"),
        (["a", 1], "a, 1"),
        (Decimal("1.50"), "1.50"),
    ],
)
def test_a_cell_is_read_without_knowing_types(value: object, shown: str) -> None:
    assert console.plain(value) == shown


def test_a_digest_is_shortened_but_one_to_be_copied_into_settings() -> None:
    digest = "sha256:" + "0123456789abcdef" * 4
    assert console.brief(f"its {digest} differs") == "its sha256:0123456789ab… differs"
    assert console.brief(f'write pins = ["{digest}"]') == f'write pins = ["{digest}"]'


def test_a_table_has_a_heading_and_every_cell(capsys: pytest.CaptureFixture[str]) -> None:
    console.table("Places", [{"place": "acme:/out", "looked_at": "[red]now"}], {"place": None, "looked_at": str.upper})
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        [],
        ["Places"],
        ["place", "looked", "at"],
        ["acme:/out", "[RED]NOW"],
    ]


def test_a_column_without_any_value_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    console.table("Flows", [{"name": "a", "running": False}, {"name": "b"}], {"name": None, "running": None})
    assert capsys.readouterr().out == "\nFlows\nname\na\nb\n"
    console.table("Flows", [{"name": ""}], {"name": None})
    assert capsys.readouterr().out.startswith("\nFlows\nname\n")


def test_an_empty_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    console.table("Needs a person", [], {"name": None})
    assert capsys.readouterr().out == "\nNeeds a person\n  nothing\n"


def test_a_long_sentence_is_folded_and_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    sentence = " ".join(f"word{n}" for n in range(80))
    console.table("Why", [{"name": "PO-77.edi", "why": sentence}], {"name": None, "why": None})
    words = capsys.readouterr().out.split()
    assert [word for word in words if word.startswith("word")] == sentence.split()


def test_json_takes_paths_and_decimals_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    console.as_json({"path": Path("/a"), "amount": Decimal("1.50")})
    console.as_lines([{"a": 1}, {"b": "é"}])
    said = capsys.readouterr().out
    document, _, lines = said.partition("}\n")
    assert json.loads(document + "}") == {"path": "/a", "amount": "1.50"}
    assert lines == '{"a": 1}\n{"b": "é"}\n'


def test_a_moment_is_shown_in_the_daemon_s_zone_with_its_offset() -> None:
    token = console.zone.set(ZoneInfo("Asia/Kolkata"))
    assert (console.clock(None), console.moment(None)) == ("", None)
    assert console.clock(1_700_000_000.4) == console.clock("2023-11-14T22:13:20Z") == "2023-11-15 03:43:20+05:30"
    assert console.moment(1_700_000_000.4) == "2023-11-15T03:43:20+05:30"
    console.zone.reset(token)


def test_every_moment_in_a_tree_is_written_alike_and_nothing_else_is() -> None:
    token = console.zone.set(UTC)
    tree = {
        "state_at": 1.0,
        "size": 2,
        "rows": [{"until": 0.0, "claimed_at": None, "at": True, "detail": {"until": 3}}],
    }
    assert console.timed(tree) == {
        "state_at": "1970-01-01T00:00:01+00:00",
        "size": 2,
        "rows": [{"until": None, "claimed_at": None, "at": True, "detail": {"until": "1970-01-01T00:00:03+00:00"}}],
    }
    console.zone.reset(token)
