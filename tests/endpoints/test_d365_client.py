"""OData requests: paging at our own host, and what every answer means."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from d365edi.endpoints.d365.auth import entra_tokens
from d365edi.endpoints.d365.checks import ANYTHING
from d365edi.endpoints.d365.client import Client, NoSuchSet, _challenge
from d365edi.endpoints.d365.gate import Gate
from d365edi.endpoints.d365.gate_state import GateRules
from d365edi.endpoints.d365.identity import ClientIdentity
from d365edi.endpoints.retry_after import ABSURD, retry_after
from d365edi.endpoints.transport import HttpTransport, Limits
from d365edi.errors import Refused, Unavailable
from d365edi.odata.plan import Query
from d365edi.odata.quoting import eq
from tests.endpoints.d365_scene import HOST, Scene

UNITS = Query("UnitsOfMeasure", select=("UnitSymbol",), orderby=("UnitSymbol",))
HTML = b"<html><head><title>We'll be back</title></head></html>"


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    for symbol in ("bag", "box", "cs", "kg", "m"):
        scene.sim.state.add("UnitsOfMeasure", UnitSymbol=symbol)
    return scene


class Server:
    """A D365 that answers as planned, with an Entra that always gives a token; keeps what it was asked."""

    def __init__(self, *answers: Response, **limits: int) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []
        wire = HttpTransport("d365", f"D365 at {HOST}", Limits(), transport=httpx.ASGITransport(app=self))
        identity = ClientIdentity("contoso.example", "client", HOST, HOST, client_secret="s")
        tokens, gate = entra_tokens(identity, wire), Gate("d365", GateRules(), wait=0)
        self.client = Client(HOST, wire, tokens, gate, ANYTHING, **limits)  # type: ignore[arg-type]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        if request.url.path.endswith("/token"):
            token = {"token_type": "Bearer", "expires_in": 3599, "access_token": "t"}
            return await JSONResponse(token)(scope, receive, send)
        self.requests.append(request)
        await self.answers.pop(0)(scope, receive, send)


def page(rows: list[dict[str, Any]], link: str = "") -> Response:
    return JSONResponse({"value": rows, **({"@odata.nextLink": link} if link else {})})


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7])
async def test_all_pages_are_read_whatever_their_size(scene: Scene, size: int) -> None:
    scene.sim.state.page = size
    assert [row["UnitSymbol"] for row in await scene.endpoint.ask(UNITS)] == ["bag", "box", "cs", "ea", "kg", "m"]


async def test_no_more_is_read_than_was_asked_for(scene: Scene) -> None:
    scene.sim.state.page = 2
    rows = await scene.endpoint.ask(Query("UnitsOfMeasure", orderby=("UnitSymbol",), top=3))
    assert ([row["UnitSymbol"] for row in rows], scene.sim.count("GET", "UnitsOfMeasure")) == (["bag", "box", "cs"], 2)


async def test_odatas_remarks_are_left_out_and_numbers_are_exact(scene: Scene) -> None:
    rows = await scene.endpoint.ask(
        Query("ReleasedProductsV2", (eq("ItemNumber", "D0001"),), ("ItemNumber", "SalesPrice"))
    )
    assert [{name: row[name] for name in ("ItemNumber", "SalesPrice")} for row in rows] == [
        {"ItemNumber": "D0001", "SalesPrice": Decimal("9.99")}
    ]
    assert [name for row in rows for name in row if "@" in name] == []


async def test_reads_are_cross_company_and_carry_odatas_headers() -> None:
    server = Server(page([]))
    await server.client.rows(Query("CustomersV3", (eq("dataAreaId", "usmf"),)))
    request = server.requests[0]
    assert (request.query_params["cross-company"], request.query_params["$filter"]) == ("true", "dataAreaId eq 'usmf'")
    wanted = {"accept": "application/json", "odata-version": "4.0", "authorization": "Bearer t"}
    assert {name: request.headers[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/data/S?cross-company=true&$skip=2",
        "http://localhost:9/other/data/S?cross-company=true&$skip=2",
        "/data/S?cross-company=true&$skip=2",
        "S?cross-company=true&$skip=2",
        "../data/S?cross-company=true&$skip=2",
        "?cross-company=true&$skip=2",
    ],
)
async def test_the_next_page_is_asked_of_our_own_host_only(link: str) -> None:
    server = Server(page([{"A": 1}], link), page([{"A": 2}]))
    assert await server.client.rows(Query("S")) == [{"A": 1}, {"A": 2}]
    assert str(server.requests[1].url) == f"{HOST}/data/S?cross-company=true&$skip=2"


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/steal?x",
        "//evil.example/data/S?$skip=2",
        "../steal?x",
        "/other/data/S?$skip=2",
        "%2e%2e/steal",
        "https://evil.example/data/../steal",
        "ftp:/data",
    ],
)
async def test_a_next_page_outside_the_service_is_refused(link: str) -> None:
    server = Server(page([{"A": 1}], link))
    with pytest.raises(Refused, match="outside /data/"):
        await server.client.rows(Query("S"))
    assert len(server.requests) == 1


async def test_pages_by_relative_links_are_all_read(scene: Scene) -> None:
    scene.sim.state.page, scene.sim.state.relative_links = 2, True
    assert [row["UnitSymbol"] for row in await scene.endpoint.ask(UNITS)] == ["bag", "box", "cs", "ea", "kg", "m"]
    assert scene.sim.count("GET", "UnitsOfMeasure") == 3


async def test_pages_that_go_round_in_a_circle_end() -> None:
    link = f"{HOST}/data/S?cross-company=true&$skip=1"
    with pytest.raises(Unavailable, match="repeat in a circle"):
        await Server(page([{"A": 1}], link), page([{"A": 2}], link)).client.rows(Query("S"))


@pytest.mark.parametrize(("pages", "size"), [(3, 1 << 20), (100, 4500)])
async def test_a_query_ends_at_so_many_pages_or_so_much_memory(pages: int, size: int) -> None:
    answers = (page([{"a": "x" * 80}], f"{HOST}/data/S?$skip={at}") for at in range(1, 20))
    server = Server(*answers, most_pages=pages, most_bytes=size)
    with pytest.raises(Refused, match="S has more than"):
        await server.client.rows(Query("S"))
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    "content", [HTML, b"", b"[]", b"{}", b'{"value": 3}', b'{"value": [1]}', b'{"value": [{"a": NaN}]}', b'{"value": [']
)
async def test_a_success_that_holds_no_rows_is_unavailable(content: bytes) -> None:
    with pytest.raises(Unavailable) as caught:
        await Server(Response(content)).client.rows(Query("S"))
    assert caught.value.unclear is False


async def test_a_made_record_that_cannot_be_read_is_unclear() -> None:
    with pytest.raises(Unavailable) as caught:
        await Server(Response(HTML)).client.create("S", {"A": 1})
    assert (caught.value.unclear, caught.value.message) == (True, 'an HTML page, "We\'ll be back"')


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_answer_of_a_few_megabytes_that_would_fill_the_memory_is_not_read(method: str) -> None:
    """64 MB of `[[],[],...` took 1.6 GB."""
    server = Server(Response(b'{"value":[' + b"[]," * (2 << 20) + b"1]}"))
    asked = server.client.rows(Query("S")) if method == "GET" else server.client.create("S", {"A": 1})
    kind = Refused if method == "GET" else Unavailable
    with pytest.raises(
        kind, match=r"would take up to \d+ MB of memory, and 256 MB are allowed; it was not read"
    ) as caught:
        await asked
    assert getattr(caught.value, "unclear", False) == (method == "POST")


async def test_an_error_of_a_few_megabytes_that_would_fill_the_memory_is_a_sentence() -> None:
    server = Server(Response(b'{"error":[' + b"[]," * (2 << 20) + b"1]}", 400))
    with pytest.raises(Refused, match="answered 400: an answer that would take up to"):
        await server.client.rows(Query("S"))


def responses(*answers: tuple[str, int]) -> Response:
    return JSONResponse({"responses": [{"id": id, "status": status} for id, status in answers]})


async def test_a_batch_asks_for_an_answer_in_the_form_that_it_has() -> None:
    server = Server(responses(("2", 201), ("1", 201)))
    await server.client.create_together("S", [{"A": 1}, {"A": 2}], "t")
    assert server.requests[0].headers["accept"] == "multipart/mixed"


@pytest.mark.parametrize("ids", [("1",), ("1", "1"), ("1", "3"), ("1", "2", "2")])
async def test_a_batch_of_which_not_each_operation_was_answered_once_is_unclear(ids: tuple[str, ...]) -> None:
    with pytest.raises(Unavailable, match=r"of 2 lines [12] were answered") as caught:
        await Server(responses(*((id, 201) for id in ids))).client.create_together("S", [{}, {}], "t")
    assert caught.value.unclear


async def test_the_operation_that_failed_is_named_and_not_those_that_depend_on_it() -> None:
    with pytest.raises(Refused, match="line 2 of 2: "):
        await Server(responses(("1", 424), ("2", 400))).client.create_together("S", [{}, {}], "t")


async def test_a_redirect_is_not_followed() -> None:
    server = Server(Response(b"", 302, {"Location": "https://evil.example/"}))
    with pytest.raises(Refused, match="302 with another address"):
        await server.client.rows(Query("S"))
    assert len(server.requests) == 1


INFOLOG = {
    "error": {
        "code": "",
        "message": "An error has occurred.",
        "innererror": {
            "message": "Write failed for table row of type 'E'. Infolog: Error: Not so.",
            "stacktrace": "at X",
        },
    }
}
CONFLICT = json.loads(json.dumps(INFOLOG).replace("Not so.", "An update conflict occurred due to another user."))
PLAIN = {"error": {"code": "", "message": "An error has occurred."}}
REFUSED, UNCLEAR, CLEAR = "refused", "unclear", "clear"


@pytest.mark.parametrize(
    ("status", "body", "get", "post"),
    [
        (400, INFOLOG, REFUSED, REFUSED),
        (400, CONFLICT, CLEAR, CLEAR),
        (403, PLAIN, REFUSED, CLEAR),
        (404, PLAIN, REFUSED, REFUSED),
        (405, HTML, REFUSED, REFUSED),
        (408, PLAIN, CLEAR, UNCLEAR),
        (409, PLAIN, REFUSED, REFUSED),
        (412, PLAIN, REFUSED, REFUSED),
        (429, PLAIN, CLEAR, CLEAR),
        (500, PLAIN, CLEAR, UNCLEAR),
        (500, INFOLOG, CLEAR, UNCLEAR),
        (500, HTML, CLEAR, UNCLEAR),
        (500, CONFLICT, CLEAR, CLEAR),
        (501, PLAIN, CLEAR, UNCLEAR),
        (502, HTML, CLEAR, UNCLEAR),
        (503, HTML, CLEAR, UNCLEAR),
        (504, b"", CLEAR, UNCLEAR),
    ],
)
async def test_what_a_status_means(status: int, body: Any, get: str, post: str) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    seen = []
    for method in ("GET", "POST"):
        client = Server(Response(content, status)).client
        with pytest.raises((Refused, Unavailable)) as caught:
            await (client.rows(Query("S")) if method == "GET" else client.create("S", {}))
        error = caught.value
        seen.append((UNCLEAR if error.unclear else CLEAR) if isinstance(error, Unavailable) else REFUSED)
        assert (error.endpoint, "at X" in str(error)) == ("d365", False)
    assert seen == [get, post]


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(403, "Microsoft Entra ID applications"), (412, "read it again"), (400, "")],
)
async def test_a_refusal_says_what_to_do(status: int, remedy: str) -> None:
    with pytest.raises(Refused) as caught:
        await Server(JSONResponse(PLAIN, status)).client.rows(Query("S"))
    assert (remedy in caught.value.remedy, caught.value.message) == (
        True,
        f"D365 at {HOST} answered {status}: An error has occurred.",
    )


async def test_a_set_that_is_not_there_is_named_and_not_its_address() -> None:
    with pytest.raises(NoSuchSet) as caught:
        await Server(JSONResponse(PLAIN, 404)).client.rows(Query("S"))
    assert caught.value.message == f"D365 at {HOST} has no entity set S that we may see (404)"
    assert "case counts" in caught.value.remedy


@pytest.mark.parametrize("status", [429, 503])
async def test_the_time_to_wait_is_passed_on(scene: Scene, status: int) -> None:
    later = datetime.fromtimestamp(scene.clock.now + 11 + 42, UTC)
    for given, wait in ((11, 11.0), (later, 42.0), (None, 10.0 if status == 429 else None)):
        scene.sim.faults.answer(status, method="GET", retry_after=given)
        with pytest.raises(Unavailable) as caught:
            await scene.endpoint.ask(UNITS)
        assert caught.value.retry_after == wait
        scene.clock.now += wait or 0


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": " 30 "}, 30.0),
        ({"Retry-After": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "9" * 400}, ABSURD),
        ({"retry-after": "Fri, 31 Dec 9999 00:00:00 GMT"}, ABSURD),
        ({"retry-after": "Thu, 01 Jan 1970 00:20:00 GMT"}, 200.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:01 GMT"}, 0.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:20:00 GMT", "date": "Thu, 01 Jan 1970 00:19:30 GMT"}, 30.0),
        ({"retry-after": "Thu, 99 Jan 1970 00:20:00 GMT"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_servers_own_clock(headers: dict[str, str], wait: float | None) -> None:
    assert retry_after(headers, 1000.0) == wait


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ("", ""),
        ('Bearer authorization_uri="https://login"', ""),
        ('Bearer error="insufficient_claims", claims="eyJhIjoxfQ=="', '{"a":1}'),
        ('Bearer claims="eyJhIjoxfQ"', '{"a":1}'),
        ('Bearer claims="bm90IGpzb24="', ""),
        ('Bearer claims="!!!"', ""),
        ('Bearer claims="AAAAA"', ""),
    ],
)
def test_a_challenge_is_read_from_a_refusal(header: str, claims: str) -> None:
    assert _challenge(header) == claims


async def test_a_batch_with_fewer_answers_than_lines_is_unclear() -> None:
    body = b"--b\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\nHTTP/1.1 201 Created\r\n\r\n{}\r\n--b--\r\n"
    server = Server(Response(body, 200, {"Content-Type": "multipart/mixed; boundary=b"}))
    with pytest.raises(Unavailable, match="of 2 lines 1 were answered") as caught:
        await server.client.create_together("S", [{"A": 1}, {"A": 2}], "t")
    assert caught.value.unclear is True


async def test_a_batchs_answer_that_was_cut_off_is_unclear() -> None:
    server = Server(Response(b"--b\r\nContent-Type: app", 200, {"Content-Type": "multipart/mixed; boundary=b"}))
    with pytest.raises(Unavailable, match="cut off") as caught:
        await server.client.create_together("S", [{"A": 1}], "t")
    assert caught.value.unclear is True
