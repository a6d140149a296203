"""What a breach of each rule is worth, and what verdict a report gets from its findings.

Strict: any error rejects. Lenient: an error rejects only where the document can no longer be trusted to say what its
sender meant (envelope counts and control numbers, missing mandatory parts, amounts and dates that cannot be read);
other errors are noted and the document is processed ("accepted with errors"). A severity of its own per rule
(`length`), or per level and rule (`interchange.control`), overrides both; so does a guide.

Knows: rules, levels, verdicts (AK5, AK9, TA104). Does not know: how breaches are found.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from d365edi.edi.findings import Finding, Severity, unread
from d365edi.edi.interchange import GroupReport, SetReport, Verdict

Strictness = Literal["strict", "lenient"]

REJECTS = frozenset((
    "count", "control", "trailer", "unsupported", "identifier", "number", "duplicate",  # set
    "mandatory", "required", "type", "date", "decimal",  # segment and element
    "case", "version",  # interchange
))  # fmt: skip
"""Rules whose errors reject even in lenient mode."""

TOLERATED = frozenset(("interchange.count", "group.count", "group.duplicate", "interchange.date"))
"""Errors of an envelope that lenient mode notes only: what was read can be trusted (TA1 021, AK905 5 and 19). Where
something may not have been read, it is not acknowledged (see `group_verdict`)."""

STRICTER = frozenset(("header", "terminator", "trailing", "empty", "padding", "group-date"))
"""Warnings that are errors in strict mode: the standard forbids them, every reader can read them."""

SEVERITIES: tuple[Severity, ...] = ("note", "warning", "error")
"""From the least: a finding that a guide makes less than its rule says holds no document."""


class Severities:
    """The severities in force for one partner; made once, used for every finding."""

    def __init__(self, strictness: Strictness, severities: Mapping[str, str]) -> None:
        self.strict = strictness == "strict"
        self.severities = dict(severities)

    def settle(self, findings: Iterable[Finding], guide: Mapping[str, str] | None = None) -> list[Finding]:
        """The findings with the severities in force; those switched off are left out."""
        settled = []
        for finding in findings:
            severity = self._severity(finding, guide or {})
            if severity == finding.severity:
                settled.append(finding)
            elif severity != "off":
                known = _known(severity)
                holds = finding.holds and SEVERITIES.index(known) >= SEVERITIES.index(finding.severity)
                settled.append(replace(finding, severity=known, holds=holds))
        return settled

    def _severity(self, finding: Finding, guide: Mapping[str, str]) -> str:
        exact = f"{finding.level}.{finding.rule}"
        for table in (self.severities, guide):
            found = table.get(exact) or table.get(finding.rule)
            if found:
                return found
        return "error" if self.strict and finding.rule in STRICTER else finding.severity

    def verdict(self, findings: Iterable[Finding]) -> Verdict:
        """A without errors; else R in strict mode or where an error rejects, E where errors can be lived with."""
        errors = [finding for finding in findings if finding.severity == "error"]
        if not errors:
            return "A"
        rejects = (one.rule in REJECTS and f"{one.level}.{one.rule}" not in TOLERATED for one in errors)
        return "R" if self.strict or any(rejects) else "E"

    def group_verdict(self, group: GroupReport, sets: Mapping[Verdict, int], *, partly: bool = True) -> Verdict:
        """AK901: R when the group itself is rejected or no set is accepted, P when some are, E when something is noted.

        Sets that its trailer counts and that were not read are as rejected. Without `partly` (EDIFACT: UCF has no word for
        it) a group that lacks some is rejected."""
        own, lacking = self.verdict(group.findings), missing(group)
        accepted, rejected = sets.get("A", 0) + sets.get("E", 0), sets.get("R", 0) + lacking
        if own == "R" or (lacking and not partly) or (not accepted and (rejected or unread(group.findings))):
            return "R"
        if rejected:
            return "P"
        return "E" if own == "E" or sets.get("E", 0) else "A"

    def interchange_verdict(self, findings: Iterable[Finding], *, sets: int) -> Verdict:
        """TA104: as of its findings; R as well where something may not have been read and nothing was. `sets` were read."""
        own = self.verdict(found := list(findings))
        return "R" if unread(found) and not sets else own


def missing(group: GroupReport) -> int:
    """How many sets a group's trailer counts that were not read, as far as that is an error."""
    counted = any(one.rule == "count" for one in unread(group.findings))
    return max(group.included - group.received, 0) if counted else 0


def _known(severity: str) -> Severity:
    return "error" if severity == "error" else "note" if severity == "note" else "warning"


def reject(sets: Iterable[SetReport]) -> None:
    """All sets of a group or interchange that is rejected are rejected with it."""
    for report in sets:
        report.verdict = "R"
