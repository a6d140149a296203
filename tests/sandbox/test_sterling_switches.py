"""The simulated Sterling's switches, its identity server, and what is looked up beside mailboxes."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from d365edi.sandbox.sterling import SterlingSimulator, Switches
from d365edi.sandbox.sterling.server import Rule
from d365edi.sandbox.sterling.switches import CHOICES, UnknownSwitch
from tests.clock import Clock

from .sterling import calling, contents, deliver, payload, upload

NOW = 1767604500.25


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def sterling(clock: Clock) -> SterlingSimulator:
    made = SterlingSimulator(clock=clock)
    for path in ("/acme/out", "/acme/to"):
        made.state.mailbox(path)
    return made


@pytest.fixture
async def caller(sterling: SterlingSimulator) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(sterling) as client:
        yield client


def test_switches_are_written_as_on_the_command_line_and_the_first_value_is_the_default() -> None:
    assert {name: getattr(Switches(), name) for name in CHOICES} == {
        name: values[0] for name, values in CHOICES.items()
    }
    made = Switches.of("offset=-0500", "bearer", "page_cap=100", "doc=off")
    assert (made.offset, made.bearer, made.page_cap, made.doc) == ("-0500", True, 100, False)
    for wrong in ("offst=Z", "offset=+0100", "skew=soon", "bearer=yes"):
        with pytest.raises(UnknownSwitch, match=wrong.partition("=")[0]):
            Switches.of(wrong)


@pytest.mark.parametrize("kind", ["404", "400", "[]"])
async def test_empty_is_how_a_listing_without_rows_looks(
    sterling: SterlingSimulator, caller: httpx.AsyncClient, kind: str
) -> None:
    sterling.switches.empty = kind
    mailbox = sterling.state.mailbox("/acme/out").id
    queries = (f"mailboxcontents/?parentMailboxId={mailbox}", "mailboxes/?path=/x", "mailboxmessages/?name=x")
    answers = [await caller.get(query) for query in (*queries, "documents/?documentId=x")]
    assert {answer.status_code for answer in answers} == {200 if kind == "[]" else int(kind)}
    assert {answer.text if kind == "[]" else str(answer.json()["errorCode"]) for answer in answers} == {kind}


@pytest.mark.parametrize(
    ("kind", "begins"),
    [
        ("plain", "https://sterling.test/B2BAPIs/svc/documents/sandbox:node1:"),
        ("%3A", "https://sterling.test/B2BAPIs/svc/documents/sandbox%3Anode1%3A"),
        ("relative", "/B2BAPIs/svc/documents/sandbox:"),
        ("other-host", "https://node2.internal:35006/B2BAPIs/svc/documents/"),
    ],
)
async def test_location_is_how_what_was_made_is_named(
    sterling: SterlingSimulator, caller: httpx.AsyncClient, kind: str, begins: str
) -> None:
    sterling.switches.location = kind
    answer = await caller.post("documents/", json={"payload": ""})
    assert answer.json()["Location"].startswith(begins)


@pytest.mark.parametrize(
    ("kind", "read", "listed"),
    [
        ("messages", {"code": True, "display": "Yes"}, "true"),
        ("everywhere", {"code": True, "display": "Yes"}, {"code": True, "display": "Yes"}),
        ("nowhere", True, "true"),
    ],
)
async def test_coded_is_where_values_have_a_code(
    sterling: SterlingSimulator, caller: httpx.AsyncClient, kind: str, read: Any, listed: Any
) -> None:
    sterling.switches.coded = kind
    id = sterling.state.put("/acme/out", "a.edi", b"x", always=True).id
    (row,) = await contents(caller, sterling.state.mailbox("/acme/out").id)
    message = (await caller.get(f"mailboxmessages/{id}")).json()
    assert (message["extractableAlways"], row["extractableAlways"]) == (read, listed)
    assert "extractableCount" not in message


@pytest.mark.parametrize(
    ("offset", "date"),
    [
        ("+0000", "2026-01-05T09:15:00.000+0000"),
        ("-0500", "2026-01-05T04:15:00.000-0500"),
        ("+05:30", "2026-01-05T14:45:00.000+05:30"),
        ("Z", "2026-01-05T09:15:00.000Z"),
    ],
)
async def test_offset_resolution_and_skew_are_those_of_dates(
    sterling: SterlingSimulator, caller: httpx.AsyncClient, offset: str, date: str
) -> None:
    sterling.switches.offset = offset
    sterling.state.put("/acme/out", "a.edi", b"x")
    mailbox = sterling.state.mailbox("/acme/out").id
    (row,) = await contents(caller, mailbox)
    sterling.switches.resolution = "milliseconds"
    (finer,) = await contents(caller, mailbox)
    sterling.switches.skew = -3600
    id = sterling.state.put("/acme/to", "a.edi", b"x").id
    earlier = (await caller.get(f"mailboxmessages/{id}")).json()["creationDate"]
    assert (row["creationDate"], finer["creationDate"]) == (date, date.replace(".000", ".250"))
    assert int(earlier[11:13]) == int(date[11:13]) - 1


@pytest.mark.parametrize(
    ("kind", "asked", "found"),
    [
        ("exact", "po", {"po"}),
        ("prefix", "po", {"po", "po-2"}),
        ("%", "p%", {"po", "po-2"}),
        ("%", "po", {"po"}),
    ],
)  # fmt: skip
async def test_name_filter_is_how_a_name_is_looked_for(
    sterling: SterlingSimulator, caller: httpx.AsyncClient, kind: str, asked: str, found: set[str]
) -> None:
    sterling.switches.name_filter = kind
    for name in ("po", "po-2", "order"):
        sterling.state.put("/acme/out", name, b"x")
    rows = (await caller.get("mailboxmessages/", params={"name": asked, "_range": "0-99"})).json()
    assert {row["name"] for row in rows} == found


@pytest.mark.parametrize("kind", ["keeps", "new"])
async def test_move_keeps_the_id_or_makes_another_message_of_it(
    sterling: SterlingSimulator, caller: httpx.AsyncClient, kind: str
) -> None:
    sterling.switches.move = kind
    message = sterling.state.put("/acme/out", "a.edi", b"x")
    await caller.post(f"mailboxmessages/{message.id}/actions/movemailboxmessage", json={"path": "/acme/to"})
    (row,) = await contents(caller, sterling.state.mailbox("/acme/to").id)
    assert ((row["id"] == message.id), row["documentId"]) == (kind == "keeps", message.document)
    assert len(sterling.ledger.messages()) == 1


@pytest.mark.parametrize(("kind", "left"), [("listed", [0]), ("hidden", []), ("ignored", [1])])
async def test_marked_is_what_a_count_of_0_does(
    sterling: SterlingSimulator, caller: httpx.AsyncClient, kind: str, left: list[int]
) -> None:
    sterling.switches.marked, sterling.switches.empty, sterling.switches.rows = kind, "[]", "int"
    id = sterling.state.put("/acme/out", "a.edi", b"x").id
    assert (await caller.put(f"mailboxmessages/{id}", json={"extractableCount": 0})).json() == {"rowsAffected": 1}
    rows = await contents(caller, sterling.state.mailbox("/acme/out").id)
    assert [row["extractableCount"] for row in rows] == left


async def test_getpayload_counts_and_base64_is_wrapped(sterling: SterlingSimulator, caller: httpx.AsyncClient) -> None:
    sterling.switches.getpayload_counts, sterling.switches.base64 = True, "wrapped"
    message = sterling.state.put("/acme/out", "a.edi", bytes(100), count=2)
    answer = await caller.post(f"documents/{message.document}/actions/getpayload", json={})
    assert (answer.json()["response"].count("\n"), message.count) == (2, 1)
    assert base64.b64decode(answer.json()["response"]) == bytes(100)


async def test_in_a_global_mailbox_the_second_of_a_name_overwrites_the_first_in_any_case(
    sterling: SterlingSimulator, caller: httpx.AsyncClient
) -> None:
    sterling.switches.mailbox = "global"
    first = await deliver(caller, "/acme/to", "Order.edi", b"1")
    second = await deliver(caller, "/acme/to", "order.EDI", b"2")
    (row,) = await contents(caller, sterling.state.mailbox("/acme/to").id)
    assert (row["id"], sterling.state.messages[first].gone) == (second, "overwritten")


async def test_page_cap_holds_whatever_is_asked_for(sterling: SterlingSimulator, caller: httpx.AsyncClient) -> None:
    sterling.switches.page_cap = 3
    for _ in range(5):
        sterling.state.put("/acme/out", "a.edi", b"x")
    mailbox = sterling.state.mailbox("/acme/out").id
    pages = [await contents(caller, mailbox, _range=f"{first}-999") for first in (0, 3)]
    assert [len(page) for page in pages] == [3, 2]


@pytest.mark.parametrize(("once", "status"), [(True, 400), (False, 201)])
async def test_documents_once_is_whether_a_document_serves_two_messages(
    sterling: SterlingSimulator, caller: httpx.AsyncClient, once: bool, status: int
) -> None:
    sterling.switches.documents_once = once
    body = {"documentId": await upload(caller), "mailboxPath": "/acme/to", "name": "a", "extractableCount": 1}
    answers = [await caller.post("mailboxmessages/", json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, status]


@pytest.mark.parametrize(
    ("spelling", "kind"),
    [("errorDescription", "application/json"), ("errorDiscription", "application/json"), ("html", "text/html")],
)
async def test_spelling_is_that_of_error_bodies(
    sterling: SterlingSimulator, caller: httpx.AsyncClient, spelling: str, kind: str
) -> None:
    sterling.switches.spelling = spelling
    answer = await caller.get("mailboxmessages/1")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (404, kind)
    assert "API000464" in (answer.text if spelling == "html" else answer.json()[spelling])


@pytest.mark.parametrize(
    ("switch", "good", "wrong"),
    [
        ("payload=body", ("POST", "{id}/actions/getpayload", {}), ("POST", "{id}/actions/getpayload?isPlainText=false", None)),
        ("payload=query", ("POST", "{id}/actions/getpayload?isPlainText=false", None), ("POST", "{id}/actions/getpayload", {})),
        ("colon=raw", ("POST", "{id}/actions/getpayload", {}), ("POST", "{coded}/actions/getpayload", {})),
        ("colon=encoded", ("POST", "{coded}/actions/getpayload", {}), ("POST", "{id}/actions/getpayload", {})),
        ("delete=bare", ("DELETE", "{id}", None), ("DELETE", "{other}", {})),
        ("delete=empty", ("DELETE", "{id}", {}), ("DELETE", "{other}", None)),
    ],
)  # fmt: skip
async def test_a_dialect_takes_one_form_of_a_request(
    sterling: SterlingSimulator, caller: httpx.AsyncClient, switch: str, good: Any, wrong: Any
) -> None:
    sterling.switches.set(switch)
    id, other = await upload(caller), await upload(caller)
    statuses = []
    for method, path, body in (good, wrong):
        address = path.format(id=id, other=other, coded=id.replace(":", "%3A"))
        # the raw address, which httpx would write anew
        url = httpx.URL("https://sterling.test").copy_with(raw_path=f"/B2BAPIs/svc/documents/{address}".encode())
        statuses.append((await caller.request(method, url, json=body)).status_code)
    assert statuses == [200, 400]


async def test_a_bearer_token_is_the_only_login_with_bearer_and_lasts_300_seconds(
    sterling: SterlingSimulator, caller: httpx.AsyncClient, clock: Clock
) -> None:
    sterling.switches.bearer = True
    basic = await caller.get("mailboxes/")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=sterling.identity_app)) as client:
        login = (sterling.CLIENT_ID, sterling.CLIENT_SECRET)
        issued = await client.post(
            "https://id.test/oauth2/token", data={"grant_type": "client_credentials"}, auth=login
        )
    token = issued.json()
    statuses = []
    async with calling(sterling, Authorization=f"Bearer {token['access_token']}") as client:
        for later in (0, 299, 1):
            clock.now += later
            statuses.append((await client.get("mailboxes/")).status_code)
    assert (basic.status_code, basic.headers["www-authenticate"]) == (401, "Bearer")
    assert (token["expires_in"], token["token_type"], statuses) == (300, "Bearer", [200, 200, 401])
    assert sterling.users.rejected == []


async def test_without_bearer_a_token_is_no_login(sterling: SterlingSimulator) -> None:
    token = sterling.identity.issue(
        {"grant_type": "client_credentials", "client_id": sterling.CLIENT_ID, "client_secret": sterling.CLIENT_SECRET},
        "",
    )["access_token"]
    async with calling(sterling, Authorization=f"Bearer {token}") as client:
        assert (await client.get("mailboxes/")).status_code == 401
        sterling.switches.bearer = True
        assert (await client.get("mailboxes/")).status_code == 200
        sterling.identity.revoke()
        assert (await client.get("mailboxes/")).status_code == 401


@pytest.mark.parametrize(
    ("switch", "basic", "changes", "status", "error"),
    [
        ("any", True, {}, 200, None),
        ("any", False, {}, 200, None),
        ("basic", False, {}, 401, "invalid_client"),
        ("form", True, {}, 401, "invalid_client"),
        ("any", True, {"client_secret": "too"}, 400, "invalid_request"),
        ("any", False, {"client_secret": "wrong"}, 401, "invalid_client"),
        ("any", True, {"grant_type": "password"}, 400, "unsupported_grant_type"),
        ("any", True, {"scope": "all"}, 400, "invalid_scope"),
    ],
)
async def test_the_identity_server_gives_tokens_by_rfc_6749(
    sterling: SterlingSimulator, switch: str, basic: bool, changes: dict[str, str], status: int, error: str | None
) -> None:
    sterling.switches.client_auth = switch
    form = {"grant_type": "client_credentials"}
    if not basic:
        form |= {"client_id": sterling.CLIENT_ID, "client_secret": sterling.CLIENT_SECRET}
    login = httpx.BasicAuth(sterling.CLIENT_ID, sterling.CLIENT_SECRET) if basic else httpx.Auth()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=sterling.identity_app)) as client:
        answer = await client.post("https://id.test/oauth2/token", data={**form, **changes}, auth=login)
    assert (answer.status_code, answer.json().get("error")) == (status, error)
    assert len(sterling.identity.refused) == (status == 401)
    assert sterling.count("POST", "token") == 1


async def test_the_calls_that_there_are_are_described_where_doc_says_so(
    sterling: SterlingSimulator, caller: httpx.AsyncClient
) -> None:
    hidden = await caller.get("doc")
    sterling.switches.doc = True
    paths = (await caller.get("doc")).json()["paths"]
    assert (hidden.status_code, set(paths["/mailboxmessages/{id}"])) == (404, {"get", "put", "delete"})
    assert set(paths["/documents/{id}/actions/getpayload"]) == {"post"}


async def test_users_rules_and_partners_are_looked_up(sterling: SterlingSimulator, caller: httpx.AsyncClient) -> None:
    sterling.server.rules.append(Rule("ToAcme", "/acme/to", "delete"))
    sterling.server.partners = ["acme"]
    user = (await caller.get("useraccounts/d365edi")).json()
    (rule,) = (await caller.get("routingrules/")).json()
    (partner,) = (await caller.get("tradingpartners/", params={"searchFor": "ac"})).json()
    assert (user["permissions"], rule["mailboxes"], partner["partnerName"]) == (
        [{"name": "APIUser"}], [{"name": "/acme/to"}], "acme",
    )  # fmt: skip
    sterling.switches.accounts, sterling.server.partners = "refused", None
    answers = [await caller.get(path) for path in ("useraccounts/d365edi", "tradingpartners/")]
    assert [answer.status_code for answer in answers] == [403, 400]
    assert "NoClassDefFoundError" in answers[1].text


async def test_a_batch_puts_files_without_base64_and_they_may_be_fetched_always(
    sterling: SterlingSimulator, caller: httpx.AsyncClient
) -> None:
    data = bytes(range(256)) + b"\r\n--\r\n"
    files = [("upstream", ("a.edi", data)), ("upstream", ("b.edi", b"2"))]
    answer = await caller.post("messagebatches/", data={"mailboxName": "/acme/to"}, files=files)
    descriptor = answer.json()["Location"].rpartition("/")[2]
    (batch,) = (await caller.get("messagebatches/", params={"descriptor": descriptor})).json()
    first = (await caller.get(f"mailboxmessages/{descriptor.split('_')[0]}")).json()
    assert (answer.status_code, batch["messageCount"], first["name"]) == (201, 2, "a.edi")
    assert (first["extractableAlways"], await payload(caller, first["documentId"])) == (
        {"code": True, "display": "Yes"},
        data,
    )
    for form, one in (({"mailboxName": "acme"}, files), ({}, files), ({"mailboxName": "/acme/to", "x": "1"}, files)):
        assert (await caller.post("messagebatches/", data=form, files=one)).status_code == 400
