"""What an acknowledgment said of what we sent, in the shape that 997, 999 and CONTRL are all read into; and what follows from
it for each of our sets.

    AK9 (UCI)    AK5 (UCM) of its set      the set
    R            any                       rejected: the group is refused as a whole
    A, E, P      given                     as given
    P            none                      accepted where every rejected set is listed, else partially: they did not say which
    E            none                      accepted where another set is listed with the errors, else accepted with errors
    A            none                      accepted
    not said     none                      not answered

A verdict with a code that is none of the list, or without one, is not said. Where a group's is not, no accepted set in its
counts says R all the same.

Where an acknowledgment contradicts itself (AK5 R or no accepted set under AK9 A) the worse counts, and it is reported. A set that
is alone in its group has the worst of all that was said.

Knows: groups, sets, verdicts. Does not know: how any of them is written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from d365edi.edi.findings import Finding
from d365edi.edi.interchange import Verdict

Loop = Literal["errors", "all", "none"]
"""Which sets an acknowledgment of ours reports one by one."""

_RANK = "AEPR"


@dataclass(frozen=True, slots=True)
class SetAnswer:
    """What they said of one of our sets: AK5 or UCM with its codes, and the errors in words. No verdict where AK5 is missing or its
    code is none of the list."""

    id: str
    control: str
    verdict: Verdict | None
    codes: tuple[str, ...] = ()
    errors: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What they said of one of our groups (997, 999) or interchanges (CONTRL). `control` is AK102, our GS06, or UCI01; the
    verdicts M, W and X count as R, and there is none where AK9 or the action of UCI is missing, has a code that is none of the
    list, or says only that it came. `errors` are those of the whole in words: AK905, the codes of UCI and of rejected groups (UCF).

    The counts are those of AK9, -1 where they are not said; a CONTRL has none, and they are of the messages it names."""

    functional_id: str
    control: str
    version: str
    verdict: Verdict | None
    included: int
    received: int
    accepted: int
    codes: tuple[str, ...] = ()
    sets: tuple[SetAnswer, ...] = ()
    errors: tuple[Finding, ...] = ()
    receipt: bool = False
    """They say only that it has come (CONTRL, action 8)."""

    @property
    def words(self) -> tuple[str, str]:
        """The segments that judge the whole and a set."""
        return ("AK9", "AK5") if self.functional_id else ("UCI", "UCM")

    @property
    def summary(self) -> Verdict | None:
        """The verdict on all that they name: R as well where no set is accepted."""
        rejected = bool(self.sets) and all(one.verdict == "R" for one in self.sets)
        return "R" if self.verdict == "P" and self.accepted == 0 and (rejected or self.functional_id) else self.verdict


def verdicts(answer: Answer, sets: Sequence[str]) -> list[Verdict | None]:
    """What they said of each set of the acknowledged group, by control number, in the order of `sets`; None: nothing."""
    whole, own = _whole(answer, len(sets)), [_worst(of) for of in named(answer, sets)]
    if whole == "R":
        return ["R" for _ in sets]
    if len(sets) == 1:
        return [_worse([whole, *own])]
    if whole == "P" and None not in own and "R" not in own:
        return ["P" for _ in sets]
    rest = _rest(answer, whole, own)
    return [verdict or rest for verdict in own]


def named(answer: Answer, sets: Sequence[str]) -> list[list[SetAnswer]]:
    """What they list of each set. All that is listed is of a set that is alone, whatever its number."""
    if len(sets) == 1:
        return [list(answer.sets)]
    return [[one for one in answer.sets if _same(one.control, control)] for control in sets]


def contradictions(answer: Answer, sets: Sequence[str]) -> list[str]:
    """Where an acknowledgment says one thing and another, as sentences; empty where it does not."""
    return list(dict.fromkeys([*_of_sets(answer, sets), *_of_counts(answer, len(sets))]))


def _same(one: str, other: str) -> bool:
    return one.lstrip("0") == other.lstrip("0")


def _worst(said: Sequence[SetAnswer]) -> Verdict | None:
    return _worse([one.verdict for one in said])


def _worse(found: Sequence[Verdict | None]) -> Verdict | None:
    said = [verdict for verdict in found if verdict is not None]
    return max(said, key=_RANK.index, default=None)


def _whole(answer: Answer, size: int) -> Verdict | None:
    """The verdict on the group, no better than its counts."""
    verdict, accepted = answer.verdict, answer.accepted
    if not answer.functional_id or accepted < 0:
        return verdict
    if accepted == 0:
        return "R" if verdict is not None or answer.received > 0 else None
    return "P" if verdict in ("A", "E") and accepted < max(size, answer.included, answer.received) else verdict


def _rest(answer: Answer, whole: Verdict | None, own: Sequence[Verdict | None]) -> Verdict | None:
    """What holds for sets that are not listed."""
    if whole == "P":
        refused = max(answer.included, answer.received) - max(answer.accepted, 0)
        return "A" if own.count("R") >= max(refused, 1) else "P"
    if whole == "E":
        return "A" if {"E", "R"} & set(own) else "E"
    return whole


def _of_sets(answer: Answer, sets: Sequence[str]) -> Iterator[str]:
    whole, part = answer.words
    for one in answer.sets:
        if one.verdict == "R" and answer.verdict in ("A", "E"):
            yield f"{whole} is {answer.verdict}, but {part} of {one.id} {one.control} is R"
        elif one.verdict in ("A", "E") and answer.verdict == "R" and not answer.functional_id:
            yield f"{whole} rejects all, but {part} accepts {one.id} {one.control}"
        if len(sets) > 1 and not any(_same(one.control, control) for control in sets):
            yield f"{part} is of {one.id} {one.control}, which we did not send there"
        again = {other.verdict for other in answer.sets if _same(other.control, one.control)} - {None}
        if len(again) > 1:
            yield f"{part} of {one.id} {one.control} is {' and '.join(sorted(filter(None, again)))}"
    own = [_worst(of) for of in named(answer, sets)]
    if answer.verdict == "P" and own and None not in own and "R" not in own:
        yield f"{whole} is P, but no {part} is R"


def _of_counts(answer: Answer, size: int) -> Iterator[str]:
    if not answer.functional_id:
        return
    included, accepted = answer.included, answer.accepted
    counted = f"it counts {accepted} of {max(included, answer.received)} as accepted"
    if answer.verdict in ("A", "E") and 0 <= accepted < max(included, answer.received):
        yield f"AK9 is {answer.verdict}, but {counted}"
    if answer.verdict == "R" and accepted > 0:
        yield f"AK9 is R, but {counted}"
    if answer.verdict == "P" and accepted == 0:
        yield f"AK9 is P, but {counted}"
    if answer.verdict is None and accepted == 0 < answer.received:
        yield f"AK9 has no verdict, but {counted}"
    if size and included >= 0 and included != size:
        yield f"AK902 is {included}, but the group has {size}"
