"""Sightings of files in folders: what was the same how often, and what became of it."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from d365edi.errors import JournalError
from d365edi.journal import Listed, Passed, Sighting, Tx
from d365edi.journal.sightings import UNFINISHED
from tests.journal.conftest import fresh_tx
from tests.journal.rows import message

PLACE = ("acme", "/outbound/*.edi")


def look(tx: Tx, *remotes: tuple[str, int, float | None], at: float = 1000.0) -> list[Sighting]:
    tx.unit.now = at
    return tx.sightings.record(*PLACE, [Listed(*remote) for remote in remotes])


def test_equal_looks_are_counted_in_a_row(tx: Tx) -> None:
    assert [look(tx, ("a", 5, 1.0), at=1000.0 + i)[0].equal for i in range(3)] == [1, 2, 3]
    (grown,) = look(tx, ("a", 6, 1.0), at=1010.0)
    assert (grown.equal, grown.first_at, grown.last_at) == (1, 1000.0, 1010.0)
    assert look(tx, ("a", 6, 2.0))[0].equal == 1
    assert look(tx, ("a", 6, None))[0].equal == 1
    assert look(tx, ("a", 6, None))[0].equal == 2


def test_looks_come_in_the_order_in_which_they_were_offered(tx: Tx) -> None:
    assert [found.name for found in look(tx, ("b", 1, 1.0), ("a", 1, 1.0), ("c", 1, 1.0))] == ["b", "a", "c"]


def test_a_name_that_was_gone_begins_anew(tx: Tx) -> None:
    look(tx, ("a", 5, 1.0))
    look(tx, ("a", 5, 1.0))
    look(tx)
    (gone,) = tx.sightings.search("A")
    assert (gone.equal, gone.verdict) == (0, "was not there any more at the last look")
    (back,) = look(tx, ("a", 5, 1.0))
    assert (back.equal, back.verdict) == (1, "")


def test_a_file_that_waits_for_its_trailer_is_granted_looks_until_it_changes(tx: Tx) -> None:
    look(tx, ("a", 5, 1.0))
    for expected in (1, 2):
        tx.sightings.verdict(*PLACE, "a", "its trailer is not there yet", waits=1)
        (seen,) = look(tx, ("a", 5, 1.0))
        assert (seen.waits, seen.verdict) == (expected, "its trailer is not there yet")
    (changed,) = look(tx, ("a", 9, 1.0))
    assert (changed.waits, changed.verdict) == (0, "")


def test_a_file_that_was_taken_and_stays_keeps_its_message_until_it_changes(tx: Tx) -> None:
    held = message(tx)
    look(tx, ("a", 5, 1.0))
    tx.sightings.taken(*PLACE, "a", held.id)
    changes = tx.unit.connection.total_changes
    assert [look(tx, ("a", 5, 1.0), at=2000.0)[0].message for _ in range(3)] == [held.id] * 3
    assert tx.unit.connection.total_changes - changes == 3  # the place's own row
    assert look(tx, ("a", 5, 2.0))[0].message is None


def test_a_file_that_only_looks_like_the_one_that_was_taken_is_seen_anew(tx: Tx) -> None:
    look(tx, ("a", 5, 1.0))
    tx.sightings.taken(*PLACE, "a", message(tx).id)
    tx.sightings.not_taken(*PLACE, "a")
    (seen,) = look(tx, ("a", 5, 1.0))
    assert (seen.message, seen.equal) == (None, 2)


def test_a_file_that_was_taken_and_is_gone_leaves_no_row_behind(tx: Tx) -> None:
    look(tx, ("a", 5, 1.0))
    tx.sightings.taken(*PLACE, "a", message(tx).id)
    look(tx)
    assert tx.sightings.search("a") == []


def test_what_is_passed_over_is_kept_with_its_reason_and_written_once(tx: Tx) -> None:
    tx.sightings.record(*PLACE, [], [Passed("a.tmp", "a temporary name"), Passed("dir", "a folder")])
    changes = tx.unit.connection.total_changes
    tx.sightings.record(*PLACE, [], [Passed("a.tmp", "a temporary name"), Passed("dir", "a folder")])
    assert tx.unit.connection.total_changes - changes == 1
    (passed,) = tx.sightings.search("a.tmp")
    assert (passed.verdict, passed.equal) == ("a temporary name", 0)
    (offered,) = look(tx, ("a.tmp", 5, 1.0))
    assert (offered.equal, offered.verdict) == (1, "")


def test_two_patterns_over_one_folder_do_not_miss_each_others_files(tx: Tx) -> None:
    first = tx.sightings.record("acme", "/outbound/850*", [Listed("850.edi", 1, 1.0)])
    second = tx.sightings.record("acme", "/outbound/997*", [Listed("997.edi", 1, 1.0)])
    again = tx.sightings.record("acme", "/outbound/850*", [Listed("850.edi", 1, 1.0)])
    assert [first[0].equal, second[0].equal, again[0].equal] == [1, 1, 2]


def test_files_that_failed_are_found_without_those_that_are_stored(tx: Tx) -> None:
    held = message(tx).id
    tx.sightings.record(*PLACE, [Listed(name, 7, 5.0) for name in "abcd"])
    tx.sightings.taken(*PLACE, "a", held)
    tx.sightings.verdict(*PLACE, "b", "no permission")
    tx.sightings.verdict(*PLACE, "c", UNFINISHED)
    assert list(tx.sightings.failing(*PLACE)) == [("b", 7, 5.0)]
    tx.sightings.record(*PLACE, [Listed("b", 8, 5.0)])  # another file by now, and the others are gone
    assert list(tx.sightings.failing(*PLACE)) == []


def test_places_tell_when_they_were_looked_at_last(tx: Tx) -> None:
    look(tx, ("a", 1, 1.0), at=5.0)
    tx.unit.now = 9.0
    tx.sightings.record(*PLACE, [Listed("a", 1, 1.0), Listed("b", 1, 1.0)], [Passed("c", "a folder")])
    (place,) = tx.sightings.places()
    assert (place.endpoint, place.path, place.looked_at, place.offered, place.passed) == (*PLACE, 9.0, 2, 1)


def test_a_name_that_was_never_seen_can_neither_be_judged_nor_taken(tx: Tx) -> None:
    with pytest.raises(JournalError, match="b was never seen in"):
        tx.sightings.verdict(*PLACE, "b", "why")
    with pytest.raises(JournalError, match="b was never seen in"):
        tx.sightings.taken(*PLACE, "b", 1)


@dataclass
class Noted:
    """What a person with a notebook would have written down about a file at the last look."""

    size: int
    modified: float
    equal: int = 1
    waits: int = 0
    message: int | None = None


class Folder(RuleBasedStateMachine):
    """A folder whose files come, grow, go and are taken, beside a notebook."""

    names = st.sampled_from(["a", "b", "c"])

    @initialize()
    def begin(self) -> None:
        self.files: dict[str, tuple[int, float]] = {}
        self.notebook: dict[str, Noted] = {}
        self.resources = ExitStack()
        folder = self.resources.enter_context(tempfile.TemporaryDirectory())
        self.tx = self.resources.enter_context(fresh_tx(Path(folder) / "looks.db"))
        self.held = message(self.tx).id

    @rule(name=names, size=st.integers(0, 2), modified=st.sampled_from([1.0, 2.0]))
    def somebody_writes(self, name: str, size: int, modified: float) -> None:
        self.files[name] = size, modified

    @rule(name=names)
    def somebody_removes(self, name: str) -> None:
        self.files.pop(name, None)

    @rule()
    def look(self) -> None:
        self.tx.unit.now += 1
        looks = self.tx.sightings.record(*PLACE, [Listed(name, *file) for name, file in self.files.items()])
        before, self.notebook = self.notebook, {}
        for name, (size, modified) in self.files.items():
            noted = before.get(name)
            if noted is None or (noted.size, noted.modified) != (size, modified):
                noted = Noted(size, modified)
            elif noted.message is None:
                noted.equal += 1
            self.notebook[name] = noted
        assert [
            (look.name, Noted(look.size, look.modified or 0.0, look.equal, look.waits, look.message)) for look in looks
        ] == [*self.notebook.items()]

    @rule(name=names)
    def we_wait(self, name: str) -> None:
        if name in self.notebook:
            self.tx.sightings.verdict(*PLACE, name, "not whole", waits=1)
            self.notebook[name].waits += 1

    @rule(name=names)
    def we_take(self, name: str) -> None:
        if name in self.notebook:
            self.tx.sightings.taken(*PLACE, name, self.held)
            self.notebook[name].message = self.held

    @invariant()
    def what_was_there_at_the_last_look_is_what_the_rows_say(self) -> None:
        there = {look.name for name in "abc" for look in self.tx.sightings.search(name) if look.equal}
        assert there == set(self.notebook)

    def teardown(self) -> None:
        self.resources.close()


TestFolder = Folder.TestCase
TestFolder.settings = settings(deadline=None, max_examples=40, stateful_step_count=25)
