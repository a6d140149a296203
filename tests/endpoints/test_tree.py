"""What endpoints over a tree of files guarantee besides: links, temporary names, files that change, renames."""

from __future__ import annotations

import hashlib
import os
from typing import Literal

import anyio
import pytest

from d365edi.endpoints.base import After, Delivered, NotDelivered, Place, Settlement, Unclear
from d365edi.errors import Disputed, Refused, Unavailable
from tests.endpoints.conftest import BIG, Checkpoints, FileGround, Killed

DIGEST = hashlib.sha256(b"ISA*00*~").hexdigest()


async def test_a_file_is_listed_with_the_time_that_it_has(files: FileGround) -> None:
    files.put("outbound/a.edi")
    os.utime(files.home / "outbound/a.edi", (1_700_000_000, 1_700_000_000))
    (remote,) = (await files.open().list(Place(files.at("outbound")))).remotes
    assert remote.modified == 1_700_000_000


async def test_files_are_listed_by_name_whenever_they_came(files: FileGround) -> None:
    for name, time in (("b.edi", 1_700_000_000), ("a.edi", 1_700_000_001)):
        os.utime(files.put(f"outbound/{name}"), (time, time))
    listing = await files.open().list(Place(files.at("outbound")))
    assert [remote.name for remote in listing.remotes] == ["a.edi", "b.edi"]


async def test_a_delivery_is_uploaded_under_a_hidden_name_and_its_receipt_is_its_path(files: FileGround) -> None:
    checkpoints = Checkpoints()
    receipt = await files.open().deliver(files.request(), checkpoints)
    assert (receipt.id, checkpoints.steps) == (files.at("inbound/810_7.edi"), ["intent", "uploaded"])


async def test_what_was_delivered_is_not_written_again(files: FileGround) -> None:
    checkpoints = Checkpoints()
    await files.open().deliver(files.request(), checkpoints)
    before = (files.home / "inbound/810_7.edi").stat()
    again = Checkpoints()
    receipt = await files.open().deliver(files.request(progress=checkpoints.progress), again)
    after = (files.home / "inbound/810_7.edi").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert (receipt.detail["outcome"], again.steps) == ("there", [])


async def test_what_is_no_finished_plain_file_is_passed_over_with_its_reason(files: FileGround) -> None:
    files.put("outbound/good.edi")
    files.put("outbound/empty.edi", b"")
    files.put("outbound/x.edi.filepart")
    files.put("outbound/.hidden")
    files.put("outbound/..\\win.edi")
    files.put("outbound/a\nb.edi")
    (files.home / "outbound/folder.edi").mkdir()
    (files.home / "outbound/link.edi").symlink_to(files.home / "outbound/good.edi")
    os.mkfifo(files.home / "outbound/pipe.edi")
    files.put(os.fsdecode(b"outbound/\xff\xfe.edi"))

    listing = await files.open().list(Place(files.at("outbound")))

    assert [remote.name for remote in listing.remotes] == ["good.edi"]
    assert {passed.name: passed.reason for passed in listing.passed_over} == {
        "empty.edi": "it is empty",
        "x.edi.filepart": "its name says that it is not finished",
        ".hidden": "its name says that it is not finished",
        "..\\win.edi": "its name is a path",
        "a\\nb.edi": "its name holds control characters",
        "folder.edi": "it is a folder",
        "link.edi": "it is a link",
        "pipe.edi": "it is no regular file",
        "\\xff\\xfe.edi": "its name is not UTF-8",
    }


async def test_a_file_that_grew_past_the_limit_is_refused_too(files: FileGround) -> None:
    there = files.put("outbound/a.edi", b"123")
    remote = await files.remote("outbound", "a.edi")
    there.write_bytes(BIG)
    with pytest.raises(Refused, match=f"has {len(BIG)} bytes, more than the 4"):
        await files.open().fetch(remote, 4)


async def test_a_file_that_grew_since_it_was_listed_is_not_taken(files: FileGround) -> None:
    there = files.put("outbound/a.edi", b"half")
    remote = await files.remote("outbound", "a.edi")
    there.write_bytes(b"half and the rest")
    with pytest.raises(Unavailable, match="still growing or was replaced: 4 bytes when listed, 17 now"):
        await files.open().fetch(remote, 100)


async def test_a_file_of_another_time_is_not_taken_even_when_its_size_is_the_same(files: FileGround) -> None:
    there = files.put("outbound/a.edi", b"1234")
    remote = await files.remote("outbound", "a.edi")
    os.utime(there, (1_700_000_000, 1_700_000_000))
    with pytest.raises(Unavailable, match="was replaced"):
        await files.open().fetch(remote, 100)


async def test_settle_finds_where_a_file_went_whose_answer_was_lost(files: FileGround) -> None:
    there = files.put("outbound/a.edi")
    remote = await files.remote("outbound", "a.edi")
    files.put("done/a.edi", b"of yesterday")
    there.rename(files.home / f"done/a-{DIGEST[:8]}.edi")
    settled = await files.open().settle(remote, After("move", files.at("done")), DIGEST)
    assert settled == Settlement("settled", files.at(f"done/a-{DIGEST[:8]}.edi"))


async def test_a_file_overwritten_since_is_changed_and_stays(files: FileGround) -> None:
    there = files.put("outbound/a.edi")
    remote = await files.remote("outbound", "a.edi")
    there.write_bytes(b"another order")
    endpoint = files.open()
    for after in (After("move", files.at("done")), After("delete"), After("leave")):
        assert await endpoint.settle(remote, after, DIGEST) == Settlement("changed")
    assert files.tree() == {"outbound/a.edi": b"another order"}


@pytest.mark.parametrize("action", ["move", "delete"])
async def test_a_file_overwritten_with_as_many_bytes_in_the_same_second_is_changed_and_stays(
    files: FileGround, action: Literal["move", "delete"]
) -> None:
    there = files.put("outbound/a.edi")
    os.utime(there, (1_790_000_000,) * 2)
    remote = await files.remote("outbound", "a.edi")
    there.write_bytes(b"ISA*01*~")
    os.utime(there, (1_790_000_000,) * 2)
    assert await files.open().settle(remote, After(action, files.at("done")), DIGEST) == Settlement("changed")
    assert files.tree() == {"outbound/a.edi": b"ISA*01*~"}


async def test_a_name_that_is_taken_among_the_processed_gets_a_piece_of_the_digest_then_a_number(
    files: FileGround,
) -> None:
    endpoint = files.open()
    for _ in range(3):
        files.put("outbound/a.edi")
        remote = await files.remote("outbound", "a.edi")
        os.utime(files.home / "outbound/a.edi", (remote.modified or 0,) * 2)
        assert (await endpoint.settle(remote, After("move", files.at("done")), DIGEST)).outcome == "settled"
    assert list(files.tree("done")) == [f"a-{DIGEST[:8]}-2.edi", f"a-{DIGEST[:8]}.edi", "a.edi"]


async def test_many_files_settle_at_once_into_a_folder_that_is_still_missing(files: FileGround) -> None:
    for number in range(20):
        files.put(f"outbound/{number:02}.edi")
    endpoint = files.open()
    remotes = (await endpoint.list(Place(files.at("outbound")))).remotes
    async with anyio.create_task_group() as group:
        for remote in remotes:
            group.start_soon(endpoint.settle, remote, After("move", files.at("done/deep")), DIGEST)
    assert list(files.tree("done/deep")) == [f"{number:02}.edi" for number in range(20)]


async def test_the_partner_never_sees_a_half_written_file_under_its_name(files: FileGround) -> None:
    seen: list[list[str]] = []
    checkpoints = Checkpoints(watch=lambda _: seen.append(list(files.tree("inbound"))))
    await files.open().deliver(files.request(BIG), checkpoints)
    assert [[name for name in names if not name.startswith(".")] for names in seen] == [[], []]


async def test_a_piece_left_by_a_cut_upload_is_replaced_by_the_whole(files: FileGround) -> None:
    checkpoints = Checkpoints(die_after="intent")
    with pytest.raises(Killed):
        await files.open().deliver(files.request(BIG), checkpoints)
    files.put(f"inbound/{checkpoints.progress['temp']}", BIG[:1000])
    await files.open().deliver(files.request(BIG, checkpoints.progress), second_checkpoints := Checkpoints())
    assert files.tree("inbound") == {"810_7.edi": BIG}
    assert second_checkpoints.steps == ["uploaded"]


async def test_a_name_taken_by_something_else_is_disputed_and_delivered_once_it_is_free(files: FileGround) -> None:
    theirs = files.put("inbound/810_7.edi", b"theirs!!")
    checkpoints = Checkpoints()
    endpoint = files.open()
    with pytest.raises(Disputed, match="taken by something that we did not put there"):
        await endpoint.deliver(files.request(), checkpoints)
    assert theirs.read_bytes() == b"theirs!!"

    theirs.unlink()
    await endpoint.deliver(files.request(progress=checkpoints.progress), checkpoints)
    assert files.tree("inbound") == {"810_7.edi": b"ISA*810~"}


async def test_the_same_bytes_under_the_name_are_not_disputed(files: FileGround) -> None:
    files.put("inbound/810_7.edi", b"ISA*810~")
    receipt = await files.open().deliver(files.request(), Checkpoints())
    assert receipt.detail["outcome"] == "there"


async def test_a_file_of_another_size_in_place_of_ours_is_disputed(files: FileGround) -> None:
    checkpoints = Checkpoints()
    await files.open().deliver(files.request(), checkpoints)
    files.put("inbound/810_7.edi", b"something longer than ours")
    with pytest.raises(Disputed):
        await files.open().deliver(files.request(progress=checkpoints.progress), Checkpoints())


async def test_a_rename_cut_between_link_and_unlink_is_finished(files: FileGround) -> None:
    checkpoints = Checkpoints(die_after="uploaded")
    with pytest.raises(Killed):
        await files.open().deliver(files.request(), checkpoints)
    os.link(files.home / "inbound" / checkpoints.progress["temp"], files.home / "inbound/810_7.edi")
    await files.open().deliver(files.request(progress=checkpoints.progress), Checkpoints())
    assert files.tree("inbound") == {"810_7.edi": b"ISA*810~"}


async def test_probe_tells_at_every_step_whether_it_landed(files: FileGround) -> None:
    endpoint = files.open()
    assert await endpoint.probe(files.request()) == NotDelivered()
    for step in ("intent", "uploaded"):
        checkpoints = Checkpoints(die_after=step)
        with pytest.raises(Killed):
            await endpoint.deliver(files.request(), checkpoints)
        assert await endpoint.probe(files.request(progress=checkpoints.progress)) == NotDelivered()
        for name in files.tree("inbound"):
            (files.home / "inbound" / name).unlink()
    receipt = await endpoint.deliver(files.request(), checkpoints := Checkpoints())
    assert await endpoint.probe(files.request(progress=checkpoints.progress)) == Delivered(receipt)
    files.put("inbound/810_7.edi", b"something longer than ours")
    outcome = await endpoint.probe(files.request(progress=checkpoints.progress))
    assert isinstance(outcome, Unclear)
    assert "taken by something" in outcome.question


async def test_ping_counts_what_it_sees_in_each_folder(files: FileGround) -> None:
    files.put("outbound/a.edi")
    check = (await files.open(folders=(files.at("outbound"),)).ping())[-1]
    assert (check.what, check.sentence) == (f"folder {files.at('outbound')}", "1 files there, 0 passed over")
