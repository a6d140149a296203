"""Handing over: the table, every row of it; and the two ways that write under the final name, over every files."""

from __future__ import annotations

import pytest

from d365edi.endpoints.base import Delivered, NotDelivered
from d365edi.endpoints.upload_protocol import Content, Mode, Next, RemoteState, UploadPlan, compare, decide
from d365edi.errors import Disputed
from tests.endpoints.conftest import Checkpoints, FileGround, Killed


def plan(mode: Mode) -> UploadPlan:
    return UploadPlan(mode, "/in/a", "/in/.a.part", "/in/a.done", 100)


@pytest.mark.parametrize(
    ("step", "temp", "final", "content", "todo"),
    [
        ("", None, None, "unread", "upload"),
        ("intent", None, None, "unread", "upload"),
        ("intent", 40, None, "unread", "replace"),
        ("intent", 100, None, "unread", "replace"),
        ("intent", None, 100, "unread", "upload"),  # not ours: the rename will find it taken
        ("uploaded", 100, None, "unread", "rename"),
        ("uploaded", 40, None, "unread", "replace"),
        ("uploaded", None, 100, "unread", "there"),
        ("uploaded", None, 90, "unread", "disputed"),
        ("uploaded", None, None, "unread", "taken"),
        ("uploaded", 100, 90, "unread", "disputed"),
        ("uploaded", 100, 100, "unread", "read"),
        ("uploaded", 100, 100, "equal", "there"),
        ("uploaded", 100, 100, "other", "disputed"),
    ],
)
def test_a_rename_is_resumed_by_what_is_seen(
    step: str, temp: int | None, final: int | None, content: Content, todo: Next
) -> None:
    assert decide(plan("rename"), step, RemoteState(temp, final, content=content)) == todo


@pytest.mark.parametrize(
    ("mode", "step", "final", "sentinel", "content", "todo"),
    [
        ("direct", "", None, False, "unread", "upload"),
        ("direct", "intent", None, False, "unread", "upload"),
        ("direct", "intent", 40, False, "unread", "read"),
        ("direct", "intent", 40, False, "prefix", "replace"),
        ("direct", "intent", 40, False, "other", "disputed"),
        ("direct", "intent", 100, False, "unread", "read"),
        ("direct", "intent", 100, False, "equal", "there"),
        ("direct", "intent", 100, False, "other", "disputed"),
        ("direct", "intent", 101, False, "unread", "disputed"),
        ("direct", "uploaded", None, False, "unread", "taken"),
        ("direct", "uploaded", 100, False, "unread", "there"),
        ("direct", "unseen", None, False, "unread", "disputed"),
        ("direct", "unseen", 100, False, "unread", "read"),
        ("direct", "unseen", 100, False, "equal", "there"),
        ("direct", "uploaded", 40, False, "prefix", "replace"),
        ("direct", "uploaded", 101, False, "unread", "disputed"),
        ("sentinel", "intent", 100, False, "equal", "announce"),
        ("sentinel", "uploaded", 100, False, "unread", "announce"),
        ("sentinel", "uploaded", 100, True, "unread", "there"),
        ("sentinel", "uploaded", None, False, "unread", "taken"),
    ],
)
def test_writing_under_the_final_name_is_resumed_by_what_is_seen(
    mode: Mode, step: str, final: int | None, sentinel: bool, content: Content, todo: Next
) -> None:
    assert decide(plan(mode), step, RemoteState(None, final, sentinel, content)) == todo


@pytest.mark.parametrize(
    ("theirs", "content"),
    [(b"abc", "equal"), (b"ab", "prefix"), (b"", "prefix"), (b"abd", "other"), (b"abcd", "other")],
)
def test_what_stands_there_is_ours_its_beginning_or_something_else(theirs: bytes, content: Content) -> None:
    assert compare(theirs, b"abc") == content


BOTH = pytest.mark.parametrize(
    ("mode", "whole"),
    [("direct", {"810_7.edi": b"ISA*810~"}), ("sentinel", {"810_7.edi": b"ISA*810~", "810_7.edi.done": b""})],
)


@BOTH
async def test_direct_writes_one_file_and_sentinel_announces_it(
    files: FileGround, mode: Mode, whole: dict[str, bytes]
) -> None:
    checkpoints = Checkpoints()
    endpoint = files.open(deliver=mode)
    receipt = await endpoint.deliver(files.request(), checkpoints)
    assert files.tree("inbound") == whole
    assert await endpoint.probe(files.request(progress=checkpoints.progress)) == Delivered(receipt)


@BOTH
@pytest.mark.parametrize("step", ["intent", "uploaded"])
async def test_direct_and_sentinel_go_on_after_a_kill(
    files: FileGround, mode: Mode, whole: dict[str, bytes], step: str
) -> None:
    checkpoints = Checkpoints(die_after=step)
    with pytest.raises(Killed):
        await files.open(deliver=mode).deliver(files.request(), checkpoints)
    await files.open(deliver=mode).deliver(files.request(progress=checkpoints.progress), Checkpoints())
    assert files.tree("inbound") == whole


@BOTH
async def test_our_own_unfinished_piece_under_the_final_name_is_written_anew(
    files: FileGround, mode: Mode, whole: dict[str, bytes]
) -> None:
    checkpoints = Checkpoints(die_after="intent")
    with pytest.raises(Killed):
        await files.open(deliver=mode).deliver(files.request(), checkpoints)
    files.put("inbound/810_7.edi", b"ISA*")
    endpoint = files.open(deliver=mode)
    assert await endpoint.probe(files.request(progress=checkpoints.progress)) == NotDelivered()
    await endpoint.deliver(files.request(progress=checkpoints.progress), Checkpoints())
    assert files.tree("inbound") == whole


@BOTH
async def test_what_the_partner_took_the_instant_it_was_closed_has_landed(
    files: FileGround, mode: Mode, whole: dict[str, bytes]
) -> None:
    checkpoints = Checkpoints()
    await files.open(deliver=mode).deliver(files.request(), checkpoints)
    for name in whole:
        (files.home / "inbound" / name).unlink()
    receipt = await files.open(deliver=mode).deliver(files.request(progress=checkpoints.progress), Checkpoints())
    assert (receipt.detail["outcome"], files.tree("inbound")) == ("taken by the partner", {})


@BOTH
@pytest.mark.parametrize("theirs", [b"theirs!!", b"ISA*", b"something longer than ours"])
async def test_at_the_first_attempt_whatever_has_the_name_is_not_ours(
    files: FileGround, mode: Mode, whole: dict[str, bytes], theirs: bytes
) -> None:
    there = files.put("inbound/810_7.edi", theirs)
    with pytest.raises(Disputed):
        await files.open(deliver=mode).deliver(files.request(), Checkpoints())
    assert there.read_bytes() == theirs


async def test_a_sentinel_that_is_there_already_is_fine(files: FileGround) -> None:
    files.put("inbound/810_7.edi.done", b"")
    await files.open(deliver="sentinel").deliver(files.request(), Checkpoints())
    assert files.tree("inbound") == {"810_7.edi": b"ISA*810~", "810_7.edi.done": b""}
