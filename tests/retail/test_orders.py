"""The orders of this room are themselves sound: strictly read by us, and by another parser."""

from __future__ import annotations

from d365edi.edi import reader
from tests.edi import independent, see
from tests.retail.day import FOLDER


def test_the_orders_are_valid() -> None:
    orders = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert len(orders) == 10
    for name, data in orders.items():
        report = reader.read(data, reader.ReadOptions(strictness="strict"))
        assert [str(each) for each in see.findings(report)] == [], name
    plain = {name: data.replace(b"004010VICS", b"004010") for name, data in orders.items()}
    assert independent.judge(plain) == dict.fromkeys(orders, "")
