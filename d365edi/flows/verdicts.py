"""What an acknowledgment says of each document of a group, and what its documents' answers say of a file: pure.

    AK9 (UCI)    AK5 (UCM) of its set      the document
    R            whatever it says          rejected: the group is refused whole
    A, E, P      given                     as it says
    P            none                      accepted where every rejected set is told of, else partially: they did not say which
    E            none                      accepted where another set is told to have the errors, else accepted with errors
    A            none                      accepted

A document that is alone in its group has the group's verdict, whatever else is said.

Knows: verdicts. Does not know: rows, bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from d365edi.edi.acknowledgment import Answer, SetAnswer
from d365edi.flows import policy
from d365edi.journal import AckState

Said = tuple[AckState, str]
"""What was said of a document, and the errors in words."""


def of_each(answer: Answer, sets: Sequence[str]) -> list[Said]:
    """What an answer says of the sets of the group that it answers, by their control numbers, in their order."""
    group = policy.ACK_STATES.get(answer.verdict, "rejected")
    if len(sets) == 1:
        return [(group, errors(answer.sets))]
    told = {each.control.lstrip("0"): each for each in answer.sets}
    named = [told.get(control.lstrip("0")) for control in sets]
    rest = _of_the_rest(answer, [each for each in named if each is not None])
    found: list[Said] = []
    for each in named:
        detail = errors([each]) if each is not None else ""
        if group == "rejected" or each is None:
            found.append((group if group == "rejected" else rest, detail))
        else:
            found.append((policy.ACK_STATES.get(each.verdict, "rejected"), detail))
    return found


def _of_the_rest(answer: Answer, told: Sequence[SetAnswer]) -> AckState:
    """What holds for sets that an answer does not tell of."""
    verdicts = [each.verdict for each in told]
    if answer.verdict == "P":
        return "accepted" if verdicts.count("R") >= max(answer.included - answer.accepted, 1) else "partially"
    if answer.verdict == "E":
        return "accepted" if set(verdicts) & {"E", "R"} else "accepted_with_errors"
    return "accepted"


def errors(sets: Iterable[SetAnswer]) -> str:
    """The errors of these sets in words."""
    return "; ".join(str(error) for each in sets for error in each.errors)


def combined(states: Iterable[AckState]) -> AckState:
    """The answer to a whole of which each part has its own."""
    found = set(states)
    if len(found) == 1:
        return found.pop()
    return "accepted_with_errors" if found <= {"accepted", "accepted_with_errors"} else "partially"


def words(state: str) -> str:
    """A state as a sentence has it."""
    return {"partially": "partially accepted"}.get(state, state.replace("_", " "))
