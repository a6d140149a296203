# ruff: noqa: E501 - a sentence stands on one line, as it is reported
"""What a person writes in a TOML file that TOML does not allow: the line, what is wrong in it, what to write."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.errors import SettingsError
from d365edi.settings import load
from d365edi.settings.toml_errors import explain

from .conftest import RIGHT

MISTAKES = [
    ('a = “b”', '1: “ is a typographic quote; write straight ones: "'),
    ("a\u00a0= 1", "1: it has a blank that is none of TOML's (U+00A0); write it anew with the space bar"),
    ("\x00\x01", "1: it has the control character U+0000; name a text file"),
    ("a = 1\rb = 2\r", "1: its lines end with CR alone; save it with line ends of Unix (LF) or Windows (CR LF)"),
    ('a = "C:\\data"', "1: a \\ in double quotes begins an escape; write single quotes, as 'C:\\edi', or two of them: \"C:\\\\edi\""),
    ("[a]\nx = 1\n[b]\n[a]\ny = 2", "4: [a] stands twice, first at line 1; put the keys of both under one header, or correct the name"),
    ("[p]\nacks = { a = 1 }\n[p.acks]\nb = 2", "3: [p.acks] stands twice, first at line 2; put the keys of both under one header, or correct the name"),
    ("a = { b = 1 }\na.c = 2", "2: a.c adds to a table that stands complete at line 1; write all of its keys in one place: in the { ... } there, or under a header"),
    ("a = 1\nb = 2\na = 3", "3: a is set twice in one table, first at line 1; keep one of the two"),
    ('"A" = 1\n"A" = 2', '2: "A" is set twice in one table, first at line 1; keep one of the two'),
    ("a = { b = 1, b = 2 }", "1: b is set twice in one table; keep one of the two"),
    ("tenant contoso", "1: tenant is followed by no equals sign; write tenant = ..., text in quotes"),
    ("tenant: 'x'", "1: tenant is followed by no equals sign; write tenant = ..., text in quotes"),
    ("a = ", '1: a has no value; write a = "..."'),
    ("a = US-003", '1: US-003 is no value; text is written in quotes: a = "US-003"'),
    ("a = { usmf = US-003 }", '1: US-003 is no value; text is written in quotes: usmf = "US-003"'),
    ("a = True", "1: True is no value; write a = true"),
    ("a = no", "1: no is no value; write a = false"),
    ("a = 022", '1: the number 022 begins with 0; write a = 22, or as text: "022"'),
    ("a = 2025-13-40", "1: 2025-13-40 is no day of the calendar; write it as 2025-01-31"),
    ("a = { b = 1, }", "1: { ... } has a comma at its end; take the comma away"),
    ("a = { b = 1,\n c = 2 }", "1: { ... } goes on in the next line; write it on one line, or as a table of its own: [...]"),
    ('a = "b', '1: the text of a is not closed; end it on its line with the quote that it began with: "..."'),
    ('a = "b\nc = 1', '1: the text of a is not closed; end it on its line with the quote that it began with: "..."'),
    ("a = [1\nb = 2", '2: Unclosed array; end the list with ], and separate its values by commas: ["a", "b"]'),
    ("[partners.acme\nx = 1", "1: Expected ']' at the end of a table declaration; write [partners.acme]: one word for each level; other names in quotes"),
    ("[partners.acme gmbh]\nx = 1", "1: Expected ']' at the end of a table declaration; write [partners.acme]: one word for each level; other names in quotes"),
    ("; a comment\na = 1", "1: a comment begins with #; write # in place of ;"),
    ("// a comment\na = 1", "1: a comment begins with #; write # in place of /"),
    ('{"a": 1}', "1: a line begins with {, as in JSON, XML or YAML; write [table] above, and key = value in each line"),
    ("[p.a]\nx = 1\n[p]\na.y = 2", "4: a.y adds to a table that stands complete at line 1; write all of its keys in one place: in the { ... } there, or under a header"),
]  # fmt: skip


def refused(text: str) -> str:
    """What the parser says of a text that it refuses."""
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    return str(caught.value)


@pytest.mark.parametrize(("text", "sentence"), MISTAKES)
def test_a_mistake_is_named_with_its_line_and_how_it_is_written_right(text: str, sentence: str) -> None:
    found = explain(text, refused(text))
    assert f"{found.line}: {found.sentence}; {found.remedy}" == sentence


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\xef\xbb\xbf" + RIGHT.encode(), "1: the file begins with a byte order mark (BOM, U+FEFF); save it as UTF-8 without BOM"),
        (RIGHT.encode("utf-16"), "1: the file is UTF-16 text; save it as UTF-8"),
        (RIGHT.replace("contoso.onm", "cöntoso").encode("latin-1"), "7: the file is not UTF-8 text; save it as UTF-8"),
    ],
)  # fmt: skip
def test_a_file_in_another_encoding_is_named(tmp_path: Path, data: bytes, sentence: str) -> None:
    path = tmp_path / "s.toml"
    path.write_bytes(data)
    with pytest.raises(SettingsError) as caught:
        load(path, {})
    assert str(caught.value) == f"{path}:{sentence}"


@pytest.mark.parametrize(
    "line", ["password = hunter2", "client_secret = { secret = hunter2 }", "key = hunter2 hunter2"]
)
def test_what_may_be_a_secret_is_not_shown(line: str) -> None:
    found = explain(line, refused(line))
    assert "hunter2" not in found.sentence + found.remedy


@given(st.text("[]{}=,.\"'#\\ \n\rab01-:“\x00", max_size=40))
def test_any_text_that_is_refused_is_explained(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = explain(text, str(error))
        assert 1 <= found.line <= text.count("\n") + 1
        assert found.sentence
        assert found.remedy
