"""A line describes an event to a person, the same event is one JSON object, and no line shows a secret or is forged."""

from __future__ import annotations

import io
import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

import anyio.lowlevel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loguru import logger

from d365edi import log
from d365edi.errors import PlaceRefused, Refused, Unreachable

DIGEST = "9f2c1a" + "0" * 58
Setup = Callable[..., io.StringIO]


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    """Loggers and hidden secrets are the process's: each test leaves them as it found them."""
    handlers, level = logging.root.handlers[:], logging.root.level
    hidden = log._hidden[:]
    yield
    log._hidden[:] = hidden
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logger.remove()


@pytest.fixture
def logged() -> Setup:
    def setup(level: log.Level = "INFO", format: Literal["line", "json"] = "line") -> io.StringIO:
        stream = io.StringIO()
        log.setup(level, format, stream, ZoneInfo("America/Chicago"))
        return stream

    return setup


def after_time(stream: io.StringIO) -> str:
    """What was logged, each line without its time."""
    return re.sub(r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}-0[56]:00 ", "", stream.getvalue())


def test_a_line_is_columns_and_a_sentence_with_ids_cut_to_be_read(logged: Setup) -> None:
    stream = logged()
    log.say(
        "INFO", "acme.850", "received", f"PO-77.edi 4.1 kB sha256:{DIGEST}", run="acme:PO-77.edi:9f2c1a", digest=DIGEST
    )
    log.say("WARNING", "acme.850", "held", "PO 4500124: no such item")
    assert after_time(stream) == (
        "INFO  acme.850           received   PO-77.edi 4.1 kB sha256:9f2c1a…   run=acme:PO-77.edi:9f2c1a  digest=9f2c1a…\n"
        "WARN  acme.850           held       PO 4500124: no such item\n"
    )


def test_the_same_event_as_json_is_whole(logged: Setup) -> None:
    stream = logged(format="json")
    log.say("WARNING", "acme.850", "held", f"sha256:{DIGEST} \u2028 {{x}}", run="r", ms=423)
    event = json.loads(stream.getvalue())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}-0[56]:00", event.pop("time"))
    assert event == {
        "level": "WARNING",
        "flow": "acme.850",
        "event": "held",
        "message": f"sha256:{DIGEST} \u2028 {{x}}",
        "run": "r",
        "ms": 423,
    }


def test_a_field_does_not_take_the_place_of_what_the_event_is(logged: Setup) -> None:
    stream = logged(format="json")
    log.say("INFO", "acme.850", "held", "s", time="x", message="y", level="z")
    event = json.loads(stream.getvalue())
    assert (event["flow"], event["message"], event["level"]) == ("acme.850", "s", "INFO")


def test_what_is_below_the_level_is_not_logged_and_setup_may_be_called_again(logged: Setup) -> None:
    first = logged("WARNING")
    log.say("INFO", "f", "v", "quiet")
    second = logged("DEBUG")
    log.say("DEBUG", "f", "v", "loud")
    assert (first.getvalue(), after_time(second)) == ("", "DEBUG f                  v          loud\n")


def test_braces_in_what_is_logged_are_data(logged: Setup) -> None:
    stream = logged()
    log.say("INFO", "f", "v", "{x} {} {0!r} %s", file="{y}.xml")
    assert "{x} {} {0!r} %s   file={y}.xml\n" in stream.getvalue()


def test_a_file_s_name_forges_no_line_and_moves_no_cursor(logged: Setup) -> None:
    stream = logged()
    log.say("INFO", "f\r", "v\x1b[2J", "a.xml\n12:00:00.000 ERROR forged\u2028\x9b\u202e", file="x\ny")
    assert stream.getvalue().count("\n") == 1
    assert r"a.xml\n12:00:00.000 ERROR forged\u2028\x9b\u202e   file=x\ny" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_a_name_that_cannot_be_encoded_is_logged_all_the_same(logged: Setup) -> None:
    stream = logged()
    log.say("INFO", "f", "v", "b\udcffd")
    assert r"b\udcffd" in stream.getvalue()


def test_a_defect_is_logged_with_its_trace_each_line_set_in(logged: Setup) -> None:
    stream = logged()
    try:
        raise ValueError("first\n12:00:00.000 INFO forged")
    except ValueError as error:
        log.defect("flows", "message 3", error)
    lines = after_time(stream).split("\n")
    assert lines[0] == r"ERROR flows              defect     message 3: ValueError: first\n12:00:00.000 INFO forged"
    assert lines[1] == "    Traceback (most recent call last):"
    assert [line for line in lines[1:] if line and not line.startswith("    ")] == []


def test_a_defect_s_trace_in_json_is_a_list_and_shows_no_variables(logged: Setup) -> None:
    stream = logged(format="json")
    kept = "a value that only a variable holds"
    try:
        raise ValueError(len(kept))
    except ValueError as error:
        log.defect("flows", "message 3", error)
    event = json.loads(stream.getvalue())
    assert event["trace"][0] == "Traceback (most recent call last):"
    assert event["trace"][-1] == "ValueError: 34"
    assert kept not in stream.getvalue()


def test_a_defect_without_an_exception_is_a_line(logged: Setup) -> None:
    stream = logged()
    log.defect("daemon", "it stands still")
    assert after_time(stream) == "ERROR daemon             defect     it stands still\n"


@pytest.mark.parametrize("format", ["line", "json"])
@pytest.mark.parametrize("secret", ["hunter2", 'p"a\\ss wörd&=', "line one of it\nline two of it\n", "{braces}"])
def test_a_hidden_secret_is_shown_nowhere(logged: Setup, format: Literal["line", "json"], secret: str) -> None:
    stream = logged(format=format)
    log.hide(secret)
    log.say("INFO", "f", "v", f"a {secret} b", url=f"https://x/?q={quote(secret)}", field=secret)
    logging.getLogger("asyncssh").warning("login with %s", secret)
    try:
        raise ValueError(f"no {secret}")
    except ValueError as error:
        log.defect("f", f"while {secret}", error)
    text = stream.getvalue()
    forms = {secret, json.dumps(secret)[1:-1], quote(secret), quote(secret, safe=""), *secret.split("\n")} - {""}
    assert {form for form in forms if form in text} == set()
    assert text.count("***") >= 5


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("{'authorization': 'Basic dXNlcjpwYXNz'}", "{'authorization': 'Basic ***'}"),
        ("sent bearer AAAABBBBCCCCDDDDEEEEFFFF", "sent bearer ***"),
        ("sent Bearer sandbox.Ab3_x-y refused", "sent Bearer *** refused"),
        ("{'Authorization': ['Bearer sandbox.Ab3']}", "{'Authorization': ['Bearer ***']}"),
        ('("Authorization", "Bearer sandbox.Ab3")', '("Authorization", "Bearer ***")'),
        ("Authorization: sandbox.Ab3", "Authorization: ***"),
        ("?t=Bearer%20sandbox.Ab3&x=1", "?t=Bearer%20***&x=1"),
        ("token 'Bearer: \"a1b2\"'", "token 'Bearer: \"***\"'"),
        ("x%20eyJhbGciOiJSUzI1.eyJhdWQiOiJo.c2ln", "x%20***"),
        ("cut: eyJhbGciOiJSUzI1NiIsInR5cCI6…", "cut: ***…"),
        ("the bearer of this", "the bearer of this"),
        ("a bearer token. It is old", "a bearer token. It is old"),
        ('Bearer authorization_uri="https://login"', 'Bearer authorization_uri="https://login"'),
        ("client_secret=s3cr3t&x=1", "client_secret=***&x=1"),
        ('{"access_token": "abc", "x": 1}', '{"access_token": "***", "x": 1}'),
        ("POST /events/2b1f?secret=abc HTTP/1.1", "POST /events/2b1f?secret=*** HTTP/1.1"),
        ("https://x.blob/?sv=1&sig=abc%3D&se=2", "https://x.blob/?sv=1&sig=***&se=2"),
        ("got eyJhbGciOiJSUzI1.eyJhdWQiOiJo.c2lnbmF0", "got ***"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----.", "***."),
        ("set the password, then try", "set the password, then try"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out(said: str, left: str) -> None:
    assert log.redact(said) == left


@pytest.mark.parametrize("kind", [Refused, Unreachable, PlaceRefused])
def test_an_endpoints_error_has_no_token_in_whatever_is_stored_of_it(
    kind: type[Refused] | type[Unreachable],
) -> None:
    error = kind("D365 answered 400: header Authorization: Bearer sandbox.Ab3_x was sent")
    assert (str(error), error.bare) == ("D365 answered 400: header Authorization: Bearer *** was sent",) * 2


def test_a_secret_within_another_is_taken_out_with_it() -> None:
    log.hide("hunter")
    log.hide("hunter2-hunter2")
    assert log.redact("x hunter2-hunter2 y hunter z") == "x *** y *** z"


def test_a_revealed_private_key_does_not_uncover_another_one() -> None:
    head, foot = "-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----"
    log.hide(f"{head}\nb3BlbnNzaC1rZXktdjE\n{foot}")
    assert log.redact(f"offered {head}\nQUFBQUFBQUFBQUFB\n{foot}!") == "offered ***!"


def test_an_empty_secret_hides_nothing() -> None:
    log.hide("")
    assert log.redact("as it was") == "as it was"


def test_libraries_are_logged_from_warning_up_however_deep_they_log(logged: Setup) -> None:
    stream = logged("DEBUG")
    names = ("httpx", "httpcore.http11", "asyncssh.sftp", "apscheduler.scheduler", "uvicorn.error")
    for name in names:
        logging.getLogger(name).setLevel(logging.NOTSET)  # a simulator of this process may have silenced its own
        logging.getLogger(name).info("https://x/?secret")
        logging.getLogger(name).warning("%s grumbles", name)
    assert [line.split()[:4] for line in after_time(stream).splitlines()] == [
        ["WARN", "daemon", "library", f"{name}:"] for name in names
    ]


def test_libraries_that_raise_what_they_log_do_not_repeat_our_sentence(logged: Setup) -> None:
    stream = logged("DEBUG")
    for name in ("azure.identity.aio._internal.get_token_mixin", "azure.core", "msal.application"):
        logging.getLogger(name).error("ClientSecretCredential.get_token failed: AADSTS7000215")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("format", ["line", "json"])
def test_in_the_journal_each_line_has_its_priority_and_no_day(
    format: Literal["line", "json"], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "socket").open("w+") as stream:
        at = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{at.st_dev}:{at.st_ino}")
        log.setup("DEBUG", format, stream, ZoneInfo("America/Chicago"))
        log.say("DEBUG", "f", "v", "d")
        log.say("INFO", "f", "v", "i")
        log.say("WARNING", "f", "v", "w")
        try:
            raise ValueError("two\nlines")
        except ValueError as error:
            log.defect("f", "e", error)
        stream.seek(0)
        lines = stream.read().splitlines()
    assert [line[:3] for line in lines[:4]] == ["<7>", "<6>", "<4>", "<3>"]
    assert {line[:3] for line in lines[4:]} <= {"<3>"}
    assert (len(lines) > 4) == (format == "line")
    if format == "line":
        assert re.fullmatch(r"<4>\d\d:\d\d:\d\d\.\d{3} WARN  f +v +w", lines[2])
    else:
        assert json.loads(lines[2][3:])["message"] == "w"


def test_a_stream_that_the_journal_does_not_read_has_the_day_and_the_offset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "9:99999999")  # inherited by a command whose standard error goes elsewhere
    with (tmp_path / "file").open("w+") as stream:
        log.setup("INFO", "line", stream, ZoneInfo("Asia/Kolkata"))
        log.say("INFO", "f", "v", "i")
        stream.seek(0)
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+05:30 INFO ", stream.read())


def test_a_library_s_own_level_and_exception_come_through(logged: Setup) -> None:
    stream = logged()
    try:
        raise OSError("gone")
    except OSError:
        logging.getLogger("somebody").log(35, "odd {level}", exc_info=True)
    assert "odd {level}" in stream.getvalue()
    assert "OSError: gone" in stream.getvalue()


async def test_what_a_line_is_about_follows_tasks_and_threads(logged: Setup) -> None:
    stream = logged(format="json")

    async def work(number: int) -> None:
        with log.about(run=number):
            await anyio.lowlevel.checkpoint()
            await anyio.to_thread.run_sync(lambda: log.say("INFO", "f", "v", str(number)))

    async with anyio.create_task_group() as group:
        for number in range(4):
            group.start_soon(work, number)
    log.say("INFO", "f", "v", "outside")
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert sorted((event["message"], event.get("run")) for event in events[:4]) == [(str(n), n) for n in range(4)]
    assert "run" not in events[4]


def test_without_a_stream_it_is_told_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    log.setup()
    log.say("INFO", "f", "v", "here")
    out, err = capsys.readouterr()
    assert (out, err.partition(" INFO ")[2]) == ("", " f                  v          here\n")


@given(st.text(), st.text(max_size=20), st.sampled_from(["line", "json"]))
@settings(deadline=None, max_examples=200)
def test_whatever_is_told_is_one_line(sentence: str, field: str, format: Literal["line", "json"]) -> None:
    stream = io.StringIO()
    log.setup("INFO", format, stream)
    log.say("INFO", "f", "v", sentence, field=field)
    text = stream.getvalue()
    assert (len(text.splitlines()), text[-1]) == (1, "\n")
    text.encode()
