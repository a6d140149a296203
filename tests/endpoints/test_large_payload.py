"""A payload that is read piece by piece while it is sent: on each kind of file store it is whole under its name, or not there."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from d365edi.endpoints.base import Delivered, DeliveryRequest, NotDelivered, Outcome, Unclear
from d365edi.endpoints.payload import LargePayload
from d365edi.errors import Disputed, JournalError
from tests.endpoints.conftest import Checkpoints, FileGround, Killed

PIECES = (b"a" * 70_000, b"b" * 70_000, b"c")
WHOLE = b"".join(PIECES)


def large(files: FileGround, pieces: tuple[bytes, ...] = PIECES, *, die_at: int = -1) -> DeliveryRequest:
    """A request for these pieces; reading one of them may fail."""

    async def read(place: int) -> bytes:
        if place == die_at:
            raise Killed
        return pieces[place] if place < len(pieces) else b""

    digest = hashlib.sha256(WHOLE).hexdigest()
    return replace(files.request(b""), large=LargePayload(len(WHOLE), digest, read))


def going_on(request: DeliveryRequest, checkpoints: Checkpoints) -> DeliveryRequest:
    return replace(request, progress=dict(checkpoints.progress))


async def test_it_stands_whole_under_its_name(files: FileGround) -> None:
    receipt = await files.open().deliver(large(files), Checkpoints())
    assert receipt.detail["size"] == str(len(WHOLE))
    assert files.tree("inbound") == {"810_7.edi": WHOLE}


async def test_cut_between_two_pieces_it_is_not_there_and_is_whole_the_next_time(files: FileGround) -> None:
    checkpoints, endpoint = Checkpoints(), files.open()
    with pytest.raises(Exception) as cut:
        await endpoint.deliver(large(files, die_at=1), checkpoints)
    assert "Killed" in repr(cut.value)
    assert "810_7.edi" not in files.tree("inbound")
    await endpoint.deliver(going_on(large(files), checkpoints), checkpoints)
    assert files.tree("inbound") == {"810_7.edi": WHOLE}


async def test_pieces_that_are_missing_are_an_error_and_no_file(files: FileGround) -> None:
    with pytest.raises(JournalError, match="are not whole: 70000 of 140001"):
        await files.open().deliver(large(files, PIECES[:1]), Checkpoints())
    assert "810_7.edi" not in files.tree("inbound")


@pytest.mark.parametrize("mode", ["direct", "sentinel"])
@pytest.mark.parametrize(
    ("there", "found"),
    [(WHOLE, Delivered), (WHOLE[:70_000], NotDelivered), (WHOLE[:90_000], NotDelivered), (WHOLE[1:], Unclear)],
)
async def test_what_is_there_is_compared_piece_by_piece(
    files: FileGround, mode: str, there: bytes, found: type[Outcome]
) -> None:
    checkpoints = Checkpoints(die_after="intent")
    endpoint = files.open(deliver=mode)
    with pytest.raises(Killed):
        await endpoint.deliver(large(files), checkpoints)
    files.put("inbound/810_7.edi", there)
    if mode == "sentinel":
        files.put("inbound/810_7.edi.done", b"")
    request = going_on(large(files), checkpoints)
    assert isinstance(await endpoint.probe(request), found)
    checkpoints.die_after = ""
    if found is Unclear:
        with pytest.raises(Disputed):
            await endpoint.deliver(request, checkpoints)
    else:
        await endpoint.deliver(request, checkpoints)
        assert files.tree("inbound")["810_7.edi"] == WHOLE
