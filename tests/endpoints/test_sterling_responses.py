"""Every form in which Sterling says a value, an id, a date, a payload or an error, as tables."""

from __future__ import annotations

import base64
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.endpoints.sterling import responses
from d365edi.endpoints.sterling.responses import Message

NOON = 1_584_187_160.0  # 2020-03-14T11:59:20Z


@pytest.mark.parametrize(
    ("value", "yes"),
    [
        (True, True), ("true", True), ("Yes", True), ("1", True), (1, True), ({"code": True, "display": "Yes"}, True),
        ({"code": "1", "display": "Yes"}, True), (False, False), ("false", False), ("No", False), ("0", False), (0, False),
        ({"code": False, "display": "No"}, False), ("", None), (None, None), ("perhaps", None), ({"display": "Yes"}, None),
    ],
)  # fmt: skip
def test_yes_and_no_in_every_spelling(value: object, yes: bool | None) -> None:
    assert responses.truth(value) is yes


@pytest.mark.parametrize(
    ("value", "count"),
    [(3, 3), ("3", 3), (" 3 ", 3), ({"code": "3", "display": "three"}, 3), (0, 0), ("-1", -1), ("", None), (None, None),
     ("3.0", None), (True, None), ("٣", None), ("9" * 20, None)],
)  # fmt: skip
def test_a_number_as_number_and_as_text(value: object, count: int | None) -> None:
    assert responses.number(value) == count


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2020-03-14T11:59:20.000+0000", NOON), ("2020-03-14T11:59:20.000Z", NOON), ("2020-03-14T06:59:20.000-0500", NOON),
        ("2020-03-14T17:29:20.000+05:30", NOON), ("2020-03-14T06:59:20-05:00", NOON), ("2020-03-14 11:59:20.5+0000", NOON + 0.5),
        ("2020-03-14T11:59:20.000", None), ("2020-03-14", None), ("", None), (None, None), ("2020-13-14T11:59:20+0000", None),
        ("2020-03-14T11:59:20+9900", None),
    ],
)  # fmt: skip
def test_a_date_with_any_offset(value: object, seconds: float | None) -> None:
    assert responses.moment(value) == seconds


@pytest.mark.parametrize(
    ("location", "id"),
    [
        ("https://h:5075/B2BAPIs/svc/mailboxmessages/78", "78"),
        ("https://elsewhere.example/svc/documents/host1%3Anode1%3A170d8cdabf4%3A17", "host1:node1:170d8cdabf4:17"),
        ("https://h/svc/documents/host1:node1:170d8cdabf4:17", "host1:node1:170d8cdabf4:17"),
        ("/B2BAPIs/svc/documents/h:n:1:17/", "h:n:1:17"), ("documents/78?x=1", "78"), ("78", "78"), ("h:n:1:17", "h:n:1:17"),
        ("", ""), (None, ""), ("https://h/", ""),
    ],
)  # fmt: skip
def test_the_id_at_the_end_of_a_location(location: object, id: str) -> None:
    assert responses.id_in(location) == id


def test_the_location_of_the_body_comes_before_that_of_the_header() -> None:
    assert responses.created({"Location": "https://h/svc/documents/1"}, "https://h/svc/documents/2") == "1"
    assert (responses.created({}, "/documents/2"), responses.created([], ""), responses.created({"x": 1})) == (
        "2",
        "",
        "",
    )


@pytest.mark.parametrize(
    ("content", "rows"), [({"rowsAffected": 1}, 1), ({"rowsAffected": "0"}, 0), ({"rowsAffected": "1"}, 1), ({}, 1)]
)
def test_rows_affected_as_number_and_as_text(content: object, rows: int) -> None:
    assert responses.affected(content) == rows


@pytest.mark.parametrize(
    ("row", "may"),
    [
        ({}, True), ({"extractableAlways": "true"}, True), ({"extractableAlways": {"code": True, "display": "Yes"}}, True),
        ({"extractableAlways": "false"}, False), ({"extractableCount": 0}, False), ({"extractableCount": "1"}, True),
        ({"extractableAlways": "false", "extractableCount": 2}, True),
        ({"extractableAlways": "true", "extractableCount": 0}, True),
        ({"extractableUntil": "2020-03-14T11:59:21.000+0000"}, True),
        ({"extractableUntil": "2020-03-14T11:59:19.000+0000"}, False),
        ({"extractableUntil": "20200314T0000"}, True), ({"extractableUntil": "20200313T2359"}, False),
        ({"extractableUntil": "soon"}, True),
    ],
)  # fmt: skip
def test_whether_a_message_may_be_fetched(row: dict[str, Any], may: bool) -> None:
    """A time without a zone is over once it is over in the westernmost one."""
    assert responses.message(row).extractable(NOON) is may


def test_a_message_as_a_listing_and_as_a_lookup_show_it() -> None:
    listed = {"id": 78, "type": "message", "name": "a.edi", "creationDate": "2020-03-14T11:59:20.000+0000", "size": 17966,
              "documentId": "h:n:1:17", "extractableAlways": "false", "extractableCount": "3"}  # fmt: skip
    found = {"_id": "78", "name": "a.edi", "mailboxId": 333, "mailboxPath": "/acme", "size": "17966", "documentId": "h:n:1:17",
             "creationDate": "2020-03-14T11:59:20.000+0000", "extractableCount": {"code": 3, "display": "3"}}  # fmt: skip
    one = Message("78", "a.edi", "h:n:1:17", 17966, NOON, always=False, count=3)
    assert responses.message(listed) == one
    assert responses.message(found) == Message("78", "a.edi", "h:n:1:17", 17966, NOON, "/acme", "333", count=3)
    assert not responses.is_mailbox(listed)
    assert responses.is_mailbox({"id": 340, "type": "mailbox", "name": "sub"})


def test_rows_and_a_single_object() -> None:
    assert (responses.rows([{"id": 1}]), responses.rows([])) == ([{"id": 1}], [])
    assert responses.record({"id": 1}) == responses.record([{"id": 1}]) == {"id": 1}
    assert responses.record([]) is None
    for content in ({"id": 1}, "x", [1], None):
        with pytest.raises(ValueError, match="no list of rows"):
            responses.rows(content)
    with pytest.raises(ValueError, match="has 2 objects"):
        responses.record([{}, {}])


# -- payloads -------------------------------------------------------------------------------------------------------------
def wrapped(data: bytes, width: int, line_break: bytes) -> bytes:
    text = base64.b64encode(data)
    return line_break.join(text[at : at + width] for at in range(0, len(text), width))


@given(
    st.binary(max_size=600),
    st.integers(1, 80),
    st.sampled_from([b"", b"\\r\\n", b"\\n", b"\n", b" "]),
    st.booleans(),
    st.integers(8, 64),
)
def test_a_payload_with_any_line_breaks_and_escapes_is_read_whole(
    data: bytes, width: int, line_break: bytes, escaped: bool, piece: int
) -> None:
    text = wrapped(data, width, line_break)
    if escaped:
        text = text.replace(b"/", b"\\/").replace(b"+", b"\\u002b").replace(b"=", b"\\u003D")
    assert responses.payload(b'{ "response" : "' + text + b'"}\n', piece=piece) == data


def test_an_empty_payload() -> None:
    assert responses.payload(b'{"response":""}') == responses.payload(b'{"response":null}') == b""


@pytest.mark.parametrize(
    "body",
    [b'{"response":"SVNB', b'{"response":"SVNB"', b"{}", b"", b"<html></html>", b'{"response":"SVN"}', b'{"response":"S==="}',
     b'{"response":"SVNB!"}', b'{"response":"SQ==SVNB"}', b'{"response":"ISA*00*"}', b'{"response":"\\u00e9\\u00e9\\u00e9A"}'],
)  # fmt: skip
def test_a_damaged_payload_is_none(body: bytes) -> None:
    with pytest.raises(ValueError, match="payload"):
        responses.payload(body)


@pytest.mark.parametrize("width", [76, 1 << 30])
def test_a_large_payload_takes_little_more_memory_than_itself(width: int) -> None:
    data = bytes(range(256)) * (8 << 12)  # 8 MB
    body = bytearray(b'{"response":"' + wrapped(data, width, b"\\r\\n") + b'"}')
    tracemalloc.start()
    try:
        assert responses.payload(body) == data
        assert tracemalloc.get_traced_memory()[1] < 2.4 * len(data)
    finally:
        tracemalloc.stop()


# -- errors ---------------------------------------------------------------------------------------------------------------
JAVA = b'{"errorCode": 400, "errorDescription": "java.lang.NullPointerException"}'
PAGE = b"<html><head><title>Error 404--Not Found</title></head></html>"
LOGIN = b"<!DOCTYPE html><html><form action='j_security_check'><input name=x type=\"password\"></form></html>"


@pytest.mark.parametrize(
    ("body", "sentence", "marks"),
    [
        (b'{"errorCode": 404, "errorDescription": "API000464: Object not found."}', "API000464: Object not found.",
         {"api", "own", "nothing"}),
        (b'{"errorCode": "404", "errorDiscription": "No rows match the query"}', "No rows match the query", {"own", "nothing"}),
        (b'[{"errorCode": 400, "errorDescription": "Multiple Extractable Types Specified"}]', "Multiple Extractable Types",
         {"own"}),
        (b"<error><errorCode>404</errorCode><errorDescription>API000464: gone</errorDescription></error>", "API000464: gone",
         {"api", "own", "nothing"}),
        (b"API000451: invalid key", "API000451: invalid key", {"api", "own"}),
        (b'{"errorCode": 500}', "an error without a text", {"own"}),
        (JAVA, "NullPointerException", {"own", "java"}),
        (b'{"errorCode":400,"errorDescription":"x at com.sterling.A.b(A.java:1)"}', "A.java:1", {"own", "java"}),
        (PAGE, 'an HTML page, "Error 404--Not Found"', {"html"}),
        (b"<html><h1>Error: API000464: no &#39;x&#39;</h1></html>", "API000464: no 'x'", {"api", "own", "nothing"}),
        (LOGIN, "an HTML page", {"html", "login"}),
        (b"<?xml version='1.0'?><messages/>", "XML in place of JSON", set()),
        (b"default backend - 404", "default backend - 404", set()),
        (b"", "an empty answer", set()),
        (b'{"message": "no route"}', "JSON that is no error of Sterling's", set()),
    ],
)  # fmt: skip
def test_an_error_in_every_form_is_one_sentence(body: bytes, sentence: str, marks: set[str]) -> None:
    fault = responses.fault(body)
    assert sentence in fault.sentence
    assert {mark for mark in ("api", "own", "html", "login", "java", "nothing") if getattr(fault, mark)} == marks


@pytest.mark.parametrize(
    ("said", "none"),
    [
        ("No records found", True), ("No messages were found in mailbox /acme/session", True), ("None found.", True),
        ("No messages with name a b.edi exist", True), ("There are no matching rows", True), ("API000464: x", True),
        ("Mailbox message 311 does not exist", True), ("Mailbox message with id 311 does not exist", True),
        ("Document host1:node1:17a:1 not found", True), ("The mailbox '/acme/in box' no longer exists", True),
        ("Message [311] could not be found", True), ("Mailbox message does not exist", True),
        ("API000160: No permission available for this operation", False), ("No messages available", False),
        ("No valid session was found for user d365edi", False), ("User d365edi does not exist", False),
        ("User has no permission on mailbox, contact administrator if it should exist", False),
        ("There is no database connection available", False), ("Message queue manager not found", False),
        ("No records found because the session has expired", False), ("No message store exists", False),
        ("Mailbox user does not exist", False), ("Messages not found: no database connection", False),
        ("The document type handler was not found", False), ("Multiple Extractable Types Specified", False),
    ],
)  # fmt: skip
def test_only_a_text_that_names_no_such_objects_says_that_there_are_none(said: str, none: bool) -> None:
    body = json.dumps({"errorCode": 400, "errorDescription": said}).encode()
    assert responses.fault(body).nothing is none
    assert responses.fault(f"<html><body><h1>{said}</h1></body></html>".encode()).nothing is none


@given(st.binary(max_size=200))
def test_any_body_can_be_read_as_an_error(body: bytes) -> None:
    assert responses.fault(body).sentence
