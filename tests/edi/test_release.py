"""Released characters: hidden, so that what is split at separators is split right, and brought back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.edi import release


def split(text: str) -> list[str]:
    """A segment split at its separators, each value as it was sent."""
    return [release.sent(value, "?") for value in release.hide(text, "?").split("+")]


SPLITS = [
    ("a+b+c", ["a", "b", "c"]), ("a?+b+c", ["a?+b", "c"]), ("a??+", ["a??", ""]), ("a???+", ["a???+"]),
    ("+", ["", ""]), ("?+", ["?+"]), ("", [""]), ("a+?", ["a", "?"]), ("??", ["??"]), ("?+?+a+", ["?+?+a", ""]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "parts"), SPLITS)
def test_a_release_character_protects_exactly_the_next_one(text: str, parts: list[str]) -> None:
    assert split(text) == parts


@given(st.lists(st.text("ab+?", max_size=6), min_size=1, max_size=5))
def test_what_was_released_and_joined_is_split_again_as_it_was(values: list[str]) -> None:
    released = [value.replace("?", "??").replace("+", "?+") for value in values]
    assert split("+".join(released)) == released


@given(st.text("ab+?", max_size=30))
def test_a_text_is_split_as_one_reads_it_sign_by_sign(text: str) -> None:
    parts, escaped = [""], False
    for sign in text:
        if sign == "+" and not escaped:
            parts.append("")
        else:
            parts[-1] += sign
        escaped = sign == "?" and not escaped
    assert split(text) == parts


def test_without_a_release_character_nothing_is_protected() -> None:
    assert release.hide("a?+b", "") == "a?+b"


@given(st.text("ab+?:'\xe9", max_size=30))
def test_what_was_hidden_comes_back_as_it_was_sent_and_counts_its_bytes(text: str) -> None:
    hidden = release.hide(text, "?")
    assert release.sent(hidden, "?") == text
    assert release.size(hidden) == len(text)


@given(st.text("ab+?:'", max_size=12))
def test_the_data_of_a_released_value_is_the_value(value: str) -> None:
    released = "".join(f"?{sign}" if sign in "+?:'" else sign for sign in value)
    assert release.data(release.hide(released, "?")) == value
