"""`$batch`: framing, changesets, and what is undone."""

from __future__ import annotations

import re

import httpx
import pytest

from d365edi.sandbox.d365 import Simulator

from .conftest import HOST, create_order

LINES = f"{HOST}/data/SalesOrderLinesV3?cross-company=true"


def part(
    url: str, body: str = "", *, method: str = "POST", id: str | None = "1", kind: str = "application/json"
) -> str:
    """One operation as F&O's own clients frame it."""
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    head += [f"Content-ID: {id}"] if id is not None else []
    return "\r\n".join([*head, "", f"{method} {url} HTTP/1.1", f"Content-Type: {kind}", "", body])


def framed(boundary: str, *parts: str) -> str:
    return "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"


def changeset(*parts: str) -> str:
    return "Content-Type: multipart/mixed; boundary=changeset_1\r\n\r\n" + framed("changeset_1", *parts)


def line(number: str, item: str) -> str:
    return f'{{"dataAreaId":"usmf","SalesOrderNumber":"{number}","ItemNumber":"{item}"}}'


async def post(caller: httpx.AsyncClient, body: str, boundary: str = "batch_1") -> httpx.Response:
    headers = {"Content-Type": f"multipart/mixed; boundary={boundary}"}
    return await caller.post("/data/$batch", content=body.encode(), headers=headers)


def statuses(answer: httpx.Response) -> list[tuple[str, int]]:
    """(Content-ID, status) of every part of an answer."""
    found = re.findall(r"(?:Content-ID: (\w+)\r\n)?\r\nHTTP/1\.1 (\d+) ", answer.text)
    return [(id, int(status)) for id, status in found]


async def test_a_changeset_that_holds_is_answered_part_by_part(simulator: Simulator, caller: httpx.AsyncClient) -> None:
    number = await create_order(caller)
    parts = [part(LINES, line(number, item), id=id) for id, item in (("a", "NB-100"), ("b", "NB-200"))]
    answer = await post(caller, framed("batch_1", changeset(*parts)))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("multipart/mixed; boundary=batchresponse_")
    assert statuses(answer) == [("a", 201), ("b", 201)]
    assert "boundary=changesetresponse_" in answer.text
    assert len(simulator.state.rows("SalesOrderLinesV3")) == 2


@pytest.mark.parametrize("shape", ["single", "nested"])
async def test_a_changeset_that_fails_leaves_nothing_and_says_which_operation_it_was(
    simulator: Simulator, caller: httpx.AsyncClient, shape: str
) -> None:
    simulator.state.failed_changeset = shape
    number = await create_order(caller)
    parts = [part(LINES, line(number, item), id=id) for id, item in (("a", "NB-100"), ("b", "NB-999"), ("c", "NB-200"))]
    answer = await post(caller, framed("batch_1", changeset(*parts)))
    assert (answer.status_code, statuses(answer)) == (200, [("b", 500)])
    assert ("changesetresponse_" in answer.text) == (shape == "nested")
    assert "is not found in the related table 'Items'." in answer.text
    assert simulator.state.rows("SalesOrderLinesV3") == []


async def test_a_failed_changeset_takes_back_updates_and_deletions_too(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    kept, dropped = await create_order(caller, Email="before"), await create_order(caller)
    before = [(record.values, record.etag) for record in simulator.state.store.rows("SalesOrderHeadersV4")]
    key = f"{HOST}/data/SalesOrderHeadersV4(dataAreaId='usmf',SalesOrderNumber='{{}}')?cross-company=true"
    parts = [
        part(key.format(kept), '{"Email":"after"}', method="PATCH", id="1"),
        part(key.format(dropped), method="DELETE", id="2"),
        part(LINES, line(kept, "NB-999"), id="3"),
    ]
    assert statuses(await post(caller, framed("batch_1", changeset(*parts)))) == [("3", 500)]
    assert [(r.values, r.etag) for r in simulator.state.store.rows("SalesOrderHeadersV4")] == before
    assert len(simulator.state.rows("SalesOrderHeadersV4", Email="before")) == 1


async def test_a_header_and_its_lines_go_in_one_changeset_where_numbers_are_manual(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    simulator.state.manual_numbers = True
    header = '{"dataAreaId":"usmf","OrderingCustomerAccountNumber":"US-001","InvoiceCustomerAccountNumber":"US-001",'
    parts = [
        part(f"{HOST}/data/SalesOrderHeadersV4?cross-company=true", f'{header}"SalesOrderNumber":"PO-9"}}', id="1"),
        part(LINES, line("PO-9", "NB-100"), id="2"),
    ]
    assert statuses(await post(caller, framed("batch_1", changeset(*parts)))) == [("1", 201), ("2", 201)]


async def test_operations_outside_of_changesets_stand_alone(simulator: Simulator, caller: httpx.AsyncClient) -> None:
    number = await create_order(caller)
    answer = await post(
        caller,
        framed(
            "batch_1",
            part(LINES, line(number, "NB-999"), id=None),
            part(LINES, line(number, "NB-100"), id=None),
            part(f"{LINES}&$select=ItemNumber", method="GET", id="7"),
            part("SalesOrderLinesV3?cross-company=true&$nonsense=1", method="GET", id=None),
        ),
    )
    assert statuses(answer) == [("", 500), ("", 201), ("7", 200), ("", 400)]
    assert len(simulator.state.rows("SalesOrderLinesV3")) == 1
    assert [(seen.status, seen.inside) for seen in simulator.log[-5:]] == [
        *((500, True), (201, True), (200, True), (400, True)),
        (200, False),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "--batch_1--\r\n",
        framed("other", part(LINES, "{}")),
        framed("batch_1", part(LINES, "{}")).replace("--batch_1--", ""),
        framed("batch_1", part(LINES, "{}")).replace("\r\n", "\n"),
        framed("batch_1", part(LINES, "{}").replace("Content-Transfer-Encoding: binary\r\n", "")),
        framed("batch_1", part(LINES, "{}").replace(" HTTP/1.1", "")),
        framed("batch_1", part(LINES, "{}").replace("application/http", "application/json")),
        framed("batch_1", part("https://elsewhere.test/data/SalesOrderLinesV3", "{}")),
        framed("batch_1", changeset(part(LINES, "{}", id=None))),
        framed("batch_1", changeset(part(LINES, "{}", id="1"), part(LINES, "{}", id="1"))),
        framed("batch_1", changeset(part(LINES, method="GET"))),
        framed("batch_1", changeset(changeset(part(LINES, "{}")))),
    ],
)
async def test_a_malformed_batch_is_400_as_a_whole(simulator: Simulator, caller: httpx.AsyncClient, body: str) -> None:
    assert (await post(caller, body)).status_code == 400
    assert simulator.count("POST", "SalesOrderLinesV3") == 0


async def test_a_batch_of_another_content_type_or_method_is_refused(caller: httpx.AsyncClient) -> None:
    answers = [await caller.post("/data/$batch", json={"requests": []}), await caller.get("/data/$batch")]
    assert [answer.status_code for answer in answers] == [400, 405]


async def test_more_than_five_thousand_operations_are_refused(caller: httpx.AsyncClient) -> None:
    url = f"{HOST}/data/UnitsOfMeasure"
    body = framed("batch_1", *(part(url, method="GET", id=None) for _ in range(5001)))
    assert (await post(caller, body)).status_code == 400


async def test_a_fault_inside_a_batch_strikes_one_operation_while_the_batch_says_200(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    number = await create_order(caller)
    simulator.faults.answer(429, method="POST", path="/data/SalesOrderLinesV3", retry_after=7, inner=True)
    parts = [part(LINES, line(number, "NB-100"), id=None) for _ in range(2)]
    answer = await post(caller, framed("batch_1", *parts))
    assert (answer.status_code, statuses(answer)) == (200, [("", 429), ("", 201)])
    assert "Retry-After: 7\r\n" in answer.text
