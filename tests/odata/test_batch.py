"""Batches are written as D365 reads them, and their answers are taken apart whatever shape they come in."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.odata import canonical
from d365edi.odata.batch import LIMIT, BatchPart, Operation, parse, write

URL = "https://h/data/SalesOrderLinesV3?cross-company=true"


def test_a_batch_is_one_changeset_of_numbered_operations() -> None:
    body = {"SalesOrderNumber": "SO-1", "OrderedSalesQuantity": Decimal("2.5")}
    _, content_type, written = write([Operation("POST", URL, body), Operation("DELETE", URL)], "t1")
    assert content_type == "multipart/mixed; boundary=batch_t1"
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {}\r\n\r\n"
    inner = (
        "OData-Version: 4.0\r\nOData-MaxVersion: 4.0\r\n"
        "Content-Type: application/json;odata.metadata=minimal;charset=utf-8\r\n\r\n"
    )
    assert written.decode() == (
        "--batch_t1\r\nContent-Type: multipart/mixed; boundary=changeset_t1\r\n\r\n"
        f"--changeset_t1\r\n{head.format(1)}POST {URL} HTTP/1.1\r\n{inner}"
        '{"SalesOrderNumber":"SO-1","OrderedSalesQuantity":2.5}\r\n'
        f"--changeset_t1\r\n{head.format(2)}DELETE {URL} HTTP/1.1\r\n{inner}\r\n"
        "--changeset_t1--\r\n\r\n--batch_t1--\r\n"
    )


@pytest.mark.parametrize("count", [0, LIMIT + 1])
def test_a_batch_takes_one_to_five_thousand_operations(count: int) -> None:
    with pytest.raises(ValueError, match="5000"):
        write([Operation("POST", URL)] * count, "t")


def test_an_address_or_token_that_could_break_the_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="blank"):
        write([Operation("POST", "https://h/\r\nX: y")], "t")
    with pytest.raises(ValueError, match="letters and digits"):
        write([Operation("POST", URL)], "t\r\n")


def framed(
    parts: list[tuple[int, int, bytes]], nested: bool, newline: str = "\r\n", quoted: bool = False
) -> tuple[str, bytes]:
    """An answer as a server writes it: parts of (content id, status, body), in a changeset or bare."""
    boundary = "changesetresponse_7" if nested else "batchresponse_1"
    text = b""
    for content_id, status, body in parts:
        head = ["--" + boundary, "Content-Type: application/http", "Content-Transfer-Encoding: binary"]
        head += [f"Content-ID: {content_id}", "", f"HTTP/1.1 {status} Whatever", "Retry-After: 7", "", ""]
        text += newline.join(head).encode() + body + newline.encode()
    text += f"--{boundary}--{newline}".encode()
    if nested:
        head = ["--batchresponse_1", f"Content-Type: multipart/mixed; boundary={boundary}", "", ""]
        text = newline.join(head).encode() + text + f"--batchresponse_1--{newline}".encode()
    mark = '"' if quoted else ""
    return f"multipart/mixed; boundary={mark}batchresponse_1{mark}", text


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("newline", ["\r\n", "\n"])
@pytest.mark.parametrize("quoted", [True, False])
def test_answers_are_read_in_a_changeset_or_bare(nested: bool, newline: str, quoted: bool) -> None:
    answer = framed([(1, 201, b'{"a": 1}'), (2, 204, b"")], nested, newline, quoted)
    assert tuple(parse(*answer)) == (
        BatchPart(1, 201, {"retry-after": "7"}, b'{"a": 1}'),
        BatchPart(2, 204, {"retry-after": "7"}, b""),
    )


@given(
    st.lists(st.tuples(st.integers(200, 599), st.dictionaries(st.text(max_size=9), st.text(max_size=20))), max_size=5)
)
@settings(deadline=None, max_examples=100)
def test_every_part_of_any_answer_is_read(answers: list[tuple[int, dict[str, str]]]) -> None:
    parts = [(number, status, canonical.dumps(body)) for number, (status, body) in enumerate(answers, start=1)]
    read = parse(*framed(parts, nested=True))
    assert [(part.content_id, part.status, part.body) for part in read] == parts


@given(st.lists(st.dictionaries(st.text(max_size=9), st.text(max_size=30)), min_size=1, max_size=4))
@settings(deadline=None, max_examples=100)
def test_what_was_written_could_be_taken_apart_by_the_same_rules(bodies: list[dict[str, str]]) -> None:
    _, content_type, written = write([Operation("POST", URL, body) for body in bodies], "t9")
    answered = written.replace(f"POST {URL} HTTP/1.1".encode(), b"HTTP/1.1 201 Created")
    read = parse(content_type, answered)
    assert [(part.content_id, canonical.loads(part.body)) for part in read] == list(enumerate(bodies, start=1))


def test_an_answer_in_json_is_read_by_its_ids() -> None:
    said = b"""{"responses": [
        {"id": "2", "status": 201, "headers": {"Retry-After": 7}, "body": {"OrderedSalesQuantity": 2.50}},
        {"id": "1", "status": 204}, {"id": "x", "status": 500, "body": "no"}]}"""
    assert tuple(parse("application/json; odata.metadata=minimal", said)) == (
        BatchPart(2, 201, {"retry-after": "7"}, b'{"OrderedSalesQuantity":2.50}'),
        BatchPart(1, 204),
        BatchPart(0, 500, {}, b"no"),
    )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"responses": [{"id"', "cut off"),
        (b"[]", "without responses"),
        (b'{"error": {"message": "x"}}', "without responses"),
        (b'{"responses": [{"id": "1"}]}', "no status"),
        (b'{"responses": [{"id": "1", "status": true}]}', "no status"),
        (b'{"responses": [7]}', "no status"),
    ],
)
def test_an_answer_in_json_that_is_no_batch_or_was_cut_off_is_a_value_error(body: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        tuple(parse("application/json", body))


def test_a_content_id_inside_the_part_is_found_and_a_missing_one_is_zero() -> None:
    inside = b"--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\ncontent-id: 4\r\n\r\n{}\r\n--b--\r\n"
    without = b"--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n--b--"
    assert [part.content_id for part in parse("multipart/mixed;boundary=b", inside)] == [4]
    assert [part.content_id for part in parse("multipart/mixed;boundary=b", without)] == [0]


@pytest.mark.parametrize(
    ("content_type", "body", "says"),
    [
        ("text/html", b"<html>", "no multipart answer but text/html"),
        ("", b"", "without a type"),
        ("multipart/mixed", b"--b--", "no multipart"),
        ("multipart/mixed; boundary=b", b"", "cut off"),
        ("multipart/mixed; boundary=b", b"--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 201 Cr", "cut off"),
        ("multipart/mixed; boundary=b", b"--b\r\nContent-Type: application/http\r\n\r\n{}\r\n--b--", "no status"),
    ],
)
def test_an_answer_that_is_no_batch_or_was_cut_off_is_a_value_error(content_type: str, body: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        tuple(parse(content_type, body))


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=100)
def test_any_bytes_are_parts_or_a_value_error(body: bytes) -> None:
    try:
        parts = tuple(parse("multipart/mixed; boundary=b", body))
    except ValueError:
        return
    assert all(isinstance(part, BatchPart) for part in parts)
