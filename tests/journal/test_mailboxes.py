"""What is kept of mailboxes: what lay there before the first poll, fetches that have begun, and whether others picked up."""

from __future__ import annotations

import pytest

from d365edi.errors import JournalError
from d365edi.journal import BaselinePlace, Earlier, Listed, Tx
from tests.journal.rows import delivery, document, message

SBI = "https://b2bi.contoso.com:5075/B2BAPIs/svc/"


def test_a_baseline_is_of_a_path_and_of_a_mailbox_whatever_the_other_becomes(tx: Tx) -> None:
    acme, bolt = BaselinePlace("sbi", SBI, "/acme/from", "333"), BaselinePlace("sbi", SBI, "/bolt/from", "334")
    assert not tx.baselines.known(acme)
    tx.baselines.note(acme, [("78", "78:a", "order.edi"), ("79", "", "order.edi")])
    tx.baselines.note(acme, [("79", "79:b", "order.edi"), ("80", "80:c", "late.edi")])
    tx.baselines.note(bolt)  # empty
    for path, mailbox in (("/acme/from", "333"), ("/acme/renamed", "333"), ("/acme/from", "999")):
        place = BaselinePlace("sbi", SBI, path, mailbox)
        assert tx.baselines.known(place)
        assert tx.baselines.keys(place) == {"78": "78:a", "79": "79:b", "80": "80:c"}
    assert tx.baselines.known(bolt)
    assert tx.baselines.keys(bolt) == {}
    for at in (("other", SBI, "/acme/from", "333"), ("sbi", SBI, "/acme/other", ""), ("sbi", SBI, "/x", "335")):
        assert not tx.baselines.known(BaselinePlace(*at))
    assert not tx.baselines.known(acme._replace(server="https://other/svc/"))
    tx.baselines.note(acme._replace(server="", mailbox=""))  # as a folder, before
    assert tx.baselines.servers("sbi", "/acme/from") == [SBI]
    late = Earlier(*acme, "80", "80:c", "late.edi")
    for text in ("LATE.edi", "80", "sbi:80"):
        assert tx.baselines.search(text) == [late]
    assert tx.baselines.search("other:80") == tx.baselines.search("") == []


def test_a_folder_was_polled_with_whatever_pattern_and_not_those_in_it(tx: Tx) -> None:
    tx.sightings.record("acme", "/out/deep/*.edi", [])
    assert tx.baselines.polled("acme", "/out/deep")
    assert tx.baselines.polled("acme", "/out/deep/")
    assert not tx.baselines.polled("acme", "/out")
    assert not tx.baselines.polled("acme", "/out/de")
    assert not tx.baselines.polled("bolt", "/out/deep")


def test_a_fetch_that_has_begun_is_known_until_the_message_is_claimed(tx: Tx) -> None:
    place = ("sbi", "/acme/from/*")
    listed = [Listed("order.edi", 4, 1.0, "78", begun=1), Listed("order.edi", 4, 1.0, "79", begun=1)]
    tx.sightings.record(*place, listed)
    assert tx.sightings.begun(*place) == {"78", "79"}
    held = message(tx, remote="78")
    tx.sightings.taken(*place, "78", held.id)
    assert tx.sightings.begun(*place) == {"79"}
    tx.sightings.record(*place, [])
    assert tx.sightings.begun(*place) == set()  # the endpoint looked it up, and it is not there any more
    tx.sightings.record(*place, listed[1:])
    assert tx.sightings.begun(*place) == {"79"}


def test_what_was_claimed_elsewhere_is_known_when_it_is_listed(tx: Tx) -> None:
    held = message(tx, endpoint="sbi", remote="78")
    (seen,) = tx.sightings.record("sbi", "/b/*", [Listed("order.edi", 4, 1.0, "78", held.id, 0)], earlier=3)
    assert seen.message == held.id
    (place,) = tx.sightings.places()
    assert (place.offered, place.passed, place.earlier) == (1, 3, 3)
    assert tx.sightings.search("sbi:78") == [seen]


def test_what_is_counted_is_awaited_from_its_delivery_on_and_a_late_pick_up_closes_it(tx: Tx) -> None:
    sent = [delivery(tx, endpoint="sbi", extract=1, picked_up_within=60.0), delivery(tx, extract=2), delivery(tx)]
    assert {each.picked_up for each in sent} == {"none"}
    for number, each in enumerate(sent):
        tx.deliveries.attempting(each.id)
        tx.deliveries.delivered(each.id, f"7{number}")
    first, second, never = (tx.deliveries.get(each.id) for each in sent)
    assert [(each.picked_up, each.picked_up_due) for each in (first, second, never)] == [
        ("awaited", tx.now + 60.0),
        ("awaited", None),
        ("none", None),
    ]
    assert tx.picked_up.places() == [("acme", "/inbound"), ("sbi", "/inbound")]
    assert tx.picked_up.awaited("sbi", "/inbound") == [first]
    assert tx.picked_up.late(tx.now + 59.0) == []
    assert tx.picked_up.late(tx.now + 60.0) == [first]
    tx.picked_up.set_state(first.id, "overdue")
    assert [each.id for each in tx.picked_up.overdue()] == [first.id]
    assert tx.picked_up.late(tx.now + 60.0) == []
    assert [each.id for each in tx.picked_up.awaited("sbi", "/inbound")] == [first.id]
    tx.picked_up.set_state(first.id, "fetched", "its count was never seen lower")
    tx.picked_up.end(second.id)
    done = tx.deliveries.get(first.id)
    assert (done.picked_up, done.picked_up_at, done.picked_up_detail) == (
        "fetched",
        tx.now,
        "its count was never seen lower",
    )
    assert tx.picked_up.places() == []
    with pytest.raises(JournalError, match="the pick-up of delivery 1 is fetched and cannot become overdue"):
        tx.picked_up.set_state(first.id, "overdue")


def test_what_a_person_closed_or_was_sent_again_is_not_overdue(tx: Tx) -> None:
    order = document(tx, message(tx), state="delivering")
    sent = [delivery(tx, document=order.id, extract=1, picked_up_within=0.0) for _ in range(2)]
    for each in sent:
        tx.deliveries.attempting(each.id)
        tx.deliveries.delivered(each.id, "78")
        tx.picked_up.set_state(each.id, "overdue")
    assert [each.id for each in tx.picked_up.overdue()] == [sent[1].id]


def test_a_delivery_is_found_by_the_document_that_was_made_of_it_and_a_question_is_answered_by_release(tx: Tx) -> None:
    sent = delivery(tx, endpoint="sbi")
    tx.deliveries.attempting(sent.id)
    tx.deliveries.checkpoint(sent.id, "document", {"document": "host1:node1:1:17"})
    tx.deliveries.checkpoint(sent.id, "asked", {"at": "1.0"})
    assert [each.id for each in tx.deliveries.search("host1:node1:1:17")] == [sent.id]
    tx.deliveries.quarantined(sent.id, "was it never made?")
    tx.deliveries.released(sent.id)
    assert tx.deliveries.get(sent.id).progress == {"step": "again", "document": "host1:node1:1:17", "at": "1.0"}
