"""Checks of what is fetched from mailboxes and put into them, and of partners whose envelopes we do not write.

They use the tree as written, as those of cross_checks.py do.

Knows: what a mailbox takes, which settings contradict each other. Does not know: how values are written.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from d365edi.edi.syntax import standard_of
from d365edi.errors import SettingsError

from . import mailbox_paths
from .errors import ErrorReporter
from .file_patterns import FilePattern, can_meet, file_pattern
from .files import Key
from .kind_defaults import FILE_IN_MAILBOX
from .section import file_name, words_of
from .written import bare, in_mailbox, partners, table, text

LONGEST_NAME = 100
"""Characters of a message's name. Sterling documents no limit; this is below all that were heard of."""
_LONG_NUMBER = "1" * 20
"""D365's numbers have at most 20 characters."""
_SOME_DAY = datetime(2025, 1, 31, tzinfo=UTC)


class Counted(NamedTuple):
    """One kind of file that a `to` may get: the set in its name, and the counter of its {control}."""

    set: str
    counter: str


@dataclass(frozen=True, slots=True)
class _Target:
    """A `to` of a partner: its key, its table, and what is put there."""

    key: Key
    partner: str
    to: Mapping[str, Any]
    files: tuple[Counted, ...]

    @property
    def template(self) -> str:
        """The template of its names."""
        return text(self.to, "file") or FILE_IN_MAILBOX


def check(reporter: ErrorReporter) -> Iterator[SettingsError]:
    """Every error of mailboxes, and of envelopes that Sterling writes."""
    mailboxes: dict[tuple[str, str], list[_Target]] = {}
    for target in _targets(reporter.written):
        if in_mailbox(reporter.written, target.to):
            place = (text(target.to, "endpoint"), text(target.to, "path").rstrip("/").casefold())
            mailboxes.setdefault(place, []).append(target)
            yield from _named(reporter, target)
            yield from _tracked(reporter, target)
        else:
            yield from _elsewhere(reporter, target)
    for targets in mailboxes.values():
        yield from _meeting(reporter, targets)
    yield from mailbox_paths.check(reporter)
    for key, body in partners(reporter.written):
        for standard in bare(body):
            yield from _bare(reporter, key, body, standard)


def _targets(written: Mapping[str, Any]) -> Iterator[_Target]:
    for key, body in partners(written):
        counters = {"X12": "ISA", "EDIFACT": "UNB", "FLAT": "file"} | {each.upper(): "file" for each in bare(body)}
        send = text(table(body, "acks"), "send") or "997"
        files = [Counted(each, "ISA") for each in ("TA1", send) if each != "none" and table(body, "x12")]
        files += [Counted("CONTRL", "UNB")] if table(body, "edifact") else []
        if to := table(body, "acks", "to"):
            yield _Target((*key, "acks", "to"), key[1], to, tuple(files))
        for set_id in table(body, "send"):
            if to := table(body, "send", set_id, "to"):
                counted = Counted(set_id, counters[standard_of(set_id)])
                yield _Target((*key, "send", set_id, "to"), key[1], to, (counted,))


# -- one destination --------------------------------------------------------------------------------------------------
def _named(reporter: ErrorReporter, target: _Target) -> Iterator[SettingsError]:
    """What is wrong with the names that messages get there."""
    remedy = f'write file = "{FILE_IN_MAILBOX}"'
    try:
        words = words_of(target.template)
        names = [_longest_name(target, each.set) for each in target.files]
    except (ValueError, LookupError):
        return  # reported as no template
    if "control" not in words:
        sentence = "has no {control}, and a mailbox takes a name more than once, or overwrites what has it"
    elif ":" in "".join(names):
        sentence = 'has ":", at which Sterling cuts a name'
    elif (longest := max(map(len, names), default=0)) > LONGEST_NAME:
        sentence = f"gives names of {longest} characters, and a mailbox is given {LONGEST_NAME} at most"
    else:
        return
    yield reporter.report((*target.key, "file"), sentence, remedy, value=target.template)


def _longest_name(target: _Target, set: str) -> str:
    return file_name(
        target.template, partner=target.partner, set=set, control=999_999_999, number=_LONG_NUMBER, at=_SOME_DAY
    )


def _tracked(reporter: ErrorReporter, target: _Target) -> Iterator[SettingsError]:
    if target.to.get("extract") == "always" and "picked_up_within" in target.to:
        sentence = 'is waited for, and with extract = "always" nobody can know whether it was'
        remedy = "leave it out, or write extract = 1"
        yield reporter.report((*target.key, "picked_up_within"), sentence, remedy)


def _elsewhere(reporter: ErrorReporter, target: _Target) -> Iterator[SettingsError]:
    for name in ("extract", "picked_up_within"):
        if name in target.to and table(reporter.written, "endpoints", text(target.to, "endpoint")):
            sentence = f"is for mailboxes, and [endpoints.{text(target.to, 'endpoint')}] is none of Sterling"
            yield reporter.report((*target.key, name), sentence, "leave it out")


# -- several ----------------------------------------------------------------------------------------------------------
def _meeting(reporter: ErrorReporter, targets: list[_Target]) -> Iterator[SettingsError]:
    """Destinations in one mailbox whose files can get the same name. Only names with the same beginning are compared: all that
    may begin one are on the stack when it comes up."""
    patterns = [(pattern, number) for number, target in enumerate(targets) for pattern in _patterns(target)]
    stack: list[tuple[FilePattern, int]] = []
    found: dict[int, int] = {}
    for pattern, number in sorted(patterns, key=lambda each: (each[0].beginning, each[1])):
        while stack and not pattern.beginning.startswith(stack[-1][0].beginning):
            stack.pop()
        for other, earlier in stack:
            if earlier != number and can_meet(pattern, other):
                later, first = max(earlier, number), min(earlier, number)
                found[later] = min(first, found.get(later, first))
                break
        stack.append((pattern, number))
    for later, first in found.items():
        yield _met(reporter, targets[later], targets[first])


def _patterns(target: _Target) -> Iterator[FilePattern]:
    for each in target.files:
        counter = (target.partner, each.counter)
        pattern = file_pattern(target.template, partner=target.partner, set=each.set, counter=counter)
        if pattern is not None:
            yield pattern


def _met(reporter: ErrorReporter, later: _Target, first: _Target) -> SettingsError:
    where = reporter.locations.where(*first.key)
    sentence = f"can give a name that [{'.'.join(first.key)}] (at {where}) gives in the same mailbox"
    words = words_of(later.template) & words_of(first.template)
    lacking = "{set}" if later.partner == first.partner else "{partner}"
    add = f"add {lacking} to" if lacking[1:-1] not in words else "change"
    return reporter.report(
        (*later.key, "file"), sentence, f'{add} `file` of both, as "{FILE_IN_MAILBOX}"', value=later.template
    )


# -- envelopes that Sterling writes -----------------------------------------------------------------------------------
def _bare(reporter: ErrorReporter, key: Key, body: Mapping[str, Any], standard: str) -> Iterator[SettingsError]:
    """What contradicts envelope = "sterling": sets without one are not acknowledged by us, nor ours by them."""
    why = f'and {standard}.envelope = "sterling"'
    acks = table(body, "acks")
    if "expect_within" in acks:
        sentence = f"waits for acknowledgments, {why}: they come to Sterling"
        yield reporter.report((*key, "acks", "expect_within"), sentence, "leave it out; see picked_up_within of `to`")
    if acks.get("send", "none") != "none":
        sentence = f"acknowledges what they send, {why}: Sterling does"
        yield reporter.report(
            (*key, "acks", "send"), sentence, 'write send = "none", or leave it out', value=acks["send"]
        )
    for set_id in table(body, "send"):
        batch = table(body, "send", set_id).get("batch", 1)
        if standard_of(set_id) == standard.upper() and batch != 1:
            sentence = f"puts several documents into one interchange, {why}: each goes as a bare set of its own"
            yield reporter.report((*key, "send", set_id, "batch"), sentence, "leave it out", value=batch)
    for what in table(body, "pickup"):
        if table(body, "pickup", what).get("shared") is True:
            sentence = f"is for messages that say whose they are, {why}: bare sets carry no ids"
            remedy = "leave it out, and give each partner a mailbox of its own"
            yield reporter.report((*key, "pickup", what, "shared"), sentence, remedy)
