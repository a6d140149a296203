"""Tables and sentences fit the terminal, and no id, date, host key or command is broken for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.cli import layout

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
AT = "2026-11-29 08:06:40+01:00"
HELD = [
    [
        "4500129",
        "acme",
        "held",
        AT,
        "item is no item of usmf; add it under [partners.acme.items], then: d365edi release 4500129",
    ],
    ["ORDERS_4098765000027_0000000012345.edi", "nordwind-handel", "quarantined", AT, "asked for"],
]
HEADINGS = ["name", "partner", "state", "since", "why"]

WRAPPED = [
    ("one two three", None, ["one two three"]),
    ("one two three", 13, ["one two three"]),
    ("one two three", 8, ["one two", "  three"]),
    ("    one two three", 12, ["    one two", "      three"]),
    ("a PO-4500129-of-november b", 10, ["a", "  PO-4500129-of-november", "  b"]),
    (f"since {AT}, healthy", 26, ["since", f"  {AT},", "  healthy"]),
    (f"add {KEY} to it", 40, ["add", f"  {KEY}", "  to it"]),
    ("correct it, then: d365edi release 4500129", 32, ["correct it, then:", "  d365edi release 4500129"]),
    ("or d365edi replay A1 --from read --go or not", 38, ["or d365edi replay A1 --from read --go", "  or not"]),
    ('d365edi reject 45 --why "entered by hand"', 24, ['d365edi reject 45 --why "entered by hand"']),
    ("what is held (d365edi release sending) goes", 32, ["what is held", "  (d365edi release sending) goes"]),
    ("set it: d365edi secrets set d365, then go on", 24, ["set it:", "  d365edi secrets set d365,", "  then go on"]),
    ("d365edi release 7 --partner acme of both", 35, ["d365edi release 7 --partner acme of", "  both"]),
    ("or d365edi replay A1 --from render --go", 20, ["or", "  d365edi replay A1 --from render --go"]),
    ("then: systemctl restart d365edi at once", 26, ["then:", "  systemctl restart d365edi", "  at once"]),
    ("do: d365edi release --settings s.toml sending", 20, ["do:", "  d365edi release --settings s.toml sending"]),
    ("run .venv/bin/d365edi why sending again", 30, ["run", "  .venv/bin/d365edi why sending", "  again"]),
    ("two\nlines", 80, ["two", "lines"]),
    ("注文番号 注文番号", 12, ["注文番号", "  注文番号"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "width", "lines"), WRAPPED)
def test_a_sentence_is_broken_between_words_only(text: str, width: int | None, lines: list[str]) -> None:
    assert layout.wrap(text, width) == lines


def test_at_80_columns_what_does_not_fit_is_below_its_row() -> None:
    assert layout.table(HEADINGS, HELD, 80) == [
        "name     partner          state        since",
        "4500129  acme             held         2026-11-29 08:06:40+01:00",
        "    why: item is no item of usmf; add it under [partners.acme.items], then:",
        "      d365edi release 4500129",
        "ORDERS_4098765000027_0000000012345.edi",
        "         nordwind-handel  quarantined  2026-11-29 08:06:40+01:00",
        "    why: asked for",
    ]


def test_at_160_columns_the_last_one_is_wrapped_beside_the_others() -> None:
    lines = layout.table(HEADINGS, HELD, 160)
    assert [line[97:] for line in lines] == [
        "why",
        "item is no item of usmf; add it under [partners.acme.items],",
        "then: d365edi release 4500129",
        "asked for",
    ]


def test_without_a_terminal_a_row_is_one_line() -> None:
    assert len(layout.table(HEADINGS, HELD, None)) == 3


NAMES = st.text("abcdefgh0123456789._-:/", min_size=1, max_size=60)
PROSE = st.lists(NAMES, min_size=0, max_size=12).map(" ".join)


@given(st.lists(st.tuples(NAMES, NAMES, st.just(AT), PROSE), min_size=1, max_size=5), st.sampled_from([80, 100, 200]))
def test_every_word_of_a_table_is_whole_and_only_a_longer_one_makes_a_longer_line(
    rows: list[tuple[str, ...]], width: int
) -> None:
    lines = layout.table(["name", "place", "at", "why"], rows, width)
    said = "\n".join(lines)
    for row in rows:
        assert AT in said
        for word in " ".join(row).split():
            assert word in said
    assert max(map(len, lines)) <= width


def test_styled_pieces_go_on_below_the_name_and_keep_their_styles() -> None:
    pieces = [
        ("    PO101 ", "dim"),
        ("12345     ", "cyan"),
        ("Assigned identification", "dim"),
        (": of a line", "green"),
    ]
    lines = layout.wrap_spans(pieces, 36, 20)
    assert ["".join(text for text, _ in line) for line in lines] == [
        "    PO101 12345     Assigned",
        "                    identification:",
        "                    of a line",
    ]
    assert ("identification", "dim") in lines[1]
    assert (":", "green") in lines[1]
    assert layout.wrap_spans([("one", "")], 2, 4) == [[("", ""), ("one", "")]]
