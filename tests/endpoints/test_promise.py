"""What every verb of the endpoint interface guarantees, over every endpoint that holds messages: folders and mailboxes."""

from __future__ import annotations

import hashlib
from typing import Literal

import anyio
import pytest

from d365edi.endpoints.base import After, Delivered, DeliveryRequest, NotDelivered, Place, Settlement
from d365edi.errors import PlaceRefused, Refused
from tests.endpoints.conftest import BIG, Checkpoints, Ground, Killed

DIGEST = hashlib.sha256(b"ISA*00*~").hexdigest()


async def test_a_listing_tells_names_and_sizes_in_order_and_enters_no_subfolder(ground: Ground) -> None:
    ground.put("outbound/a.edi", b"1")
    ground.put("outbound/b.edi", b"12")
    ground.put("outbound/sub/c.edi")

    listing = await ground.open().list(Place(ground.at("outbound")))

    assert [(r.path, r.name, r.size) for r in listing.remotes] == [
        (ground.at("outbound"), "a.edi", 1),
        (ground.at("outbound"), "b.edi", 2),
    ]
    assert [entry.reason for entry in listing.passed_over] == ["it is a folder"]
    assert len({remote.key for remote in listing.remotes}) == 2


async def test_two_listings_are_equal_when_nothing_changed(ground: Ground) -> None:
    for number in range(250):  # more than one answer of a server
        ground.put(f"outbound/{number:03}.edi")
    endpoint = ground.open()
    first = await endpoint.list(Place(ground.at("outbound")))
    assert await endpoint.list(Place(ground.at("outbound"))) == first
    assert [remote.name for remote in first.remotes] == [f"{number:03}.edi" for number in range(250)]


async def test_a_pattern_parts_what_is_ours_from_the_rest(ground: Ground) -> None:
    ground.put("outbound/po_1.edi")
    ground.put("outbound/PO_2.edi")
    listing = await ground.open().list(Place(ground.at("outbound"), "po_*"))
    assert [remote.name for remote in listing.remotes] == ["po_1.edi"]
    assert [(p.name, p.reason) for p in listing.passed_over] == [("PO_2.edi", 'its name does not match "po_*"')]


async def test_a_missing_folder_is_refused_by_its_name(ground: Ground) -> None:
    with pytest.raises((Refused, PlaceRefused), match="nowhere"):
        await ground.open().list(Place(ground.at("nowhere")))


@pytest.mark.parametrize("data", [b"\x00", b"ISA*00*~", BIG], ids=["one byte", "small", "several blocks"])
async def test_fetch_gives_the_exact_bytes_and_changes_nothing(ground: Ground, data: bytes) -> None:
    ground.put("outbound/a.edi", data)
    remote = await ground.remote("outbound", "a.edi")
    assert await ground.open().fetch(remote, len(data)) == data
    assert ground.tree() == {"outbound/a.edi": data}
    assert await ground.remote("outbound", "a.edi") == remote


async def test_more_than_the_limit_is_refused(ground: Ground) -> None:
    ground.put("outbound/a.edi", b"12345")
    remote = await ground.remote("outbound", "a.edi")
    with pytest.raises(Refused, match="has 5 bytes, more than the 4"):
        await ground.open().fetch(remote, 4)


async def test_a_file_that_is_gone_is_refused(ground: Ground) -> None:
    ground.put("outbound/a.edi")
    remote = await ground.remote("outbound", "a.edi")
    ground.take("outbound/a.edi")
    with pytest.raises(Refused, match=r"a\.edi"):
        await ground.open().fetch(remote, 100)


@pytest.mark.parametrize(
    ("action", "left"),
    [("move", {"done/deep/a.edi": b"ISA*00*~"}), ("delete", {}), ("leave", {"outbound/a.edi": b"ISA*00*~"})],
)
async def test_settle_moves_deletes_or_leaves_and_may_be_repeated(
    ground: Ground, action: Literal["move", "delete", "leave"], left: dict[str, bytes]
) -> None:
    ground.put("outbound/a.edi")
    ground.make("done/deep")
    remote = await ground.remote("outbound", "a.edi")
    endpoint = ground.open()
    after = After(action, ground.at("done/deep"))

    first = await endpoint.settle(remote, after, DIGEST)
    second = await endpoint.settle(remote, after, DIGEST)

    assert ground.tree() == left
    assert first.outcome == "settled"
    assert second == (Settlement("gone") if action == "delete" else first)


async def test_many_files_settle_at_once(ground: Ground) -> None:
    for number in range(20):
        ground.put(f"outbound/{number:02}.edi")
    ground.make("done")
    endpoint = ground.open()
    remotes = (await endpoint.list(Place(ground.at("outbound")))).remotes
    async with anyio.create_task_group() as group:
        for remote in remotes:
            group.start_soon(endpoint.settle, remote, After("move", ground.at("done")), DIGEST)
    assert list(ground.tree("done")) == [f"{number:02}.edi" for number in range(20)]
    assert ground.tree("outbound") == {}


@pytest.mark.parametrize("payload", [b"", b"ISA*810~", BIG], ids=["empty", "small", "several blocks"])
async def test_a_request_stands_whole_under_its_name_and_nothing_else_is_left(ground: Ground, payload: bytes) -> None:
    checkpoints = Checkpoints()
    await ground.open().deliver(ground.request(payload), checkpoints)
    assert ground.tree("inbound") == {"810_7.edi": payload}
    assert checkpoints.steps[0] == "intent"


async def test_a_delivery_killed_after_any_step_goes_on_to_exactly_one_file(ground: Ground) -> None:
    await ground.open().deliver(ground.request(), whole := Checkpoints())
    ground.take("inbound/810_7.edi")
    for step in whole.steps:
        checkpoints = Checkpoints(die_after=step)
        with pytest.raises(Killed):
            await ground.open().deliver(ground.request(), checkpoints)
        again = Checkpoints()
        again.progress |= checkpoints.progress
        await ground.open().deliver(ground.request(progress=checkpoints.progress), again)
        assert ground.tree("inbound") == {"810_7.edi": b"ISA*810~"}, step
        ground.take("inbound/810_7.edi")


async def test_a_delivery_whose_last_answer_was_lost_is_found_and_not_repeated(ground: Ground) -> None:
    checkpoints = Checkpoints()
    first = await ground.open().deliver(ground.request(), checkpoints)
    again = Checkpoints()
    second = await ground.open().deliver(ground.request(progress=checkpoints.progress), again)
    assert (second.id, second.detail["outcome"], again.steps) == (first.id, "there", [])
    assert ground.tree("inbound") == {"810_7.edi": b"ISA*810~"}


async def test_a_delivery_that_the_partner_took_at_once_has_landed(ground: Ground) -> None:
    checkpoints = Checkpoints()
    await ground.open().deliver(ground.request(), checkpoints)
    ground.take("inbound/810_7.edi")
    receipt = await ground.open().deliver(ground.request(progress=checkpoints.progress), Checkpoints())
    assert receipt.detail["outcome"] in {"taken by the partner", "not seen again"}
    assert ground.tree("inbound") == {}


async def test_probe_tells_at_every_step_whether_it_is_there(ground: Ground) -> None:
    endpoint = ground.open()
    assert await endpoint.probe(ground.request()) == NotDelivered()
    receipt = await endpoint.deliver(ground.request(), whole := Checkpoints())
    assert await endpoint.probe(ground.request(progress=whole.progress)) == Delivered(receipt)
    ground.take("inbound/810_7.edi")
    for step in whole.steps:
        checkpoints = Checkpoints(die_after=step)
        with pytest.raises(Killed):
            await endpoint.deliver(ground.request(), checkpoints)
        outcome = await endpoint.probe(ground.request(progress=checkpoints.progress))
        assert isinstance(outcome, Delivered) == ("810_7.edi" in ground.tree("inbound")), step
        for name in ground.tree("inbound"):
            ground.take(f"inbound/{name}")


async def test_a_name_that_would_leave_the_folder_is_refused_before_anything_is_sent(ground: Ground) -> None:
    request = ground.request()
    object.__setattr__(request, "name", "../elsewhere.edi")
    checkpoints = Checkpoints()
    with pytest.raises(Refused, match="its name is a path"):
        await ground.open().deliver(request, checkpoints)
    assert (checkpoints.steps, ground.tree()) == ([], {})


async def test_delivery_into_a_missing_folder_is_refused_with_a_remedy(ground: Ground) -> None:
    request = DeliveryRequest(7, ground.at("nowhere"), "810_7.edi", b"ISA*810~")
    with pytest.raises(PlaceRefused) as refused:
        await ground.open().deliver(request, Checkpoints())
    assert refused.value.remedy
    assert ground.tree() == {}


async def test_ping_looks_into_each_folder_and_writes_nothing(ground: Ground) -> None:
    ground.put("outbound/a.edi")
    paths = [ground.at("outbound"), ground.at("nowhere")]
    checks = await ground.open(folders=tuple(paths)).ping()
    good, bad = (next(check for check in checks if check.what.endswith(path)) for path in paths)
    assert (good.ok, bad.ok, bool(bad.remedy)) == (True, False, True)
    assert all(check.ok and check.milliseconds > 0 for check in checks if check is not bad)
    assert ground.tree() == {"outbound/a.edi": b"ISA*00*~"}


async def test_a_closed_endpoint_may_be_closed_again_and_opens_when_asked(ground: Ground) -> None:
    ground.put("outbound/a.edi")
    endpoint = ground.open()
    await endpoint.list(Place(ground.at("outbound")))
    await endpoint.close()
    await endpoint.close()
    assert len((await endpoint.list(Place(ground.at("outbound")))).remotes) == 1
