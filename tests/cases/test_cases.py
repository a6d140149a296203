"""Each small input ends as its row of the tables says: what `check` finds, and what a pass of the daemon makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial

import pytest

from d365edi.cli import main
from tests.cases.conftest import CASES, LOCATIONS, sent_before
from tests.cases.outcome import Outcome, same_line, walked
from tests.cases.pending import PENDING
from tests.cases.table import INPUTS, Case
from tests.journeys.world import World

PER = {"HP": 100, "TP": 1000, "PE": 1, "": 1}
"""Code list 639, as far as the cases' invoices use it: the quantity that a price is for."""


def rows() -> Iterator[object]:
    for name in CASES:
        pending = [pytest.mark.xfail(strict=True, reason=PENDING[name])] if name in PENDING else []
        yield pytest.param(name, id=name, marks=pending)


@pytest.mark.parametrize("case", [*rows()], indirect=True)
async def test_a_case_ends_as_its_row_says(
    case: Case, town: World, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    async with town.app() as app:
        for number, sent in enumerate(case.answers, 1):
            await app.journal.write(partial(sent_before, sent=sent, number=number))
        outcome = await walked(app, town, case, lines)
    capsys.readouterr()
    if case.shows:
        main(["check", str(INPUTS / case.name), "--settings", str(town.settings_file)])
    problems = [*differences(case, outcome), *unshown(case, capsys.readouterr().out)]
    assert not problems, "\n".join([case.expected, *problems])


def differences(case: Case, found: Outcome) -> Iterator[str]:
    """What is not as the row says, a sentence for each."""
    yield from _states(case, found)
    yield from _orders(case, found)
    if case.answer == [] and found.answers:
        yield f"answered: {found.answers}"
    if missing := absent(case.answer or (), found.answers):
        yield f"answer lacks {missing}: {found.answers}"
    yield from (f"answer has {segment}" for segment in case.unanswered if segment in found.answers)
    if case.invoice is not None and billed(found.invoice) != case.invoice:
        yield f"invoice {billed(found.invoice)}: {found.invoice}"
    said, remarks = "\n".join(found.said), "\n".join(found.remarks)
    yield from (f"not said: {text}\n{said}" for text in case.says if text not in said)
    yield from (f"not remarked: {text}\n{remarks}" for text in case.remarks if text not in remarks)
    yield from (f"said: {text}\n{said}\n{remarks}" for text in case.silent if text in said or text in remarks)


def _states(case: Case, found: Outcome) -> Iterator[str]:
    wanted = {"bad": {"held", "rejected"}, "": {"good", "held", "rejected"}}.get(case.check, {case.check})
    if not set(found.check) <= wanted:
        yield f"check: {found.check}, {found.remarks}"
    states = [case.message] * len(case.files) if isinstance(case.message, str) else case.message
    if case.message and found.messages != states:
        yield f"messages: {found.messages}"
    if case.documents is not None:
        documents = {number: [state] if isinstance(state, str) else state for number, state in case.documents.items()}
        if found.documents != documents:
            yield f"documents: {found.documents}"
    if case.ack is not None and found.acks != [case.ack]:
        yield f"acknowledged: {found.acks}"


def _orders(case: Case, found: Outcome) -> Iterator[str]:
    if case.orders is not None:
        if sorted(found.orders) != sorted(case.orders):  # they are made at the same time
            yield f"sales orders: {list(found.orders)}"
        for number in case.orders.keys() & found.orders.keys():
            lines, there = case.orders[number], found.orders[number].lines
            if len(lines) != len(there) or not all(same_line(*pair) for pair in zip(lines, there, strict=True)):
                yield f"lines of {number}: {there}"
    wanted = {"ship_to": LOCATIONS.get(case.ship_to or "", case.ship_to), "deliver_by": case.deliver_by}
    for name, value in wanted.items():
        yield from (
            f"{name} of {number}: {getattr(order, name)}"
            for number, order in found.orders.items()
            if value is not None and getattr(order, name) != value
        )


def unshown(case: Case, printed: str) -> list[str]:
    """The lines that the command does not print, of those that it must."""
    missing = absent(case.shows or (), printed.splitlines())
    return [f"not shown: {missing}\n{printed}"] if missing else []


def absent(wanted: Sequence[str], there: Sequence[str]) -> list[str]:
    """Those that are not there in this order; "…" at the end: the beginning is enough."""
    missing, rest = [], iter(there)
    for text in wanted:
        head = text.removesuffix("…")
        if not any(found == text or (head != text and found.startswith(head)) for found in rest):
            missing.append(text)
            rest = iter(())
    return missing


def billed(segments: Sequence[str]) -> list[str]:
    """An 810's lines, each with the price of one, and its total."""
    parts = [[*segment.split("*"), *[""] * 6] for segment in segments]
    lines = [f"{p[2]} at {(Decimal(p[4]) / PER[p[5]]).normalize():f}" for p in parts if p[0] == "IT1"]
    return lines + [f"{(Decimal(p[1]) / 100).normalize():f}" for p in parts if p[0] == "TDS"]


def test_every_input_has_its_row_and_every_pending_case_is_one() -> None:
    """No input without an expectation, no excuse without a case."""
    assert sorted(name for case in CASES.values() for name in case.files) == sorted(p.name for p in INPUTS.iterdir())
    assert PENDING.keys() - CASES.keys() == set()
