"""`d365edi partner probe` at a server of mailboxes, and what `check --live` asks it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from d365edi import live_check
from d365edi.cli import client
from d365edi.sandbox.sterling import SterlingSimulator
from tests.cli.conftest import Call, Said, words

ENDPOINT = """
[endpoints.sbi]
kind = "sterling"
url = "{url}"
username = "d365edi"
password = {{ secret = "sbi" }}
ca_file = "{ca_file}"
after = {{ move_to = "/acme/done" }}
[endpoints.sbi.dialect]
colon = "encoded"
[endpoints.files]
kind = "folder"
path = "{folder}"
"""


@pytest.fixture
async def sterling(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SterlingSimulator]:
    """A server that the settings name, with a mailbox to probe."""
    async with SterlingSimulator() as made:
        made.state.mailbox("/d365edi/probe")
        made.state.mailbox("/acme/done")
        text = ENDPOINT.format(url=made.url, ca_file=made.ca_file, folder=folder)
        with (folder / "settings.toml").open("a") as settings:
            settings.write(text)
        monkeypatch.setenv("D365EDI_SECRET_SBI", made.PASSWORD)
        yield made


async def probe(call: Call, *arguments: str) -> Said:
    """The command, while the server runs in this loop."""
    return await anyio.to_thread.run_sync(lambda: call("partner", "probe", *arguments))


async def test_a_server_that_is_as_the_settings_say(sterling: SterlingSimulator, call: Call) -> None:
    said = await probe(call, "sbi", "--at", "/d365edi/probe")
    assert (said.code, said.err) == (0, "")
    for text in ("two messages of one document", "allowed", "the id after a move", "the same"):
        assert text in words(said)
    assert "Write into" not in said.out
    assert (sterling.state.documents, all(each.gone for each in sterling.ledger.messages())) == ({}, True)


async def test_lines_of_the_dialect_that_differ_are_printed(sterling: SterlingSimulator, call: Call) -> None:
    sterling.switches.payload, sterling.switches.colon = "query", "raw"
    said = await probe(call, "sbi", "--at", "/d365edi/probe")
    assert said.code == 1
    assert said.out.endswith('Write into the settings:\n[endpoints.sbi.dialect]\npayload = "query"\ncolon = "raw"\n')
    read = json.loads((await probe(call, "sbi", "--at", "/d365edi/probe", "--json")).out)
    assert (read["dialect"][1:], read["left"], read["error"]) == (['payload = "query"', 'colon = "raw"'], [], "")
    sterling.switches.delete = "bare"
    sterling.switches.payload = "any"
    sterling.faults.answer(404, html=True, method="POST", path="*getpayload", times=4)
    assert "no known form works" in (await probe(call, "sbi", "--at", "/d365edi/probe")).out


async def test_what_is_left_behind_is_named(sterling: SterlingSimulator, call: Call) -> None:
    sterling.user.rights["/d365edi/probe"] = frozenset({"read", "view", "write"})
    said = await probe(call, "sbi", "--at", "/d365edi/probe")
    assert (said.code, "read, write, view, delete" in said.err) == (3, True)
    assert said.out.count("left behind: mailboxmessages/") == 2


async def test_a_server_that_cannot_be_asked(sterling: SterlingSimulator, call: Call) -> None:
    said = await probe(call, "sbi", "--at", "/nowhere")
    assert (said.code, "/nowhere on sbi: no mailbox has this path" in said.err) == (3, True)
    sterling.user.password = "another"
    said = await probe(call, "sbi", "--at", "/d365edi/probe")
    assert (said.code, len(sterling.users.rejected), "d365edi secrets set sbi" in said.err) == (3, 1, True)


IN_USE = """
[endpoints.same]
kind = "sterling"
url = "{url}"
username = "d365edi"
password = {{ secret = "sbi" }}
[partners.box]
customer = {{ usmf = "US-009" }}
x12 = {{ us = "01:123456789", them = "ZZ:BOX" }}
acks = {{ to = {{ endpoint = "sbi", path = "/box/to" }} }}
[partners.box.pickup.edi]
from = {{ endpoint = "same", path = "/box/from/*" }}
every = "1m"
"""


@pytest.mark.parametrize(
    ("path", "table"),
    [
        ("/acme/done", "endpoints.sbi.after"),
        ("/Box/to", "partners.box.acks.to"),
        ("/box/from", "partners.box.pickup.edi"),
    ],
)
async def test_a_mailbox_in_use_is_not_written_into(
    sterling: SterlingSimulator, call: Call, folder: Path, path: str, table: str
) -> None:
    with (folder / "settings.toml").open("a") as settings:
        settings.write(IN_USE.format(url=sterling.url))
    said = await probe(call, "sbi", "--at", path)
    assert said.code == 2
    assert f"{path} is in use, by [{table}]" in said.err
    assert "name a mailbox that nothing else uses, or add --force" in said.err
    assert not sterling.log
    sterling.state.mailbox(path)
    assert (await probe(call, "sbi", "--at", path, "--force")).code == 0


async def test_endpoints_that_have_no_mailboxes(sterling: SterlingSimulator, call: Call) -> None:
    for arguments, said in (
        (("nobody", "--at", "/x"), "there is no endpoint nobody"),
        (("files", "--at", "/x"), "d365edi ping files"),
        (("sbi", "--at", "x"), "write --at /x"),
    ):
        refused = await probe(call, *arguments)
        assert (refused.code, said in refused.err) == (2, True)
    assert not sterling.log


async def test_the_calls_that_are_made_are_compared_with_the_servers_description(
    sterling: SterlingSimulator, folder: Path
) -> None:
    settings = client.load(folder / "settings.toml")
    report = await live_check.check_mailboxes(settings)
    assert (report.problems, report.proved) == ((), ())
    assert report.notes == (f"sbi serves no description of its calls ({sterling.url}doc)",)
    sterling.switches.doc = True
    report = await live_check.check_mailboxes(settings)
    assert (report.problems, report.notes, len(report.proved)) == ((), (), 1)
    sterling.faults.answer(200, path="*/doc", body=b'{"paths": {"/documents/": {"get": {}, "post": {}}}}')
    report = await live_check.check_mailboxes(settings)
    assert "sbi describes no POST /mailboxmessages/" in report.problems
    assert "sbi describes no GET /mailboxmessages/{id}" in report.notes
    sterling.faults.answer(200, path="*/doc", html=True)
    [note] = (await live_check.check_mailboxes(settings)).notes
    assert "nothing was compared" in note
