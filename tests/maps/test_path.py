"""Paths are read as the table of the path language says, and what is no path is told in a sentence."""

from __future__ import annotations

import pytest

from d365edi.maps.path import Path, Step, parse

READ = {
    "BEG03": ((Step("BEG"),), 3, 0),
    "SV101-2": ((Step("SV1"),), 1, 2),
    "BGM02-1": ((Step("BGM"),), 2, 1),
    "REF[DP]02": ((Step("REF", (("DP",),)),), 2, 0),
    "SAC[C,D240]05": ((Step("SAC", (("C",), ("D240",))),), 5, 0),
    "DTM[037|010]02": ((Step("DTM", (("037", "010"),)),), 2, 0),
    "N1[ST]/N301": ((Step("N1", (("ST",),)), Step("N3")), 1, 0),
    "PO1[UP]": ((Step("PO1", (("UP",),)),), 0, 0),
    "N3#2/01": ((Step("N3", (), 2),), 1, 0),
    "SDQ[*]": ((Step("SDQ", (("*",),)),), 0, 0),
    "HL[P]/MAN[GM]02": ((Step("HL", (("P",),)), Step("MAN", (("GM",),))), 2, 0),
    "TD505": ((Step("TD5"),), 5, 0),
    "CTT/AMT[TT]02": ((Step("CTT"), Step("AMT", (("TT",),))), 2, 0),
    "PO1": ((Step("PO1"),), 0, 0),
}


@pytest.mark.parametrize("text", READ)
def test_a_path_is_read(text: str) -> None:
    steps, element, component = READ[text]
    assert parse(text) == Path(text, steps, element, component)


WRONG = {
    "": "is no path",
    "beg03": "is no path",
    "BEG3": "is no path",
    "BEGIN03": "is no path",
    "REF[DP02": "is no path",
    "REF[]02": "has an empty or odd qualifier",
    "DTM[037|]02": "has an empty or odd qualifier",
    "DTM[037|037]02": "names a qualifier twice",
    "N102/N301": "names an element before its end",
    "SV1-2": "names a component without an element",
    "N1/01": "has a step without a segment",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_path_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=WRONG[text]):
        parse(text)
