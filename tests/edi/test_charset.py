"""Text becomes printable ASCII, whatever it was, and stays as it is where it is that already."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.edi import charset

ALIKE = [
    ("Müller & Söhne", "Muller & Sohne"),
    ("Łódź, Đakovo, Þingvellir", "Lodz, Dakovo, Thingvellir"),
    ("STRAẞE straße", "STRASSE strasse"),
    ("“a” ‘b’ „c“ «d»", '"a" \'b\' "c" "d"'),
    ("5 × 3 ÷ 2 − 1 – 4 — 6 … end", "5 x 3 / 2 - 1 - 4 - 6 ... end"),
    ("€ £ ¥", "EUR GBP JPY"),
    ("Acme® ™ ©", "Acme"),
    ("½ m² ﬁne Ⅳ", "1 2 m2 fine IV"),
    ("tab\tbreak\r\nnbsp\xa0nel\x85nul\x00", "tab break nbsp nel nul"),
    ("日本語", ""),
    ("", ""),
    ("   ", ""),
    ("what? really?", "what? really?"),
]


@pytest.mark.parametrize(("text", "plain"), ALIKE)
def test_text_takes_the_likeness_that_ascii_has(text: str, plain: str) -> None:
    assert charset.squeeze(charset.plain(text)) == plain


@given(st.text())
def test_the_result_is_printable_ascii_and_stays_as_it_is(text: str) -> None:
    plain = charset.plain(text)
    assert all(" " <= letter < "\x7f" for letter in plain)
    assert plain == plain.strip(" ")
    assert charset.plain(plain) == plain


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)))
def test_printable_ascii_is_left_alone(text: str) -> None:
    assert charset.plain(text) == text


@given(st.text(" ab"))
def test_squeezing_leaves_single_blanks_and_all_letters(text: str) -> None:
    squeezed = charset.squeeze(text)
    assert "  " not in squeezed
    assert squeezed == squeezed.strip(" ")
    assert squeezed.replace(" ", "") == text.replace(" ", "")
