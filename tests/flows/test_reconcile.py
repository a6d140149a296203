"""What two files have in common when one of them was made again with other control numbers."""

from __future__ import annotations

import pytest

from d365edi.flows.reconcile import content

X12 = (
    "ISA*00*          *00*          *01*123456789      *08*6111250008     *261129*{time}*U*00401*{n:09d}*0*P*>~\n"
    "GS*IN*123456789*6111250008*20261129*{time}*{n}*X*004010~\nST*810*{n:04d}~\nBIG*20261129*{invoice}~\n"
    "TDS*12600~\nSE*4*{n:04d}~\nGE*1*{n}~\nIEA*1*{n:09d}~\n"
)
EDIFACT = "UNA:+.? 'UNB+UNOC:3+A:14+B:14+261129:{time}+{n}'UNH+{n}+INVOIC:D:96A:UN'BGM+380+{invoice}+9'UNS+S'UNT+4+{n}'UNZ+1+{n}'"


@pytest.mark.parametrize("text", [X12, EDIFACT, EDIFACT.removeprefix("UNA:+.? '")])
def test_control_numbers_and_times_make_no_difference_and_all_else_does(text: str) -> None:
    first, again, other = (
        text.format(n=n, time=time, invoice=invoice).encode()
        for n, time, invoice in ((7, "0901", "INV-1"), (1007, "1415", "INV-1"), (7, "0901", "INV-2"))
    )
    assert content(first) == content(again)
    assert content(first) != content(other)
    assert content(again.replace(b"\n", b"")) == content(first)


@pytest.mark.parametrize("data", [b"", b"ISA*", b"Invoice;Line\nINV-1;1\n", b"ST-1;x"])
def test_what_is_no_interchange_is_its_own_content(data: bytes) -> None:
    assert content(data) == data
