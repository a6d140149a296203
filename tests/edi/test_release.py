"""Released characters: hidden and shown again without loss, and splitting at separators that are not released."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi import release, values
from d365edi.edi.header import split_released

TEXT = st.text("?'+:ab\xdc", max_size=30)


def by_hand(raw: str, separator: str) -> list[str]:
    """The parts of a text, character by character."""
    parts, escaped = [""], False
    for sign in raw:
        if sign == separator and not escaped:
            parts.append("")
        else:
            parts[-1] += sign
        escaped = sign == "?" and not escaped
    return parts


@settings(max_examples=300, deadline=None)
@given(TEXT, st.sampled_from("'+"))
def test_splitting_loses_nothing_and_splits_nowhere_else(raw: str, separator: str) -> None:
    parts = split_released(raw.encode("latin-1"), separator.encode(), b"?")
    assert [part.decode("latin-1") for part in parts] == by_hand(raw, separator)


@settings(max_examples=300, deadline=None)
@given(TEXT, st.sampled_from("'+:"))
def test_hidden_text_is_split_where_nothing_is_released(raw: str, separator: str) -> None:
    parts = release.hide(raw, "?").split(separator)
    assert [release.sent(part, "?") for part in parts] == by_hand(raw, separator)


@given(st.text("?'+:ab\xdc", max_size=20))
def test_release_characters_are_taken_out_as_they_were_put_in(data: str) -> None:
    escaped = "".join(f"?{sign}" if sign in "?'+:" else sign for sign in data)
    assert release.data(release.hide(escaped, "?")) == data
    assert release.sent(release.hide(escaped, "?"), "?") == escaped


@pytest.mark.parametrize(
    ("raw", "encoding", "text"),
    [
        ("M\xdcSLI", "iso8859-1", "MÜSLI"),
        ("M\xc3\x9cSLI", "iso8859-1", "MÜSLI"),
        ("\xb6", "iso8859-2", "ś"),
        ("\xff", "utf-8", "ÿ"),
        ("\ue03f\xb6", "iso8859-2", "\ue03fś"),
    ],
)
def test_text_is_what_it_can_only_be(raw: str, encoding: str, text: str) -> None:
    assert values.decoded(raw, encoding) == text
