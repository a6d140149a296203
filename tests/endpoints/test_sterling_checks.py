"""What `ping` says of a Sterling, what `partner probe` measures there, and its own description against our calls."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest

from d365edi.endpoints.base import Check
from d365edi.endpoints.sterling import calls, checks
from d365edi.endpoints.sterling.auth import OAuthClient
from d365edi.endpoints.sterling.checks import Uses
from d365edi.endpoints.sterling.client import Dialect
from d365edi.endpoints.sterling.connection import Connection, SterlingConfig
from d365edi.endpoints.sterling.endpoint import SterlingEndpoint
from d365edi.endpoints.sterling.mailboxes import Mailboxes
from d365edi.endpoints.sterling.measure import Measurement, measure
from d365edi.endpoints.tls import Trust, digest
from d365edi.errors import CredentialsRejected
from d365edi.sandbox.sterling import SterlingSimulator, Switches
from d365edi.sandbox.sterling.server import Rule
from tests.clock import Clock

USES = Uses({"/acme/from": ("acme.pickup.edi",)}, {"/acme/to": ("acme.send.810", "acme.acks")}, "/acme/done", ("acme",))


@pytest.fixture
def sterling() -> SterlingSimulator:
    return made()


def made(*switches: str) -> SterlingSimulator:
    sterling = SterlingSimulator(switches=Switches.of(*switches), clock=Clock(1767604500.25))
    for path in ("/acme/from", "/acme/to", "/acme/done", "/d365edi/probe"):
        sterling.state.mailbox(path)
    sterling.server.partners = ["acme"]
    return sterling


def connection(sterling: SterlingSimulator, **options: Any) -> Connection:
    given = {"username": sterling.USERNAME, "password": sterling.PASSWORD, **options}
    config = SterlingConfig(sterling.url, **given)
    return Connection("sbi", config, transport=httpx.ASGITransport(app=sterling.app))


async def ping(sterling: SterlingSimulator, uses: Uses = USES, **options: Any) -> dict[str, Check]:
    found = await checks.run(connection(sterling, **options), Mailboxes("sbi"), uses)
    return {check.what: check for check in found}


async def test_a_good_server_is_shown_with_every_mailbox_and_nothing_is_written(sterling: SterlingSimulator) -> None:
    sterling.state.put("/acme/from", "order.edi", b"ISA")
    sterling.state.put("/acme/from", "order.edi", b"ISA", count=0)
    before = len(sterling.log)
    found = await ping(sterling)
    assert [check.ok for check in found.values()] == [True] * len(found)
    assert found["login"].sentence == "let in as user d365edi, who is no administrator"
    id = sterling.state.mailbox("/acme/from").id
    assert found["mailbox /acme/from"].sentence == f"polled; id {id}, 1 messages wait, 1 more are used up"
    assert found["mailbox /acme/to"].sentence.startswith("delivered to; id ")
    assert found["mailbox /acme/done"].sentence.startswith("moved to; id ")
    assert found["routing rules"].sentence == "0 automatic rules, none on a mailbox that is used here"
    assert found["partners"].sentence == "Sterling File Gateway knows all 1 by these names"
    assert ("names" in found, "mailboxes in common" in found) == (False, False)
    assert {request.method for request in list(sterling.log)[before:]} == {"GET"}


async def test_what_a_global_mailbox_would_do_is_said_until_a_name_is_there_twice(sterling: SterlingSimulator) -> None:
    assert "overwrites the first" in (await ping(sterling))["names"].sentence


async def test_the_handshake_is_shown(tmp_path: Path) -> None:
    async with SterlingSimulator(tmp_path) as sterling:
        trust = Trust(sterling.ca_file)
        endpoint = SterlingEndpoint("sbi", SterlingConfig(sterling.url, sterling.USERNAME, "wrong", trust=trust))
        first, login = await endpoint.ping()
        await endpoint.close()
        assert (first.what, first.ok, login.what, login.ok) == ("connection", True, "login", False)
        assert first.sentence.startswith("TLSv1.2, certificate CN=localhost trusted by the chain of its authority, 36")
        assert first.sentence.endswith("days left")
        other = SterlingEndpoint(
            "sbi", SterlingConfig(sterling.url, "u", "p", trust=Trust(pins=("sha256:" + "0" * 64,)))
        )
        [refused] = await other.ping()
        await other.close()
        pin = digest(ssl.PEM_cert_to_DER_cert((tmp_path / "tls/server.pem").read_text()))
        assert (refused.what, refused.ok, f'pins = ["{pin}"]' in refused.remedy) == ("connection", False, True)
        stranger = SterlingEndpoint("sbi", SterlingConfig(sterling.url, "u", "p"))
        [unknown] = await stranger.ping()
        await stranger.close()
        assert "it shows CN=localhost, which ends on" in unknown.sentence
        assert (unknown.what, unknown.ok, f'pins = ["{pin}"]' in unknown.remedy) == ("connection", False, True)
        assert len(sterling.users.rejected) == 1


async def test_a_port_that_is_closed_ends_it_with_the_ports_that_releases_use() -> None:
    endpoint = SterlingEndpoint("sbi", SterlingConfig("https://127.0.0.1:1/B2BAPIs/svc/", "u", "p"), uses=USES)
    [check] = await endpoint.ping()
    assert (check.what, check.ok, "+ 74" in check.remedy, "443" in check.remedy) == ("connection", False, True, True)


async def test_it_stops_at_the_first_login_that_is_refused(sterling: SterlingSimulator) -> None:
    sterling.user.password = "another"
    assert [check.ok for check in (await ping(sterling)).values()] == [False]
    assert len(sterling.users.rejected) == 1
    sterling.user.password = sterling.PASSWORD
    sterling.faults.answer(401, path="*mailboxcontents*")
    found = await ping(sterling)
    assert list(found) == ["login", "mailbox /acme/from"]
    assert "legacyApisAuthType" in found["mailbox /acme/from"].remedy


async def test_an_api_that_is_not_installed_is_told_with_its_remedy(sterling: SterlingSimulator) -> None:
    sterling.faults.answer(404, html=True)
    [check] = (await ping(sterling)).values()
    assert (check.ok, "install the API's jar again" in check.remedy) == (False, True)


async def test_an_administrator_is_warned_of_and_accounts_may_be_closed_to_us(sterling: SterlingSimulator) -> None:
    sterling.user.administrator = True
    assert (await ping(sterling))["login"].sentence.startswith(
        "warning: let in as user d365edi, who is an administrator ("
    )
    sterling.user.administrator, sterling.switches.accounts = False, "refused"
    login = (await ping(sterling))["login"]
    assert (login.ok, "not permitted to check" in login.sentence) == (True, True)


async def test_a_mailbox_that_is_closed_or_not_there_is_one_failure_among_good_ones(
    sterling: SterlingSimulator,
) -> None:
    sterling.user.rights["/acme/from"] = frozenset({"read"})
    sterling.state.drop("/acme/done")
    found = await ping(sterling)
    assert {what for what, check in found.items() if not check.ok} == {"mailbox /acme/from", "mailbox /acme/done"}
    assert "read, write, view, delete" in found["mailbox /acme/from"].remedy
    assert "we create none" in found["mailbox /acme/done"].remedy


@pytest.mark.parametrize(
    ("path", "absent", "ok", "said"),
    [
        ("/acme/from", "ask", False, "two consumers take from them: route (*.edi) on /acme/from"),
        ("/ACME/From", "ask", False, "two consumers"),
        ("/acme/to", "ask", True, 'route (*.edi) on /acme/to; absent = "ask"'),
        ("/acme/to", "again", True, 'warning: route (*.edi) on /acme/to; with absent = "again"'),
        ("/other", "again", True, "1 automatic rules, none"),
    ],
)
async def test_rules_on_our_mailboxes(sterling: SterlingSimulator, path: str, absent: Any, ok: bool, said: str) -> None:
    sterling.server.rules.append(Rule("route", path, "keep", "*.edi"))
    check = (await ping(sterling, Uses(USES.polled, USES.delivered, absent=absent)))["routing rules"]
    assert (check.ok, said in check.sentence, bool(check.remedy)) == (ok, True, not ok)


@pytest.mark.parametrize(
    ("polled", "delivered", "ok", "said"),
    [
        ({"/acme/from": ("a.pickup.x", "b.pickup.y")}, {}, False, "polled for several partners: a.pickup.x, b.pickup.y"),
        ({"/acme/from": ("acme.pickup.a",)}, {"/acme/from": ("acme.send.810",)}, False, "we would pick up what we deliver"),
        ({}, {"/acme/to": ("acme.send.810", "beta.send.810")}, True, "several partners fetch from one mailbox"),
    ],
)  # fmt: skip
async def test_mailboxes_in_common(
    sterling: SterlingSimulator, polled: Any, delivered: Any, ok: bool, said: str
) -> None:
    check = (await ping(sterling, Uses(polled, delivered)))["mailboxes in common"]
    assert (check.ok, said in f"{check.sentence}; {check.remedy}") == (ok, True)


async def test_partners_of_the_file_gateway(sterling: SterlingSimulator) -> None:
    many = tuple(f"partner{number}" for number in range(checks.SINGLE + 1))
    sterling.server.partners = ["acme", "acme2", *many[1:]]
    for names, said in (
        (("acme",), "knows all 1"),
        (("acme", "beta"), "has no partner named beta;"),
        (many, "named partner0;"),
    ):
        assert said in (await ping(sterling, Uses(partners=names)))["partners"].sentence
    sterling.server.partners = None
    assert "does not answer" in (await ping(sterling))["partners"].sentence


async def test_a_client_of_the_identity_server_is_shown_by_its_id() -> None:
    sterling = made("bearer")
    client = OAuthClient(sterling.token_url, sterling.CLIENT_ID, sterling.CLIENT_SECRET)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await (sterling.identity_app if "oauth2" in scope["path"] else sterling.app)(scope, receive, send)

    config = SterlingConfig(sterling.url, oauth=client)
    asked = Connection("sbi", config, transport=httpx.ASGITransport(app=app))
    found = await checks.run(asked, Mailboxes("sbi"), USES)
    assert found[0].sentence.startswith("let in as client d365edi; as which user of Sterling")


# -- partner probe ----------------------------------------------------------------------------------------------------------
PLAIN = {
    "an empty listing": "404: API000464",
    "getpayload": '"body" and "query" works',
    "the colon of an id": '"raw" and "encoded" works',
    "two messages of one document": "allowed",
    "?name= of mailboxmessages": "exact",
    "getpayload and the extract count": "leaves it alone",
    "dates": "+0000; whole seconds, as far as seen",
    "order of a listing": "not measured: 2 messages are too few",
    "rows of a page": "not measured: 2 rows fit",
    "extract count 0": "shows that the message is used up",
    "the id after a move": "not measured: the endpoint has no move_to",
    "DELETE": '"bare" and "empty" works',
}


async def measured(sterling: SterlingSimulator, move_to: str = "", **options: Any) -> Measurement:
    asked = connection(sterling, **options).client.begin()
    return await measure(asked, Mailboxes("sbi"), "/d365edi/probe", move_to)


@pytest.mark.parametrize(
    ("switch", "what", "found"),
    [
        ("", "", ""),
        ("empty=400", "an empty listing", "400: No records found"), ("empty=[]", "an empty listing", "[]"),
        ("name_filter=prefix", "?name= of mailboxmessages", "a part of the name is enough"),
        ("name_filter=%", "?name= of mailboxmessages", "exact, with % as wildcard"),
        ("getpayload_counts", "getpayload and the extract count", "uses it up"),
        ("documents_once", "two messages of one document", "refused: "),
        ("offset=-0500", "dates", "-0500; "), ("offset=+05:30", "dates", "+05:30; "), ("offset=Z", "dates", "Z; "),
        ("resolution=milliseconds", "dates", "+0000; parts of a second"),
        ("marked=hidden", "extract count 0", "hides the message"), ("marked=ignored", "extract count 0", "does nothing"),
        ("page_cap=1", "rows of a page", "at most 1, of 1000"),
        ("payload=query", "getpayload", '"query" works'), ("colon=encoded", "the colon of an id", '"encoded" works'),
        ("delete=empty", "DELETE", '"empty" works'), ("delete=bare", "DELETE", '"bare" works'),
        ("coded=everywhere", "", ""), ("spelling=html", "an empty listing", "404: API000464"), ("base64=wrapped", "", ""),
    ],
)  # fmt: skip
async def test_what_the_probe_measures(switch: str, what: str, found: str) -> None:
    sterling = made(*([switch] if switch else []))
    report = await measured(sterling)
    answers = {each.what: each.found for each in report.found}
    assert (report.error, report.left, answers.keys()) == (None, (), PLAIN.keys())
    expected = {**PLAIN, **({what: found} if what else {})}
    if switch == "documents_once":
        expected["order of a listing"] = "not measured: 1 messages are too few"
        expected["rows of a page"] = "not measured: 1 rows fit"
    if switch == "page_cap=1":
        expected["order of a listing"] = "not measured: 1 messages are too few"
    wrong = {key: answers[key] for key in PLAIN if not answers[key].startswith(expected[key])}
    assert not wrong
    assert (sterling.state.documents, sterling.state.mailbox("/d365edi/probe").messages) == ({}, {})
    assert all(message.gone for message in sterling.ledger.messages())


async def test_the_probe_says_which_lines_of_the_dialect_differ() -> None:
    report = await measured(made("payload=query", "colon=encoded"), dialect=Dialect(delete="empty"))
    settings = {each.setting: each.value for each in report.found if each.setting}
    assert settings == {"payload": "query", "colon": "encoded", "delete": "empty"}


@pytest.mark.parametrize(("switch", "found"), [("move=keeps", "the same"), ("move=new", "another one")])
async def test_the_probe_moves_its_message_where_one_is_moved(switch: str, found: str) -> None:
    sterling = made(switch)
    report = await measured(sterling, "/acme/done")
    assert ({each.what: each.found for each in report.found}["the id after a move"], report.left) == (found, ())
    assert not sterling.state.mailbox("/acme/done").messages


async def test_the_probe_measures_order_and_says_that_a_mailbox_is_not_empty(sterling: SterlingSimulator) -> None:
    for _ in range(3):
        sterling.state.put("/d365edi/probe", "a.edi", b"x")
    answers = {each.what: each.found for each in (await measured(sterling)).found}
    assert answers["an empty listing"] == "not measured: /d365edi/probe has 3 rows"
    assert answers["order of a listing"] == "neither by id nor by date"
    assert len(sterling.state.mailbox("/d365edi/probe").messages) == 3


async def test_the_probe_that_is_broken_off_leaves_nothing_or_names_it(sterling: SterlingSimulator) -> None:
    sterling.faults.drop(path="*mailboxmessages/", method="POST")
    report = await measured(sterling)
    assert (report.error is not None, report.left, sterling.state.documents) == (True, (), {})
    sterling.faults.drop(path="*documents/", method="POST")
    report = await measured(sterling)
    assert report.left[0].startswith("perhaps a document d365edi_probe_")
    sterling.user.rights["/d365edi/probe"] = frozenset({"read", "view", "write"})
    report = await measured(sterling)
    assert [entry.split(" ", 1)[0] for entry in report.left if "mailboxmessages" in entry]
    sterling.user.password = "another"
    assert isinstance((await measured(sterling)).error, CredentialsRejected)


# -- the server's own description -------------------------------------------------------------------------------------------
async def test_every_call_that_we_make_is_one_that_the_simulator_describes(sterling: SterlingSimulator) -> None:
    sterling.switches.doc = True
    answer = await connection(sterling).client.peek("doc")
    assert calls.lacking(calls.described(answer.content)) == []


def test_calls_that_a_description_lacks() -> None:
    paths: dict[str, Any] = {}
    for call in calls.CALLS:
        if call.path not in ("/documents/{id}/actions/getpayload", "/mailboxmessages/{id}"):
            paths.setdefault(f"/B2BAPIs/svc{call.path.replace('{id}', '{documentId}')}", {})[call.method.lower()] = {}
    lacks = calls.lacking(calls.described(json.dumps({"paths": paths}).encode()))
    assert [(str(call), call.optional) for call in lacks] == [
        ("GET /mailboxmessages/{id}", True),
        ("PUT /mailboxmessages/{id}", False),
        ("DELETE /mailboxmessages/{id}", False),
        ("POST /documents/{id}/actions/getpayload", False),
    ]


@pytest.mark.parametrize("body", [b"<html/>", b"{}", b'{"paths": []}', b'{"paths": {}}', b"[" * 100_000])
def test_what_is_no_description(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        calls.described(body)
