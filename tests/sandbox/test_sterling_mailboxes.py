"""The simulated Sterling's mailboxes: what is answered, and what is refused because the real one does."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
import pytest

from d365edi.sandbox.sterling import SterlingSimulator
from tests.clock import Clock

from .sterling import calling, contents, deliver, payload, upload

NOW = 1767604500.0
"""2026-01-05 09:15 UTC."""


@pytest.fixture
def sterling() -> SterlingSimulator:
    made = SterlingSimulator(clock=Clock(NOW))
    for path in ("/acme/out", "/acme/to", "/acme/done"):
        made.state.mailbox(path)
    return made


@pytest.fixture
async def caller(sterling: SterlingSimulator) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(sterling) as client:
        yield client


def _id(sterling: SterlingSimulator, path: str = "/acme/out") -> int:
    return sterling.state.mailbox(path).id


async def test_a_message_goes_in_and_comes_out_byte_for_byte(
    sterling: SterlingSimulator, caller: httpx.AsyncClient
) -> None:
    data = bytes(range(256)) * 3
    id = await deliver(caller, "/acme/to", "po.edi", data, extractableCount=2)
    row = (await caller.get(f"mailboxmessages/{id}")).json()
    (listed,) = await contents(caller, _id(sterling, "/acme/to"))
    assert await payload(caller, listed["documentId"]) == data
    assert (row["name"], row["mailboxPath"], row["size"], row["extractableCount"]) == ("po.edi", "/acme/to", 768, 2)
    assert row["creationDate"] == listed["creationDate"] == "2026-01-05T09:15:00.000+0000"
    assert (row["id"], row["_id"], row["documentId"]) == (listed["id"], str(id), listed["documentId"])


async def test_documents_are_known_without_their_payload(caller: httpx.AsyncClient) -> None:
    id = await upload(caller, b"ISA*", bodyName="po.edi", lifeSpan=5)
    (row,) = (await caller.get("documents/", params={"documentId": id})).json()
    assert (row["documentId"], row["bodySize"], row["bodyName"], row["lifeSpan"]) == (id, 4, "po.edi", 5)
    assert "payload" not in row


async def test_a_listing_has_messages_and_mailboxes_below_neither_by_id_nor_deeper(
    sterling: SterlingSimulator, caller: httpx.AsyncClient
) -> None:
    put = [sterling.state.put("/acme/out", "a.edi", b"x").id for _ in range(20)]
    sterling.state.put("/acme/out/deeper", "b.edi", b"x")
    rows = await contents(caller, _id(sterling))
    listed = [row["id"] for row in rows if row["type"] == "message"]
    assert set(listed) == set(put)
    assert listed != put
    assert [(row["name"], row["type"]) for row in rows if row["type"] != "message"] == [("deeper", "mailbox")]
    assert put != list(range(put[0], put[0] + 20))  # ids have gaps


async def test_ten_rows_come_without_a_range_and_three_fields_without_detail(
    sterling: SterlingSimulator, caller: httpx.AsyncClient
) -> None:
    for _ in range(25):
        sterling.state.put("/acme/out", "a.edi", b"x")
    bare = (await caller.get("mailboxcontents/", params={"parentMailboxId": _id(sterling)})).json()
    pages = [await contents(caller, _id(sterling), _range=f"{first}-{first + 9}") for first in (0, 10, 20)]
    assert (len(bare), set(bare[0])) == (10, {"id", "name", "type"})
    assert [len(page) for page in pages] == [10, 10, 5]
    assert len({row["id"] for page in pages for row in page}) == 25


async def test_mailboxes_are_found_by_the_beginning_of_their_path(caller: httpx.AsyncClient) -> None:
    for asked, found in (
        ("/acme/o", ["/acme/out"]),
        ("/acme/%o%", ["/acme/done", "/acme/out", "/acme/to"]),
        ("/acme", ["/acme", "/acme/done", "/acme/out", "/acme/to"]),
    ):
        rows = (await caller.get("mailboxes/", params={"path": asked})).json()
        assert sorted(row["path"] for row in rows) == found
    assert (await caller.get(f"mailboxes/{rows[0]['_id']}")).json() == rows[0]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "mailboxes", None, 404, "SRVE0190E"),
        ("GET", "nothing/", None, 404, "SRVE0190E"),
        ("GET", "mailboxcontents/", None, 400, "parentMailboxId"),
        ("GET", "mailboxcontents/?parentMailboxId=/acme/out", None, 400, "parentMailboxId"),
        ("GET", "mailboxcontents/?parentMailboxId=99", None, 404, "API000464"),
        ("GET", "mailboxes/?_range=5", None, 400, "_range"),
        ("GET", "mailboxes/?limit=5", None, 400, "limit"),
        ("GET", "mailboxmessages/12", None, 404, "API000464"),
        ("GET", "documents/", None, 400, "documentId"),
        ("GET", "documents/x:1/actions/getpayload", None, 405, "Not Allowed"),
        ("POST", "documents/x:1/actions/getpayload", {}, 404, "API000464"),
        ("POST", "documents/", {}, 400, "payload is required"),
        ("POST", "documents/", {"payload": "no base64!"}, 400, "not Base64"),
        ("POST", "documents/", {"payload": "", "surprise": 1}, 400, "surprise"),
        ("POST", "documents/", {"payload": 1}, 400, "payload"),
        ("POST", "mailboxmessages/", {"mailboxPath": "/acme/to", "name": "a"}, 400, "documentId is required"),
    ],
)  # fmt: skip
async def test_what_is_not_written_right_is_refused(
    caller: httpx.AsyncClient, method: str, path: str, body: Any, status: int, said: str
) -> None:
    answer = await caller.request(method, path, json=body)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"extractableAlways": True}, 400, "Multiple Extractable Types Specified"),
        ({"mailboxPath": "acme/to"}, 400, "absolute"),
        ({"mailboxPath": "/nobody"}, 404, "API000464"),
        ({"documentId": "gone:1"}, 400, "API000464"),
        ({"name": "n" * 256}, 400, "255"),
        ({"extractableCount": -1}, 400, "extractableCount"),
        ({"extractableCount": "1"}, 400, "extractableCount"),
    ],
)
async def test_a_message_that_is_not_right_is_not_created(
    sterling: SterlingSimulator, caller: httpx.AsyncClient, changes: dict[str, Any], status: int, said: str
) -> None:
    good = {"mailboxPath": "/acme/to", "name": "a", "extractableCount": 1, "documentId": await upload(caller)}
    answer = await caller.post("mailboxmessages/", json={**good, **changes})
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert sterling.ledger.messages() == []


async def test_a_body_that_is_not_said_to_be_json_is_refused(caller: httpx.AsyncClient) -> None:
    assert (await caller.post("documents/", content=b"{}")).status_code == 415


async def test_without_accept_the_answer_is_xml(sterling: SterlingSimulator, caller: httpx.AsyncClient) -> None:
    sterling.state.put("/acme/out", "a<b.edi", b"x")
    asked = {"parentMailboxId": str(_id(sterling))}
    answer = await caller.get("mailboxcontents/", params=asked, headers={"Accept": "*/*"})
    assert answer.headers["content-type"].startswith("application/xml")
    assert "<name>a&lt;b.edi</name>" in answer.text


async def test_a_message_is_moved_marked_and_deleted_and_its_document_stays(
    sterling: SterlingSimulator, caller: httpx.AsyncClient
) -> None:
    id = sterling.state.put("/acme/out", "a.edi", b"x").id
    moved = await caller.post(f"mailboxmessages/{id}/actions/movemailboxmessage", json={"path": "/acme/done"})
    marked = await caller.put(f"mailboxmessages/{id}", json={"extractableCount": 0})
    (row,) = await contents(caller, _id(sterling, "/acme/done"))
    nowhere = await caller.post(f"mailboxmessages/{id}/actions/movemailboxmessage", json={"path": "/no/where"})
    deleted = [await caller.delete(f"mailboxmessages/{id}") for _ in range(2)]
    assert (moved.status_code, marked.json(), row["extractableCount"]) == (200, {"rowsAffected": "1"}, 0)
    assert (nowhere.status_code, [answer.status_code for answer in deleted]) == (404, [200, 404])
    assert await payload(caller, row["documentId"]) == b"x"
    assert sterling.state.purge() == [row["documentId"]]
    assert sterling.ledger.messages()[0].gone == "deleted by d365edi"


async def test_extracting_uses_up_the_count(sterling: SterlingSimulator, caller: httpx.AsyncClient) -> None:
    id = sterling.state.put("/acme/out", "a.edi", b"x").id
    answers = [await caller.post(f"mailboxmessages/{id}/actions/extractmailboxmessage", json={}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 400]
    assert sterling.state.messages[id].count == 0


@pytest.mark.parametrize("right", ["view", "read", "write", "delete"])
async def test_what_a_user_has_no_right_to_is_403(
    sterling: SterlingSimulator, caller: httpx.AsyncClient, right: str
) -> None:
    message = sterling.state.put("/acme/out", "a.edi", b"x")
    document = await upload(caller)
    sterling.user.rights["/acme"] = frozenset({"view", "read", "write", "delete"} - {right})
    asked = {
        "view": ("GET", f"mailboxcontents/?parentMailboxId={_id(sterling)}", None),
        "read": ("POST", f"documents/{message.document}/actions/getpayload", {}),
        "write": ("POST", "mailboxmessages/", {"documentId": document, "mailboxPath": "/acme/to", "name": "a"}),
        "delete": ("DELETE", f"mailboxmessages/{message.id}", None),
    }
    statuses = {
        name: (await caller.request(method, path, json=body)).status_code
        for name, (method, path, body) in asked.items()
    }
    assert [name for name, status in statuses.items() if status == 403] == [right]


async def test_five_wrong_logins_lock_the_user_until_it_is_unlocked(
    sterling: SterlingSimulator, caller: httpx.AsyncClient
) -> None:
    wrong = [(await caller.get("mailboxes/", auth=("d365edi", "wrong"))).status_code for _ in range(5)]
    locked = await caller.get("mailboxes/")
    sterling.users.unlock("d365edi")
    assert (wrong, locked.status_code, locked.headers["content-type"][:9]) == ([401] * 5, 401, "text/html")
    assert ((await caller.get("mailboxes/")).status_code, len(sterling.users.rejected)) == (200, 6)


async def test_a_user_without_the_permission_for_the_api_gets_403(
    sterling: SterlingSimulator, caller: httpx.AsyncClient
) -> None:
    sterling.user.api = False
    assert (await caller.get("mailboxes/")).status_code == 403


async def test_it_answers_on_a_port_with_tls_1_2() -> None:
    async with SterlingSimulator() as sterling:
        sterling.state.mailbox("/acme")
        context = ssl.create_default_context(cafile=str(sterling.ca_file))
        login = (sterling.USERNAME, sterling.PASSWORD)
        async with httpx.AsyncClient(verify=context, auth=login, headers={"Accept": "application/json"}) as client:
            answer = await client.get(f"{sterling.url}mailboxes/")
            stream = answer.extensions["network_stream"]
            assert stream.get_extra_info("ssl_object").version() == "TLSv1.2"
            assert [row["path"] for row in answer.json()] == ["/acme"]
        assert sterling.count("GET", "mailboxes") == 1


async def test_the_identity_server_and_the_api_go_away_and_come_back_at_their_ports() -> None:
    async with SterlingSimulator() as sterling:
        context = ssl.create_default_context(cafile=str(sterling.ca_file))
        form = {"grant_type": "client_credentials"}
        login = (sterling.CLIENT_ID, sterling.CLIENT_SECRET)

        async def ask() -> list[int]:
            """The status of each, 0 where nobody listens."""
            statuses = []
            async with httpx.AsyncClient(verify=context, trust_env=False) as client:
                for request in (
                    client.build_request("POST", sterling.token_url, data=form),
                    client.build_request("GET", sterling.url),
                ):
                    try:
                        statuses.append((await client.send(request, auth=login)).status_code)
                    except httpx.ConnectError:
                        statuses.append(0)
            return statuses

        said, ports = [await ask()], sterling.ports
        for listener in (sterling.identity_port, sterling.api_port):
            await listener.close()
            said.append(await ask())
            await listener.open()
        said.append(await ask())
        assert (said, sterling.ports) == ([[200, 401], [0, 401], [200, 0], [200, 401]], ports)


async def test_it_sees_cookies_that_come_back_and_how_many_requests_are_under_way(
    sterling: SterlingSimulator, caller: httpx.AsyncClient
) -> None:
    sterling.faults.silence(0.2, times=3)
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(caller.get, "mailboxes/")
    await caller.get("mailboxes/")
    assert [seen.cookie for seen in sterling.log] == [False, False, False, True]
    assert (sterling.busiest, sterling.under_way) == (3, 0)
