"""What every verb of the endpoint interface guarantees, over every implementation of it."""

from __future__ import annotations

import hashlib
import os
from typing import Literal

import anyio
import pytest

from d365edi.endpoints.base import After, Delivered, NotDelivered, Place, Settlement, Unclear
from d365edi.errors import Disputed, PlaceRefused, Refused, Unavailable
from tests.endpoints.conftest import Checkpoints, Ground, Killed

DIGEST = hashlib.sha256(b"ISA*00*~").hexdigest()
BIG = bytes(range(256)) * 2500  # more than one block of any server


async def test_a_listing_tells_names_sizes_and_times_in_order_and_enters_no_subfolder(ground: Ground) -> None:
    ground.put("outbound/b.edi", b"12")
    ground.put("outbound/a.edi", b"1")
    ground.put("outbound/sub/c.edi")
    os.utime(ground.home / "outbound/a.edi", (1_700_000_000, 1_700_000_000))

    listing = await ground.open().list(Place(ground.at("outbound")))

    assert [(r.path, r.name, r.size) for r in listing.remotes] == [
        (ground.at("outbound"), "a.edi", 1),
        (ground.at("outbound"), "b.edi", 2),
    ]
    assert listing.remotes[0].modified == 1_700_000_000


async def test_two_listings_are_equal_when_nothing_changed(ground: Ground) -> None:
    for number in range(250):  # more than one answer of a server
        ground.put(f"outbound/{number:03}.edi")
    endpoint = ground.open()
    first = await endpoint.list(Place(ground.at("outbound")))
    assert await endpoint.list(Place(ground.at("outbound"))) == first
    assert len(first.remotes) == 250


async def test_what_is_no_finished_plain_file_is_passed_over_with_its_reason(ground: Ground) -> None:
    ground.put("outbound/good.edi")
    ground.put("outbound/empty.edi", b"")
    ground.put("outbound/x.edi.filepart")
    ground.put("outbound/.hidden")
    ground.put("outbound/..\\win.edi")
    ground.put("outbound/a\nb.edi")
    (ground.home / "outbound/folder.edi").mkdir()
    (ground.home / "outbound/link.edi").symlink_to(ground.home / "outbound/good.edi")
    os.mkfifo(ground.home / "outbound/pipe.edi")
    ground.put(os.fsdecode(b"outbound/\xff\xfe.edi"))

    listing = await ground.open().list(Place(ground.at("outbound")))

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


async def test_a_pattern_parts_what_is_ours_from_the_rest(ground: Ground) -> None:
    ground.put("outbound/po_1.edi")
    ground.put("outbound/PO_2.edi")
    listing = await ground.open().list(Place(ground.at("outbound"), "po_*"))
    assert [remote.name for remote in listing.remotes] == ["po_1.edi"]
    assert [(p.name, p.reason) for p in listing.passed_over] == [("PO_2.edi", 'its name does not match "po_*"')]


async def test_a_missing_folder_is_refused_by_its_name(ground: Ground) -> None:
    with pytest.raises(Refused, match="nowhere"):
        await ground.open().list(Place(ground.at("nowhere")))


@pytest.mark.parametrize("data", [b"\x00", b"ISA*00*~", BIG], ids=["one byte", "small", "several blocks"])
async def test_fetch_gives_the_exact_bytes_and_changes_nothing(ground: Ground, data: bytes) -> None:
    ground.put("outbound/a.edi", data)
    remote = await ground.remote("outbound", "a.edi")
    assert await ground.open().fetch(remote, len(data)) == data
    assert ground.tree() == {"outbound/a.edi": data}


async def test_more_than_the_limit_is_refused(ground: Ground) -> None:
    ground.put("outbound/a.edi", b"12345")
    remote = await ground.remote("outbound", "a.edi")
    with pytest.raises(Refused, match="has 5 bytes, more than the 4"):
        await ground.open().fetch(remote, 4)


async def test_a_file_that_grew_past_the_limit_is_refused_too(ground: Ground) -> None:
    there = ground.put("outbound/a.edi", b"123")
    remote = await ground.remote("outbound", "a.edi")
    there.write_bytes(BIG)
    with pytest.raises(Refused, match=f"has {len(BIG)} bytes, more than the 4"):
        await ground.open().fetch(remote, 4)


async def test_a_file_that_grew_since_it_was_listed_is_not_taken(ground: Ground) -> None:
    there = ground.put("outbound/a.edi", b"half")
    remote = await ground.remote("outbound", "a.edi")
    there.write_bytes(b"half and the rest")
    with pytest.raises(Unavailable, match="still growing or was replaced: 4 bytes when listed, 17 now"):
        await ground.open().fetch(remote, 100)


async def test_a_file_of_another_time_is_not_taken_even_when_its_size_is_the_same(ground: Ground) -> None:
    there = ground.put("outbound/a.edi", b"1234")
    remote = await ground.remote("outbound", "a.edi")
    os.utime(there, (1_700_000_000, 1_700_000_000))
    with pytest.raises(Unavailable, match="was replaced"):
        await ground.open().fetch(remote, 100)


async def test_a_file_that_is_gone_is_refused(ground: Ground) -> None:
    there = ground.put("outbound/a.edi")
    remote = await ground.remote("outbound", "a.edi")
    there.unlink()
    with pytest.raises(Refused, match=r"a\.edi"):
        await ground.open().fetch(remote, 100)


@pytest.mark.parametrize(
    ("action", "left"),
    [("move", {"done/deep/a.edi": b"ISA*00*~"}), ("delete", {}), ("leave", {"outbound/a.edi": b"ISA*00*~"})],
)
async def test_settle_moves_deletes_or_leaves_and_may_be_repeated(
    ground: Ground, action: str, left: dict[str, bytes]
) -> None:
    ground.put("outbound/a.edi")
    remote = await ground.remote("outbound", "a.edi")
    endpoint = ground.open()
    after = After(action, ground.at("done/deep"))  # type: ignore[arg-type]

    first = await endpoint.settle(remote, after, DIGEST)
    second = await endpoint.settle(remote, after, DIGEST)

    assert ground.tree() == left
    assert first.outcome == "settled"
    assert second == (Settlement("gone") if action == "delete" else first)


async def test_settle_finds_where_a_file_went_whose_answer_was_lost(ground: Ground) -> None:
    there = ground.put("outbound/a.edi")
    remote = await ground.remote("outbound", "a.edi")
    ground.put("done/a.edi", b"of yesterday")
    there.rename(ground.home / f"done/a-{DIGEST[:8]}.edi")
    settled = await ground.open().settle(remote, After("move", ground.at("done")), DIGEST)
    assert settled == Settlement("settled", ground.at(f"done/a-{DIGEST[:8]}.edi"))


async def test_a_file_overwritten_since_is_changed_and_stays(ground: Ground) -> None:
    there = ground.put("outbound/a.edi")
    remote = await ground.remote("outbound", "a.edi")
    there.write_bytes(b"another order")
    endpoint = ground.open()
    for after in (After("move", ground.at("done")), After("delete"), After("leave")):
        assert await endpoint.settle(remote, after, DIGEST) == Settlement("changed")
    assert ground.tree() == {"outbound/a.edi": b"another order"}


@pytest.mark.parametrize("action", ["move", "delete"])
async def test_a_file_overwritten_with_as_many_bytes_in_the_same_second_is_changed_and_stays(
    ground: Ground, action: Literal["move", "delete"]
) -> None:
    there = ground.put("outbound/a.edi")
    os.utime(there, (1_790_000_000,) * 2)
    remote = await ground.remote("outbound", "a.edi")
    there.write_bytes(b"ISA*01*~")
    os.utime(there, (1_790_000_000,) * 2)
    assert await ground.open().settle(remote, After(action, ground.at("done")), DIGEST) == Settlement("changed")
    assert ground.tree() == {"outbound/a.edi": b"ISA*01*~"}


async def test_a_name_that_is_taken_among_the_processed_gets_a_piece_of_the_digest_then_a_number(
    ground: Ground,
) -> None:
    endpoint = ground.open()
    for _ in range(3):
        ground.put("outbound/a.edi")
        remote = await ground.remote("outbound", "a.edi")
        os.utime(ground.home / "outbound/a.edi", (remote.modified or 0,) * 2)
        assert (await endpoint.settle(remote, After("move", ground.at("done")), DIGEST)).outcome == "settled"
    assert list(ground.tree("done")) == [f"a-{DIGEST[:8]}-2.edi", f"a-{DIGEST[:8]}.edi", "a.edi"]


async def test_many_files_settle_at_once_into_a_folder_that_is_still_missing(ground: Ground) -> None:
    for number in range(20):
        ground.put(f"outbound/{number:02}.edi")
    endpoint = ground.open()
    remotes = (await endpoint.list(Place(ground.at("outbound")))).remotes
    async with anyio.create_task_group() as group:
        for remote in remotes:
            group.start_soon(endpoint.settle, remote, After("move", ground.at("done/deep")), DIGEST)
    assert list(ground.tree("done/deep")) == [f"{number:02}.edi" for number in range(20)]


@pytest.mark.parametrize("payload", [b"", b"ISA*810~", BIG], ids=["empty", "small", "several blocks"])
async def test_a_request_stands_whole_under_its_name_and_nothing_else_is_left(ground: Ground, payload: bytes) -> None:
    checkpoints = Checkpoints()
    receipt = await ground.open().deliver(ground.request(payload), checkpoints)
    assert receipt.id == ground.at("inbound/810_7.edi")
    assert ground.tree("inbound") == {"810_7.edi": payload}
    assert checkpoints.steps == ["intent", "uploaded"]


async def test_the_partner_never_sees_a_half_written_file_under_its_name(ground: Ground) -> None:
    seen: list[list[str]] = []
    checkpoints = Checkpoints(watch=lambda _: seen.append(list(ground.tree("inbound"))))
    await ground.open().deliver(ground.request(BIG), checkpoints)
    assert [[name for name in names if not name.startswith(".")] for names in seen] == [[], []]


@pytest.mark.parametrize("step", ["intent", "uploaded"])
async def test_a_delivery_killed_after_any_step_goes_on_to_exactly_one_file(ground: Ground, step: str) -> None:
    checkpoints = Checkpoints(die_after=step)
    with pytest.raises(Killed):
        await ground.open().deliver(ground.request(), checkpoints)
    again = Checkpoints()
    receipt = await ground.open().deliver(ground.request(progress=checkpoints.progress), again)
    assert ground.tree("inbound") == {"810_7.edi": b"ISA*810~"}
    assert receipt.id == ground.at("inbound/810_7.edi")
    assert again.steps == (["uploaded"] if step == "intent" else [])


async def test_a_delivery_whose_last_answer_was_lost_is_found_and_not_repeated(ground: Ground) -> None:
    checkpoints = Checkpoints()
    await ground.open().deliver(ground.request(), checkpoints)
    before = (ground.home / "inbound/810_7.edi").stat()
    again = Checkpoints()
    receipt = await ground.open().deliver(ground.request(progress=checkpoints.progress), again)
    after = (ground.home / "inbound/810_7.edi").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert (receipt.detail["outcome"], again.steps) == ("there", [])


async def test_a_delivery_that_the_partner_took_at_once_has_landed(ground: Ground) -> None:
    checkpoints = Checkpoints()
    await ground.open().deliver(ground.request(), checkpoints)
    (ground.home / "inbound/810_7.edi").unlink()
    receipt = await ground.open().deliver(ground.request(progress=checkpoints.progress), Checkpoints())
    assert receipt.detail["outcome"] == "taken by the partner"
    assert ground.tree("inbound") == {}


async def test_a_piece_left_by_a_cut_upload_is_replaced_by_the_whole(ground: Ground) -> None:
    checkpoints = Checkpoints(die_after="intent")
    with pytest.raises(Killed):
        await ground.open().deliver(ground.request(BIG), checkpoints)
    ground.put(f"inbound/{checkpoints.progress['temp']}", BIG[:1000])
    await ground.open().deliver(ground.request(BIG, checkpoints.progress), second_checkpoints := Checkpoints())
    assert ground.tree("inbound") == {"810_7.edi": BIG}
    assert second_checkpoints.steps == ["uploaded"]


async def test_a_name_taken_by_something_else_is_disputed_and_delivered_once_it_is_free(ground: Ground) -> None:
    theirs = ground.put("inbound/810_7.edi", b"theirs!!")
    checkpoints = Checkpoints()
    endpoint = ground.open()
    with pytest.raises(Disputed, match="taken by something that we did not put there"):
        await endpoint.deliver(ground.request(), checkpoints)
    assert theirs.read_bytes() == b"theirs!!"

    theirs.unlink()
    await endpoint.deliver(ground.request(progress=checkpoints.progress), checkpoints)
    assert ground.tree("inbound") == {"810_7.edi": b"ISA*810~"}


async def test_the_same_bytes_under_the_name_are_not_disputed(ground: Ground) -> None:
    ground.put("inbound/810_7.edi", b"ISA*810~")
    receipt = await ground.open().deliver(ground.request(), Checkpoints())
    assert receipt.detail["outcome"] == "there"


async def test_a_file_of_another_size_in_place_of_ours_is_disputed(ground: Ground) -> None:
    checkpoints = Checkpoints()
    await ground.open().deliver(ground.request(), checkpoints)
    ground.put("inbound/810_7.edi", b"something longer than ours")
    with pytest.raises(Disputed):
        await ground.open().deliver(ground.request(progress=checkpoints.progress), Checkpoints())


async def test_a_rename_cut_between_link_and_unlink_is_finished(ground: Ground) -> None:
    checkpoints = Checkpoints(die_after="uploaded")
    with pytest.raises(Killed):
        await ground.open().deliver(ground.request(), checkpoints)
    os.link(ground.home / "inbound" / checkpoints.progress["temp"], ground.home / "inbound/810_7.edi")
    await ground.open().deliver(ground.request(progress=checkpoints.progress), Checkpoints())
    assert ground.tree("inbound") == {"810_7.edi": b"ISA*810~"}


async def test_probe_tells_at_every_step_whether_it_landed(ground: Ground) -> None:
    endpoint = ground.open()
    assert await endpoint.probe(ground.request()) == NotDelivered()
    for step in ("intent", "uploaded"):
        checkpoints = Checkpoints(die_after=step)
        with pytest.raises(Killed):
            await endpoint.deliver(ground.request(), checkpoints)
        assert await endpoint.probe(ground.request(progress=checkpoints.progress)) == NotDelivered()
        for name in ground.tree("inbound"):
            (ground.home / "inbound" / name).unlink()
    receipt = await endpoint.deliver(ground.request(), checkpoints := Checkpoints())
    assert await endpoint.probe(ground.request(progress=checkpoints.progress)) == Delivered(receipt)
    ground.put("inbound/810_7.edi", b"something longer than ours")
    outcome = await endpoint.probe(ground.request(progress=checkpoints.progress))
    assert isinstance(outcome, Unclear)
    assert "taken by something" in outcome.question


async def test_a_name_that_would_leave_the_folder_is_refused_before_anything_is_sent(ground: Ground) -> None:
    request = ground.request()
    object.__setattr__(request, "name", "../elsewhere.edi")
    checkpoints = Checkpoints()
    with pytest.raises(Refused, match="its name is a path"):
        await ground.open().deliver(request, checkpoints)
    assert (checkpoints.steps, ground.tree()) == ([], {})


async def test_delivery_into_a_missing_folder_is_refused_with_a_remedy(ground: Ground) -> None:
    request = ground.request()
    (ground.home / "inbound").rmdir()
    with pytest.raises(PlaceRefused) as refused:
        await ground.open().deliver(request, Checkpoints())
    assert refused.value.remedy


async def test_ping_looks_into_each_folder_and_writes_nothing(ground: Ground) -> None:
    ground.put("outbound/a.edi")
    checks = await ground.open(folders=(ground.at("outbound"), ground.at("nowhere"))).ping()
    good, bad = checks[-2:]
    assert (good.what, good.ok, good.sentence) == (
        f"folder {ground.at('outbound')}",
        True,
        "1 files there, 0 passed over",
    )
    assert (bad.what, bad.ok, bool(bad.remedy)) == (f"folder {ground.at('nowhere')}", False, True)
    assert all(check.ok and check.milliseconds > 0 for check in checks[:-1])
    assert ground.tree() == {"outbound/a.edi": b"ISA*00*~"}


async def test_a_closed_endpoint_may_be_closed_again_and_opens_when_asked(ground: Ground) -> None:
    ground.put("outbound/a.edi")
    endpoint = ground.open()
    await endpoint.list(Place(ground.at("outbound")))
    await endpoint.close()
    await endpoint.close()
    assert len((await endpoint.list(Place(ground.at("outbound")))).remotes) == 1
