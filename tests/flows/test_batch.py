"""Which flows of a partner put their documents into the same interchanges."""

from __future__ import annotations

from pathlib import Path

import pytest

from d365edi import partners
from d365edi.flows.batch import batch_of, batches
from d365edi.settings import load
from tests.settings.conftest import RIGHT

SENDS = """
[partners.acme.edifact]
us   = "14:4012345000009"
them = "14:4098765000010"
"""
SAME = "{control:09}.edi"


def flow(set_id: str, of: str, batch: int, file: str = SAME, path: str = "/inbound") -> str:
    to = f'{{ endpoint = "acme", path = "{path}", file = "{file}" }}'
    return f'\n[partners.acme.send.{set_id}]\nof = "{of}"\nto = {to}\nevery = "1h"\nbatch = {batch}\n'


NOTICE = flow("856", "PackingSlip", 9)


@pytest.mark.parametrize(
    ("other", "together"),
    [
        (flow("810", "SalesInvoice", 9), [{"810", "856"}]),
        (flow("810", "SalesInvoice", 8), [{"810"}, {"856"}]),
        (flow("810", "SalesInvoice", 1), [{"856"}]),
        (flow("810", "SalesInvoice", 9, path="/invoices"), [{"810"}, {"856"}]),
        (flow("810", "SalesInvoice", 9, file="810_{control}"), [{"810"}, {"856"}]),
        (flow("INVOIC", "SalesInvoice", 9), [{"856"}, {"INVOIC"}]),
        (flow("810", "SalesInvoice", 9) + flow("855", "SalesOrderResponse", 9), [{"810", "855", "856"}]),
    ],
)
def test_flows_share_an_interchange_where_file_batch_and_identity_are_the_same(
    other: str, together: list[set[str]], tmp_path: Path
) -> None:
    found = found_in(tmp_path, NOTICE + other)
    assert sorted(found, key=min) == together


def test_a_name_that_says_the_set_is_a_file_of_that_set_alone(tmp_path: Path) -> None:
    named = "{set}_{control:09}.edi"
    flows = flow("856", "PackingSlip", 9, named) + flow("810", "SalesInvoice", 9, named)
    assert sorted(found_in(tmp_path, flows), key=min) == [{"810"}, {"856"}]


def found_in(folder: Path, flows: str) -> list[set[str]]:
    """The sets of each batch. Each of its flows leads to the same one."""
    path = folder / "settings.toml"
    path.write_text(RIGHT.partition("[partners.acme.send.810]")[0] + SENDS + flows)
    compiled = partners.compiled(load(path, {}))
    found = batches(compiled.values())
    for batch in found:
        assert {batch_of(batch.partner, send).key for send in batch.flows.values()} == {batch.key}
    return [{send.set for send in batch.flows.values()} for batch in found]
