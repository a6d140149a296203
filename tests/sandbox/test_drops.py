"""The day's files: whose they are, where they come from, and that they are sound and distinct."""

from __future__ import annotations

import csv
import hashlib
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from d365edi.sandbox import authored, drops, orders, x12
from d365edi.sandbox.profiles import ACME, PROFILES

PEOPLE = {profile.name: profile for profile in PROFILES}
DAY = date(2026, 1, 5)
FOLDER = files("d365edi.sandbox").joinpath("samples")


def _day() -> list[drops.Drop]:
    return drops.samples(PEOPLE) + authored.orders(ACME, seed=7, day=DAY)


def test_the_notice_tells_origin_licence_and_holder_of_every_sample() -> None:
    notice = FOLDER.joinpath("NOTICE").read_text(encoding="utf-8")
    for name in drops.sample_names():
        entry = notice.partition(f"\n{name}.x12\n")[2].partition("\n\n")[0]
        assert [
            word for word in ("from      https://github.com/", "licence   ", "copyright ") if word not in entry
        ] == [], name
    assert all(
        text in notice for text in ("Permission is hereby granted", "Redistribution and use in source and binary forms")
    )


def test_ten_samples_or_more_were_written_by_others_and_all_of_them_are_dropped() -> None:
    names = drops.sample_names()
    assert len(names) >= 10
    assert sorted(drop.sample for drop in drops.samples(PEOPLE)) == names


@pytest.mark.shared  # two of the ten are samples that do not ship with the tests
def test_every_sample_is_a_byte_for_byte_copy_of_a_file_of_the_corpus_that_may_be_copied(corpus: Path) -> None:
    with (corpus / "INDEX.csv").open(newline="", encoding="utf-8") as index:
        rows = list(csv.DictReader(index))
    licences = {
        hashlib.sha256((corpus / row["file"]).read_bytes()).hexdigest(): (
            row["licence"].partition(" ")[0],
            row["valid"],
        )
        for row in rows
    }
    found = {licences.get(hashlib.sha256(drops.sample(name)).hexdigest(), ("", "")) for name in drops.sample_names()}
    assert found <= {(licence, "yes") for licence in ("MIT", "Apache-2.0", "BSD-3-Clause")}


def test_a_sample_without_an_envelope_of_its_own_is_dropped_as_it_is() -> None:
    untouched = [drop for drop in drops.samples(PEOPLE) if drop.data == drops.sample(drop.sample)]
    assert len(untouched) == 5


def test_under_another_envelope_the_set_stays_as_its_author_wrote_it() -> None:
    for drop in drops.samples(PEOPLE):
        (ours,), (theirs,) = x12.split(drop.data), x12.split(drops.sample(drop.sample))
        kept = [
            (a, b)
            for a, b in zip(ours.segments, theirs.segments, strict=True)
            if a[0] not in ("ISA", "GS", "GE", "IEA")
        ]
        assert [a for a, b in kept if a != b and a[0] != "BEG"] == [], drop.sample


def test_every_file_of_the_day_is_sound_and_addressed_from_its_partner_to_us() -> None:
    for drop in _day():
        (found,) = x12.split(drop.data)
        assert [group.gs[1] for group in x12.groups(found)] == ["PO"], drop.name
        isa, profile = found.isa, PEOPLE[drop.partner]
        assert ((isa[5], isa[6].rstrip(" ")), (isa[7], isa[8].rstrip(" "))) == (profile.them, profile.us), drop.name


def test_no_two_files_share_a_name_a_control_number_or_an_order_number() -> None:
    day = _day()
    controls = [(drop.partner, x12.split(drop.data)[0].isa[13]) for drop in day]
    numbers = [order.number for drop in day for order in orders.read(drop.data)]
    for things in ([drop.name for drop in day], controls, numbers):
        assert len(things) == len(set(things))
    assert (len(day), len(numbers)) == (18, 20)


def test_no_two_partners_share_both_identities() -> None:
    pairs = [(profile.them, profile.us) for profile in PROFILES]
    assert len(set(pairs)) == len(pairs)
    assert all(them != us for them, us in pairs)


def test_the_same_seed_and_day_give_the_same_orders_and_another_seed_gives_others() -> None:
    again, other = authored.orders(ACME, seed=7, day=DAY), authored.orders(ACME, seed=8, day=DAY)
    first = authored.orders(ACME, seed=7, day=DAY)
    assert (first == again, first == other) == (True, False)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_before_the_last_names_the_unknown_item_on_its_third_line_and_no_other_does(seed: int) -> None:
    lines = [orders.read(drop.data)[0].lines for drop in authored.orders(ACME, seed=seed, day=DAY)]
    unknown = [[at for at, line in enumerate(order, 1) if authored.UNKNOWN in line.ids.values()] for order in lines]
    assert unknown == [[], [], [], [], [], [], [3], []]
