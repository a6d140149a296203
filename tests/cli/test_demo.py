"""The demo as a person runs it, and what it leaves behind."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from d365edi.cli.demo_mailboxes import created_in_order
from tests.cli.conftest import Call


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A day that passed: its folder, and what was said."""
    folder = tmp_path_factory.mktemp("demo") / "day"
    said = subprocess.run(
        [sys.executable, "-m", "d365edi", "demo", "--keep", str(folder)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return folder, said


Day = tuple[Path, "subprocess.CompletedProcess[str]"]


def test_everything_expected_of_the_day_happens(day: Day) -> None:
    _, said = day
    assert said.returncode == 0, said.stdout[-6000:] + said.stderr[-2000:]
    assert "All as expected" in said.stdout
    assert "Traceback" not in said.stdout + said.stderr


def test_each_step_came_to_its_end_before_the_next_one_began(day: Day) -> None:
    assert re.search(r"no step waited in vain\s+(actual: )?0\s", day[1].stdout)


def test_its_last_table_has_a_line_for_each_record_and_direction(day: Day) -> None:
    last = day[1].stdout.rpartition("\nExpected and actual results\n")[2]
    moved = re.findall(
        r"^ok +((?! |Sterling).+? (?:out as (?:810|850|856|CSV)|in as (?:a|lines of a) [a-z ]+))", last, re.MULTILINE
    )
    assert len(set(moved)) == 19


def test_its_last_table_says_line_by_line_what_came_of_the_day_at_sterling(day: Day) -> None:
    last = day[1].stdout.rpartition("\nExpected and actual results\n")[2]
    lines = re.findall(r"^ok +(Sterling.+?)(?:  |$)", last, re.MULTILINE)
    assert lines == [
        "Sterling: 850 in as sales orders, of two order.edi the older first",
        "Sterling: a 997 for each order, invoice and payment",
        "Sterling: customer invoice out as 810, accepted",
        "Sterling: ship notice out as 856, accepted",
        "Sterling: 820 in as lines of a customer payment journal",
        "Sterling: purchase order out as 850, accepted",
        "Sterling: 810 in as a vendor invoice with lines",
        "Sterling: a reply was lost, and no message is there twice",
        "Sterling was restarted, and what waited went by itself",
        "Sterling: the ship notice was picked up late",
    ]


def test_its_last_table_says_which_of_the_listed_orders_it_counts(day: Day) -> None:
    before, _, last = day[1].stdout.rpartition("\nExpected and actual results\n")
    listed = len(set(re.findall(r"^SO-\d{6}\b", before, re.MULTILINE)))
    last = " ".join(last.split())
    found = re.search(
        r"(\d+) orders by 850 in folders, .*? \1 once; (\d+) sales orders with the (\d+) by CSV and", last
    )
    assert found is not None
    counted, of, beside = map(int, found.groups())
    assert (of, counted + beside) == (listed, listed)
    assert "1 duplicate, its 997 sent again" in last


@pytest.mark.parametrize(
    ("created", "seen", "good"),
    [
        (["1", "SHOP", "2", "3"], "3 orders, 1 before 2", True),
        (["2", "3", "1"], "3 orders, 2 before 1", False),
        (["2", "3"], "2 orders, 2", False),
        (["SHOP"], "", False),
    ],
)
def test_orders_of_one_name_are_shown_in_the_order_in_which_they_were_created(
    created: list[str], seen: str, good: bool
) -> None:
    result = created_in_order(["1", "2", "3"], created)
    assert (result.seen, result.good) == (seen, good)


@pytest.mark.parametrize(
    "heading",
    [
        "Messages at Sterling",
        "Received files",
        "Sales orders created in D365",
        "Sent files",
        "Acknowledgments",
        "Partners",
        "Needs a person",
        "Audit",
    ],
)
def test_it_ends_with_tables(day: Day, heading: str) -> None:
    assert f"\n{heading}\n" in day[1].stdout


def test_the_log_shows_the_day_line_by_line(day: Day) -> None:
    lines = re.findall(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\S+ (?:INFO |WARN )", day[1].stdout, re.MULTILINE)
    assert len(lines) > 60


def test_it_leaves_a_journal_to_look_around_in(day: Day, call: Call) -> None:
    settings = str(day[0] / "settings.toml")
    why = call("why", "4500129", "--settings", settings, "--json")
    [life] = json.loads(why.out)["histories"]
    actions = [line["action"] for line in life["lines"]]
    assert [document["state"] for document in life["documents"]] == ["delivered"]
    assert "released" in actions
    assert call("audit", "verify", "--settings", settings).code == 0
    assert call("check", "--settings", settings).code == 0


def test_it_does_not_play_in_a_folder_that_holds_something(call: Call, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    said = call("demo", "--keep", str(tmp_path))
    assert (said.code, f"{tmp_path} is not empty" in said.err) == (2, True)
