"""Names: what is offered, what is passed over and why, and the names of our own making."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.endpoints import filenames
from d365edi.endpoints.base import Listing, PassedOver, Place, Remote
from d365edi.endpoints.filenames import DirectoryEntry, NameRules
from d365edi.endpoints.portion import Portion
from d365edi.errors import Refused


def listed(found: list[DirectoryEntry], pattern: str, rules: NameRules) -> Listing:
    """The listing of a folder that holds this."""
    portion = Portion(Place("/in", pattern), rules)
    for each in found:
        portion.add(each)
    return portion.listing()


def entry(name: str | bytes, size: int | None = 5, kind: filenames.Kind = "file") -> DirectoryEntry:
    return DirectoryEntry(name.encode() if isinstance(name, str) else name, kind, size, 1.0)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (b"PO 77 (copy).edi", ""),
        ("Größe-\N{NO-BREAK SPACE}7.edi".encode(), ""),
        (b"-rf", ""),
        (b"C:po.edi", ""),
        (b"../../etc/passwd", "its name is a path"),
        (b"/etc/passwd", "its name is a path"),
        (b"sub/po.edi", "its name is a path"),
        (b"..\\po.edi", "its name is a path"),
        (b"..", "its name is a path"),
        (b"", "it has no name"),
        (b"po\x00.edi", "its name holds control characters"),
        (b"po\n.edi", "its name holds control characters"),
        ("po\N{RIGHT-TO-LEFT OVERRIDE}ide.edi".encode(), "its name holds control characters"),
        (b"\xff\xfe.edi", "its name is not UTF-8"),
    ],
)
def test_a_name_that_cannot_be_used_has_a_reason(name: bytes, reason: str) -> None:
    assert filenames.fault(name) == reason


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=20))
def test_every_name_can_be_shown_on_one_line(name: bytes) -> None:
    shown = filenames.printable(name)
    assert shown.encode("utf-8").decode() == shown
    assert len(shown.splitlines()) <= 1


@settings(deadline=None, max_examples=200)
@given(st.lists(st.binary(max_size=8), max_size=8, unique=True))
def test_every_name_is_either_offered_or_passed_over(found: list[bytes]) -> None:
    listing = listed([entry(name) for name in found], "*", NameRules())
    words = len([name for name in found if name not in {b".", b".."}])
    assert len(listing.remotes) + len(listing.passed_over) == words
    assert not [remote.name for remote in listing.remotes if filenames.fault(remote.name.encode())]


def test_the_folder_itself_and_its_parent_are_not_told() -> None:
    assert listed([entry(".", kind="folder"), entry("..", kind="folder")], "*", NameRules()) == Listing(())


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (entry("a.edi", kind="folder"), "it is a folder"),
        (entry("a.edi", kind="link"), "it is a link"),
        (entry("a.edi", kind="other"), "it is no regular file"),
        (entry("a.edi", kind="unknown"), "the server does not say whether it is a file"),
        (entry("a.edi", size=None), "the server does not report its size"),
        (entry("a.edi", size=0), "it is empty"),
        (entry("A.TMP"), "its name says that it is not finished"),
        (entry("a.edi~"), "its name says that it is not finished"),
        (entry("~$a.edi"), "its name says that it is not finished"),
        (entry("a.csv"), 'its name does not match "*.edi"'),
    ],
)
def test_what_is_passed_over_is_reported_with_its_reason(found: DirectoryEntry, reason: str) -> None:
    listing = listed([found], "*.edi", NameRules())
    assert listing == Listing((), (PassedOver(found.name.decode(), reason),))


def test_names_that_say_unfinished_are_a_setting() -> None:
    rules = NameRules(temporary=("*.busy",))
    listing = listed([entry("a.part"), entry("b.BUSY")], "*", rules)
    assert [remote.name for remote in listing.remotes] == ["a.part"]


def test_without_any_unfinished_name_in_the_settings_every_name_is_finished() -> None:
    listing = listed([entry("a.part")], "*", NameRules(temporary=()))
    assert [remote.name for remote in listing.remotes] == ["a.part"]


def test_empty_files_are_offered_where_that_is_set() -> None:
    listing = listed([entry("a.edi", size=0)], "*", NameRules(offer_empty=True))
    assert listing.remotes == (Remote("/in", "a.edi", 0, 1.0),)


def test_a_name_that_is_listed_twice_is_offered_twice_oldest_first() -> None:
    found = [DirectoryEntry(b"a.edi", "file", size, at) for size, at in ((5, 9.0), (7, 2.0), (5, 9.0))]
    listing = listed(found, "*", NameRules())
    assert listing.remotes == (Remote("/in", "a.edi", 7, 2.0), Remote("/in", "a.edi", 5, 9.0))
    assert listing.passed_over == ()


def test_a_file_waits_for_its_sentinel_and_the_sentinel_is_no_file() -> None:
    found = [entry("a.edi"), entry("b.edi"), entry("b.edi.done", size=0), entry("stray.done")]
    listing = listed(found, "*", NameRules(sentinel="{name}.done"))
    assert [remote.name for remote in listing.remotes] == ["b.edi"]
    assert listing.passed_over == (
        PassedOver("a.edi", 'it waits for its sentinel "a.edi.done"'),
        PassedOver("b.edi.done", "it is the sentinel of another file"),
        PassedOver("stray.done", 'it waits for its sentinel "stray.done.done"'),
    )


@pytest.mark.parametrize(
    ("name", "tried"),
    [
        ("po.edi", ["po.edi", "po-01234567.edi", "po-01234567-2.edi"]),
        ("po.2024.edi", ["po.2024.edi", "po.2024-01234567.edi", "po.2024-01234567-2.edi"]),
        ("po", ["po", "po-01234567", "po-01234567-2"]),
        (".po", [".po", ".po-01234567", ".po-01234567-2"]),
    ],
)
def test_a_taken_name_gets_a_piece_of_the_digest_before_its_ending(name: str, tried: list[str]) -> None:
    assert list(islice(filenames.alternatives(name, "0123456789abcdef"), 3)) == tried


@pytest.mark.parametrize(
    ("folder", "path"), [("/in", "/in/a"), ("/in/", "/in/a"), ("/", "/a"), ("in", "in/a"), ("", "a"), (".", "a")]
)
def test_paths_are_joined_as_sftp_writes_them(folder: str, path: str) -> None:
    assert filenames.join(folder, "a") == path


def test_the_name_a_request_grows_under_is_itself_passed_over_and_short() -> None:
    temp = filenames.temporary(12345, "ab" * 32)
    assert temp == ".d365edi-12345-abababababab.part"
    assert listed([entry(temp)], "*", NameRules()).remotes == ()


def test_a_name_of_ours_that_no_partner_should_see_is_refused() -> None:
    with pytest.raises(Refused, match=r'file name "810/7\.edi" cannot be used on acme: its name is a path'):
        filenames.check_name("810/7.edi", "acme")
    filenames.check_name("810_7.edi", "acme")
