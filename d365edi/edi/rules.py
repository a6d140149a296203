"""The table of all rules: what may be wrong with what partners send, under which code each standard reports it, in which
words, and where the rule is written down.

A rule has a stable word (`count`, `length`), by which severities are set, and belongs to a level. Several rows may share a
word where one rule is broken in several ways (`element.length.long`, `element.length.short`): the key is the level, the
word and, where needed, the way. Where X12 and EDIFACT have the same rule they share its row and differ in the code only:

    X12      TA105 for an interchange, AK905 (716) for a group, AK502 (718) for a set, AK304 (720) for a segment,
             AK403 (723) for an element
    EDIFACT  0085 for all of them

An empty code is a finding that no acknowledgment carries. The severity is what the rule is worth without settings: an
error is a breach that a partner must correct, a warning can be read without doubt although it is not right, a note is for
the one who maintains the guides. What is worth more or less to one partner, and what rejects a set, is in `verdicts`.
A row that ends with `HOLDS` holds the document even where its set is accepted: some of what was sent was not read, or may
have been read in the place of something else (a separator sent as data shifts what follows), or figures do not fit. Above
the set it says that something may not have been read: the file needs a person, and no acknowledgment covers the rest.

`sentence` and `remedy` are format strings. They may name `segment`, `place` (BEG03, DTM01-2), `value`, and the fields of
the row, which the caller gives. `clause` is the section of X12.5 (interchange), X12.6 (groups, sets, segments, elements),
ISO 9735:1988 or -1:1998 (EDIFACT) that has the rule; "partner practice: ..." gives the reason of one that no standard has.

Knows: rules, codes, words. Does not know: how breaches are found, what they are worth to a partner.
"""

from typing import NamedTuple, cast

from d365edi.edi.findings import Finding, Level, Position, Severity
from d365edi.edi.syntax import Standard


class Rule(NamedTuple):
    """One way to break a rule. `rule` is the stable word, `x12` and `edifact` are the codes of an acknowledgment."""

    rule: str
    level: Level
    severity: Severity
    x12: str
    edifact: str
    sentence: str
    remedy: str
    clause: str
    holds: bool = False

    def code(self, standard: Standard) -> str:
        """The code of this rule in a standard; "" where it has none, and in flat files."""
        return self.x12 if standard == "X12" else self.edifact if standard == "EDIFACT" else ""


def finding(key: str, where: Position, standard: Standard, value: str = "", **fields: object) -> Finding:
    """The finding of a rule at a place. `fields` fill the sentence and the remedy; KeyError where one is missing.

    `value` is the offending text as it was sent, cut by the caller where it may be long."""
    row = RULES[key]
    place = f"{where.segment}{where.element:02d}" if where.element else where.segment
    place += f"-{where.component}" if where.component else ""
    words = {"segment": where.segment, "place": place, "value": value} | fields
    message, remedy = row.sentence.format_map(words), row.remedy.format_map(words)
    return Finding(row.level, row.severity, row.code(standard), message, where, value, remedy, row.rule, row.holds)


_READ_AS = "it was read as {known}; ask the sender which version is meant"
_ASK_LOST = "ask the sender whether something was lost"
_MISCOUNTED = "all that came was read; the sender must count right"
_ASK_AGAIN = "header and trailer do not belong together; ask the sender for it again"
_FILL = "the sender must fill it"
_CORRECT = "the sender must correct it"
_LEAVE_OUT = "leave them out: the standard does not allow empty ones at the end"
_COMPARE = "compare it with the partner's own figures"
_INSIDE = "the rest has no meaning; a separator that was sent as data would explain it"
_NUMBER = "the sender must give each one a number of its own"
_UNREAD = "it was not read; ask the sender what it belongs to"
_READ = "it was read all the same; the sender must keep to the standard"
_AGREE = "agree on its meaning with the partner and add it to the guide"

_ISA = "X12.5 ISA, interchange control header"
_GS = "X12.6 3.9, functional group header and trailer"
_ST = "X12.6 3.8, transaction set header and trailer"
_UNB = "ISO 9735:1988 6.1, interchange structure"
_ENVELOPE = "X12.5 and X12.6 3.8, 3.9, headers and trailers; ISO 9735:1988 6.1"
_ORDER = "X12.6 3.8, data segments in a transaction set; ISO 9735:1988 6.2"
_TYPE = "X12.6 3.5, data element types"
_LENGTH = "X12.6 3.5, data element length; ISO 9735:1988 6.4"
_LIST = "X12.6 3.5, data element dictionary; ISO 9735:1988 6.4"
_ABSENCE = "X12.6 3.6 and 3.7, absence of data; ISO 9735:1988 7.2 to 7.5"
_NOTES = "X12.6 3.7.3.2, condition designator"
_MARK = "ISO 9735:1988 10.1, decimal sign"
_GS1 = "GS1 General Specifications 7.9, check digits"
_ARITHMETIC = "partner practice: the standards leave arithmetic to the partners"
_TRANSPORT = "partner practice: some transports and editors change a file, which can be undone without doubt"
_FLAT = "partner practice: the layout that the map gives a flat file"
_SHEET = "partner practice: a spreadsheet changes values that it takes for numbers and days"

HOLDS = True
_Row = tuple[str, Severity, str, str, str, str, str] | tuple[str, Severity, str, str, str, str, str, bool]
_ROWS: dict[str, _Row] = {
    # -- file: what stands outside of any interchange
    "file.encoding.utf16": ("encoding", "warning", "", "", "The file is written in UTF-16", "it was converted to single bytes", _TRANSPORT),
    "file.encoding.mark": ("encoding", "warning", "", "", "The file begins with a UTF-8 byte order mark", "it was skipped", _TRANSPORT),
    "file.empty": ("empty", "error", "", "", "The file is empty", "nothing was read; ask the sender for it again", _UNB),
    "file.empty.blank": ("empty", "error", "", "", "The file holds only blanks", "nothing was read; ask the sender for it again", _UNB),
    "file.header": ("header", "error", "", "", "Neither an ISA nor a UNB was found in the file", "nothing was read; ask the sender for it again", _ENVELOPE),
    "file.headless.isa": ("headless", "error", "", "", "This is X12 without an envelope (no ISA)", "nothing was read; the sender must put an ISA and a GS before its sets", _ISA),
    "file.headless.unb": ("headless", "error", "", "", "This is EDIFACT without UNB", "nothing was read; the sender must put a UNB before its messages", _UNB),
    "file.junk.before": ("junk", "warning", "", "", "{size} bytes stand before the first interchange", "they were skipped", _TRANSPORT),
    "file.junk.segments": ("junk", "error", "", "", "{size} bytes with segments stand before the first interchange",
        "they were not read: their own header may be damaged; ask the sender for them again", _ENVELOPE),
    "file.junk.after": ("junk", "error", "", "", "{size} bytes after an interchange are not EDI", "they were not read; ask the sender what they are", _ENVELOPE),
    "file.endless": ("endless", "error", "", "", "A segment does not end within {limit} MiB: no terminator {terminator!r} was found",
        "the {size} bytes from here to the end of the file were not read; ask the sender for the file again", "partner practice: nothing in EDI is that long"),
    "file.standard": ("standard", "error", "", "", "The file holds an {found} interchange where {wanted} was expected", "route it to a flow that reads {found}",
        "partner practice: a flow reads one standard"),

    # -- interchange
    "interchange.case": ("case", "error", "022", "", "The interchange is written in lower case", "X12 writes ids and codes in upper case; ask the sender to send it anew",
        "X12.6 3.3, basic character set"),
    "interchange.header.width": ("header", "warning", "022", "", "The ISA is not 106 bytes long, its fields are not padded to their fixed widths",
        "it was read by its separators; ask the sender to pad ISA02, ISA04, ISA06 and ISA08 with blanks", _ISA),
    "interchange.header.una": ("header", "warning", "", "", "The UNA has five characters, the standard has six", "the reserved one was taken as left out",
        "ISO 9735:1988 6.1, service string advice"),
    "interchange.padding": ("padding", "warning", "022", "", "Blanks stand between ISA16 and the segment terminator", "they were removed", _ISA),
    "interchange.separator": ("separator", "warning", "027", "", "ISA16 names no component separator", "composite elements cannot be separated", _ISA),
    "interchange.wrapped.records": ("wrapped", "warning", "022", "", "The file is cut into records of {size} bytes", "they were joined", _TRANSPORT),
    "interchange.wrapped.segments": ("wrapped", "warning", "", "", "Line breaks stand inside of {count} segment(s)",
        "they were removed; ask the sender to break lines only after terminators", "ISO 9735:1988 5, character sets"),
    "interchange.empty": ("empty", "warning", "", "", "A terminator follows a terminator: {count} empty segment(s)", "they were skipped; ask the sender to leave them out",
        "X12.6 3.7, data segment; ISO 9735:1988 7.1"),
    "interchange.terminator": ("terminator", "warning", "004", "004", "The last segment has no terminator", "it was read to its end", "X12.6 3.7, data segment; ISO 9735:1988 6.3"),
    "interchange.qualifier.authorization": ("qualifier", "warning", "010", "", "{place} is not a known qualifier", "it was not used", _ISA),
    "interchange.qualifier.security": ("qualifier", "warning", "012", "", "{place} is not a known qualifier", "it was not used", _ISA),
    "interchange.qualifier.sender": ("qualifier", "warning", "005", "", "{place} is not a known qualifier of a sender", "agree on it with the partner", _ISA),
    "interchange.qualifier.receiver": ("qualifier", "warning", "007", "", "{place} is not a known qualifier of a receiver", "agree on it with the partner", _ISA),
    "interchange.party.sender.empty": ("party", "error", "006", "", "The sender id {place} is empty", _FILL, _ISA),
    "interchange.party.sender.characters": ("party", "error", "006", "", "The sender id {place} holds characters that cannot be printed", _CORRECT, _ISA),
    "interchange.party.receiver.empty": ("party", "error", "008", "", "The receiver id {place} is empty", _FILL, _ISA),
    "interchange.party.receiver.characters": ("party", "error", "008", "", "The receiver id {place} holds characters that cannot be printed", _CORRECT, _ISA),
    "interchange.date": ("date", "error", "014", "", "{place} is not a date", "write it as YYMMDD", _ISA),
    "interchange.time": ("time", "error", "015", "", "{place} is not a time", "write it as HHMM", _ISA),
    "interchange.isa-version": ("isa-version", "error", "017", "", "{place} is not a version", "write 00401 or 00501", _ISA),
    "interchange.isa-version.unpublished": ("isa-version", "error", "017", "", "{place} names {value}, which is no version of X12", _CORRECT, _ISA),
    "interchange.number": ("number", "error", "018", "", "The control number {place} is not a number of nine digits", _NUMBER, _ISA),
    "interchange.flag": ("flag", "warning", "019", "", "{place} is neither 0 nor 1", "it was taken as 0", _ISA),
    "interchange.usage": ("usage", "error", "020", "", "{place} is neither P, T nor I", "the sender must say whether it is a test", _ISA),
    "interchange.charset": ("charset", "warning", "", "46", "{charset} is not a known character set", "it was read as Latin-1", "ISO 9735:1988 5, character sets"),
    "interchange.version": ("version", "error", "", "2", "There is no syntax version {version}", "versions 1 to 4 are read", _UNB),
    "interchange.preparation": ("preparation", "error", "", "12", "{place} is not a date and time", "write it as YYMMDD:HHMM", _UNB),
    "interchange.extra": ("extra", "error", "022", "16", "{segment} has more than {most} elements", "the rest has no meaning", _ENVELOPE),
    "interchange.count": ("count", "error", "021", "29", "{place} says {said}, the interchange has {counted}", _MISCOUNTED, _ENVELOPE),
    "interchange.count.more": ("count", "error", "021", "29", "{place} says {said}, the interchange has {counted}", _ASK_LOST, _ENVELOPE, HOLDS),
    "interchange.control": ("control", "error", "001", "28", "{place} is {said}, {header} is {wanted}", _ASK_AGAIN, _ENVELOPE),
    "interchange.trailer": ("trailer", "error", "023", "13", "{segment} is missing: {why}", "part of it may be lost; ask the sender for it again", _ENVELOPE),
    "interchange.receipt": ("receipt", "warning", "022", "", "{message}", "{remedy}", "X12.5 TA1, interchange acknowledgment"),
    "interchange.empty-envelope": ("empty-envelope", "error", "024", "32", "The interchange is empty", "it holds no {what}; ask the sender what it is for", _ENVELOPE, HOLDS),
    "interchange.mixed": ("mixed", "error", "", "30", "The interchange has messages in groups and messages outside of groups", "the sender must use only one of the two", _UNB),
    "interchange.duplicate-interchange": ("duplicate-interchange", "warning", "025", "26", "Interchange {value} is in this file twice", _NUMBER, _ENVELOPE),
    "interchange.astray": ("astray", "error", "024", "33", "{segment} stands in the interchange outside of any group and set", _UNREAD, _ENVELOPE, HOLDS),
    "interchange.astray.set": ("astray", "error", "024", "", "{segment} begins a set outside of any group: its GS is missing", "the set cannot be answered by name; ask the sender for it again", _GS, HOLDS),
    "interchange.astray.more": ("astray", "error", "", "", "{count} more segments stand outside of any set", _UNREAD, _ENVELOPE, HOLDS),

    # -- group
    "group.identifier": ("identifier", "error", "1", "", "{place} is not a functional identifier", "the sender must say what the group is", _GS),
    "group.identifier.empty": ("identifier", "warning", "", "13", "{place} names no message type", _FILL, "ISO 9735:1988 UNG, functional group header"),
    "group.party.empty": ("party", "warning", "", "", "{place} is empty", _FILL, _GS),
    "group.party.code": ("party", "error", "", "", "{place} is not a code of at most 15 characters", _CORRECT, _GS),
    "group.group-date.width": ("group-date", "warning", "", "", "{place} is not a date of eight digits", "write it as CCYYMMDD", _GS),
    "group.group-date": ("group-date", "error", "", "", "{place} is not a date of eight digits", "write it as CCYYMMDD", _GS),
    "group.group-date.time": ("group-date", "error", "", "", "{place} is not a time", "write it as HHMM", _GS),
    "group.preparation": ("preparation", "error", "", "12", "{place} is not a date and time", "write it as YYMMDD:HHMM", "ISO 9735:1988 UNG, functional group header"),
    "group.number": ("number", "error", "6", "", "The group control number {place} is not a number", _NUMBER, _GS),
    "group.agency": ("agency", "warning", "", "", "{place} is neither X nor T", "it was taken as X", _GS),
    "group.version": ("version", "error", "2", "", "{place} names no version", "the sender must say which version is used", _GS),
    "group.group-version": ("group-version", "error", "2", "", "{place} is not a version of at most 12 characters", _CORRECT, _GS),
    "group.unpublished": ("unpublished", "error", "2", "", "{place} names {value}, which is no version of X12", _READ_AS, _GS),
    "group.tables": ("tables", "warning", "", "", "{place} names {value}, which has no tables here", "it was read by those of {known}", _GS),
    "group.extra": ("extra", "error", "", "16", "{segment} has more than {most} elements", "the rest has no meaning", _ENVELOPE),
    "group.count": ("count", "error", "5", "29", "{place} says {said}, the group has {counted}", _MISCOUNTED, _ENVELOPE),
    "group.count.more": ("count", "error", "5", "29", "{place} says {said}, the group has {counted}", _ASK_LOST, _ENVELOPE, HOLDS),
    "group.control": ("control", "error", "4", "28", "{place} is {said}, {header} is {wanted}", _ASK_AGAIN, _ENVELOPE),
    "group.trailer": ("trailer", "error", "3", "13", "{segment} is missing: {why}", "part of it may be lost; ask the sender for it again", _ENVELOPE),
    "group.empty-envelope": ("empty-envelope", "error", "", "32", "The group is empty", "it holds no {what}; ask the sender what it is for", _ENVELOPE, HOLDS),
    "group.duplicate": ("duplicate", "error", "19", "26", "Group control number {value} was used before in this interchange", _NUMBER, _ENVELOPE),
    "group.astray": ("astray", "error", "", "33", "{segment} stands in the group outside of any set", _UNREAD, _ENVELOPE, HOLDS),
    "group.astray.more": ("astray", "error", "", "", "{count} more segments stand outside of any set", _UNREAD, _ENVELOPE, HOLDS),

    # -- set
    "set.identifier": ("identifier", "error", "6", "13", "{place} names no transaction set", "the sender must say what the set is", _ST),
    "set.number": ("number", "warning", "7", "", "{place} is not a control number of four to nine characters", _NUMBER, _ST),
    "set.number.empty": ("number", "error", "7", "", "{place} is not a control number of four to nine characters", _NUMBER, _ST),
    "set.count": ("count", "error", "4", "29", "{place} says {said}, the set has {counted}", _ASK_LOST, _ENVELOPE),
    "set.control": ("control", "error", "3", "28", "{place} is {said}, {header} is {wanted}", _ASK_AGAIN, _ENVELOPE),
    "set.trailer": ("trailer", "error", "2", "13", "{segment} is missing: {why}", "part of it may be lost; ask the sender for it again", _ENVELOPE),
    "set.duplicate": ("duplicate", "error", "23", "26", "Control number {value} was used before in this {around}", _NUMBER, _ENVELOPE),
    "set.unpublished": ("unpublished", "error", "", "14", "{place} names {value}, which is no directory of EDIFACT", _READ_AS, "UN/EDIFACT directories: UNH 0052, 0054"),
    "set.unsupported": ("unsupported", "error", "1", "14", "{set} in version {version} is not supported", "supported are {known}", "partner practice: what the guides describe"),
    "set.group": ("group", "error", "18", "31", "{set} does not belong in a group {group}", "the sender must make one group for each kind of set", _ENVELOPE),

    # -- segment: its place in the set, and what is wrong with it as a whole
    "segment.unknown": ("unknown", "error", "1", "15", "{id} is not a segment of {around}", "it was skipped; a terminator that was sent as data would explain it", _ORDER, HOLDS),
    "segment.unknown.here": ("unknown", "error", "6", "15", "{id} is not a segment of the {around}", "it was skipped", _ORDER, HOLDS),
    "segment.unexpected": ("unexpected", "error", "2", "15", "{id} is not expected here: no open loop of the {around} has it", "it was skipped", _ORDER, HOLDS),
    "segment.mandatory": ("mandatory", "error", "3", "13", "{id} is missing: it is mandatory in {around}", "the sender must add it", _ORDER),
    "segment.maximum.loop": ("maximum", "error", "4", "36", "loop {path} comes more often than {most} times", _READ, _ORDER),
    "segment.maximum.segment": ("maximum", "error", "5", "35", "segment {path} comes more often than {most} times", _READ, _ORDER),
    "segment.sequence": ("sequence", "error", "7", "15", "{id} comes too late: it belongs before what was read already", _READ, _ORDER),
    "segment.empty-segment": ("empty-segment", "error", "", "13", "{segment} holds no data", "leave the segment out or fill it", _ABSENCE),
    "segment.trailing": ("trailing", "warning", "", "45", "{segment} ends with empty elements", _LEAVE_OUT, _ABSENCE),
    "segment.charset": ("charset", "warning", "", "21", "{charset} has no {what}", "they were read; ask the sender to announce UNOC or to keep to that character set",
        "ISO 9735:1988 5, character sets"),

    # -- element
    "element.extra": ("extra", "error", "3", "16", "{segment} has more than {most} elements", _INSIDE, "X12.6 3.7, data segment; ISO 9735:1988 6.3", HOLDS),
    "element.required": ("required", "error", "1", "13", "{name} is mandatory and empty", _FILL, _ABSENCE),
    "element.trailing": ("trailing", "warning", "", "45", "{name} ends with empty components", _LEAVE_OUT, _ABSENCE),
    "element.repetition": ("repetition", "error", "12", "16", "{name} is repeated {times} times, {most} allowed", "a repetition separator that was sent as data would explain it",
        "X12.6 3.7, repetition designator; ISO 9735-1:1998 8, inclusion and exclusion", HOLDS),
    "element.component.simple": ("component", "error", "6", "", "{name} holds the component separator", "it is not a composite; the separator may not be sent as data",
        "X12.6 3.4, delimiters"),
    "element.component.single": ("component", "error", "", "16", "{name} holds the component separator", "it is not a composite; the separator may not be sent as data",
        "ISO 9735:1988 5, character sets", HOLDS),
    "element.component.extra": ("component", "error", "13", "16", "{name} has more than {most} components", _INSIDE, "X12.6 3.6, composite data structure; ISO 9735:1988 6.4", HOLDS),
    "element.component.before-00402": ("component", "error", "3", "", "{name} has more than {most} components", _INSIDE, "X12.6 3.6, composite data structure; 723 has no code for it before 004020", HOLDS),
    "element.padding": ("padding", "warning", "", "", "{name} is padded with blanks", "they were removed", "X12.6 3.5, string; ISO 9735-1:1998 9, suppression of characters"),
    "element.padding.blank": ("padding", "warning", "", "", "{name} holds only blanks", "leave it empty", _ABSENCE),
    "element.padding.mark": ("padding", "warning", "", "", "{name} ends with a decimal point", "leave the point out", "X12.6 3.5, decimal number"),
    "element.character": ("character", "error", "6", "21", "{name} holds a control character", "the sender must remove it", "X12.6 3.3, character set; ISO 9735:1988 5"),
    "element.national": ("national", "warning", "6", "", "{name} holds characters outside of ASCII", "X12 allows them only where both sides have agreed on it", "X12.6 3.3, extended character set"),
    "element.type": ("type", "error", "6", "37", "{name} is not a number", "write digits and a decimal mark, minus in front", f"{_TYPE}; ISO 9735:1988 10"),
    "element.decimal": ("decimal", "error", "6", "", "{name} has a decimal point", "write a whole number: the point of N2 is implied (12.34 as 1234)", "X12.6 3.5, numeric"),
    "element.decimal-mark.first": ("decimal-mark", "warning", "", "38", "{name} begins with a decimal mark", "write a zero before it", _MARK),
    "element.decimal-mark.last": ("decimal-mark", "warning", "", "19", "{name} ends with a decimal mark", "leave the mark out", _MARK),
    "element.decimal-mark.other": ("decimal-mark", "warning", "", "19", '{segment} writes "{value}" where {mark} is the decimal mark', _COMPARE, _MARK),
    "element.time": ("time", "error", "9", "", "{name} is not a time", "write it as HHMM, HHMMSS or HHMMSSDD", "X12.6 3.5, time"),
    "element.date": ("date", "error", "8", "12", "{name} is not a date", "write it as {form}", "X12.6 3.5, date; data element 2379"),
    "element.date.calendar": ("date", "error", "8", "12", "{name} is not a day of the calendar", _CORRECT, "X12.6 3.5, date; data element 2379"),
    "element.date-width": ("date-width", "error", "8", "12", "{name} has {length} digits", "write it as {form}", "X12.6 3.5, date; data element 2379"),
    "element.length.long": ("length", "error", "5", "39", "{name} is {length} long, at most {most} allowed", "the sender must shorten it", _LENGTH),
    "element.length.short": ("length", "error", "4", "40", "{name} is {length} long, at least {least} required", "the sender must fill it up", _LENGTH),
    "element.length.long.code": ("length", "error", "5", "39", "{name} is {length} long, at most {most} allowed", "the sender must shorten it; a separator that was sent as data would explain it", _LENGTH, HOLDS),
    "element.length.short.code": ("length", "error", "4", "40", "{name} is {length} long, at least {least} required", "the sender must fill it up; a separator that was sent as data would explain it", _LENGTH, HOLDS),
    "element.code": ("code", "error", "7", "12", '{name} has no code "{value}"', "use one of {codes}", _LIST),
    "element.unlisted": ("unlisted", "warning", "7", "", '{name} uses code "{value}", which is not among the known ones', _AGREE, _LIST),
    "element.unlisted.directory": ("unlisted", "note", "", "12", '{name} uses code "{value}", which is not among the known ones', _AGREE, _LIST),
    "element.unlisted.form": ("unlisted", "warning", "7", "", '{name} has "{value}", not a code in capital letters and digits', "agree on its meaning with the partner",
        "X12.6 3.5, identifier"),
    "element.relational.missing": ("relational", "error", "2", "", "{message}", "the sender must add what is missing", _NOTES, HOLDS),
    "element.relational.exclusive": ("relational", "error", "10", "", "{message}", "send only one of them", _NOTES),

    # -- element: what a set says about itself
    "element.total": ("total", "warning", "", "", "{place} says {said}, {counted}", _COMPARE, _ARITHMETIC, HOLDS),
    "element.hierarchy.twice": ("hierarchy", "error", "7", "26", "{place} {value} is used twice", _COMPARE, "X12.6 HL, hierarchical level; CPS of D.96A", HOLDS),
    "element.hierarchy.parent": ("hierarchy", "error", "7", "12", "{place} names {value}, which is not a level before it", _COMPARE, "X12.6 HL, hierarchical level; CPS of D.96A", HOLDS),
    "element.hierarchy.orphan": ("hierarchy", "error", "2", "13", "{place} is empty, and level {level} is not the first: it hangs below nothing",
        "ask the sender what it belongs to", "X12.6 HL, hierarchical level; CPS of D.96A", HOLDS),
    "element.hierarchy.order": ("hierarchy", "error", "7", "", "level {value} ({place}) stands below level {above}, which belongs below it: the order is {order}", _COMPARE,
        "X12.6 HL, hierarchical level", HOLDS),
    "element.hierarchy.structure": ("hierarchy", "warning", "7", "", "level {value} ({place}) stands below level {above}, and BSN05 says {structure}: {order}",
        "the levels are read as they stand; the sender must name their structure in BSN05", "X12 856, hierarchical structure of BSN05"),
    "element.check-digit": ("check-digit", "warning", "", "12", "{number} is not a valid {kind}: its length or its check digit is wrong", _COMPARE, _GS1),
    "element.duplicate-sscc": ("duplicate-sscc", "warning", "", "26", "SSCC {number} is on two packages", _COMPARE, "GS1 General Specifications, SSCC: one number for one logistic unit"),

    # -- document: rows of flat files
    "document.apart": ("apart", "error", "", "", "rows of {document} stand further above already, with others between", "ask for a file whose rows are sorted", _FLAT),
    "document.group": ("group", "error", "", "", "line {line} has no {names}, so it belongs to no document", "ask for it", _FLAT),
    "document.group.before": ("group", "error", "", "", '{count} records stand before the first "{record}", and belong to no document', "ask for a whole file", _FLAT),
    "document.differs": ("differs", "error", "", "", '{column} is "{value}" in line {line} and "{first}" in line {other} of the same document',
        "ask which one is right, or name it as a column of the lines in the map", _FLAT),
    "document.totals": ("totals", "error", "", "", "the totals in line {line} say {value} of {column}, and the rows come to {total}", "a row may be missing; ask for a whole file", _ARITHMETIC),
    "document.header": ("header", "error", "", "", "none of the first rows names the columns; there should be {names} and so on",
        "ask for the file with its header row, or give the map the names that stand there", _FLAT),
    "document.header.again": ("header", "note", "", "", "the header row stands here once more, and is skipped", "", _FLAT),
    "document.column.twice": ("column", "error", "", "", 'two columns are called "{column}", and one is meant', "ask for a file whose columns have names of their own", _FLAT),
    "document.column.two": ("column", "error", "", "", '{column} is "{first}" in line {line}, and column {number}, another name of it, says "{value}"',
        "give the flow's map a row that names the column that counts", _FLAT),
    "document.decimal": ("decimal", "error", "", "", '{column}: "{value}" in line {line} could be {whole} or {value}, as the file separates its values',
        "give the flow's map a [file] that says delimiter and decimal", _FLAT),
    "document.column.key": ("column", "error", "", "", 'there is no column "{column}", which distinguishes the documents', "correct its name in the map, or ask for it", _FLAT),
    "document.column.missing": ("column", "note", "", "", "there is no column {names}, which the map could read", "", _FLAT),
    "document.unmapped.column": ("unmapped", "note", "", "", 'column {number} "{column}" is read by no row of the map', "", _FLAT),
    "document.unmapped.record": ("unmapped", "note", "", "", 'the record "{record}"{times} is read by no row of the map', "", _FLAT),
    "document.unmapped.rest": ("unmapped", "note", "", "", "what stands behind character {end} is read by no row", "", _FLAT),
    "document.quote.inside": ("quote", "error", "", "", "line {line} has a quote inside a quoted value", "ask for a file whose quotes are written twice inside a value", "RFC 4180 2.7"),
    "document.quote.open": ("quote", "error", "", "", "line {line} opens a quote that is not closed; lines {line} to {last} are one value and cannot be read",
        "ask for a file whose quotes are written twice inside a value", "RFC 4180 2.7"),
    "document.width.more": ("width", "error", "", "", "line {line} has {count} values, and the header names {most}", "a delimiter inside a value must be quoted; ask for a correct file", "RFC 4180 2.4"),
    "document.width.less": ("width", "warning", "", "", "line {line} has {count} values, and the header names {most}; the others are taken as empty", "", "RFC 4180 2.4"),
    "document.width.place.more": ("width", "error", "", "", 'column {column} in line {line} says "{value}", and the map has {most} columns',
        'a delimiter inside a value must be quoted; ask for a correct file, or describe the column under [columns] of the map, as in "{column}" = "text"', "RFC 4180 2.4"),
    "document.width.place.less": ("width", "error", "", "", "line {line} has {count} values, and the map reads column {column}",
        'ask for a file with all columns; where only empty ones at the end are left out: short = "take" under [file] of the map', "RFC 4180 2.4"),
    "document.wrapped": ("wrapped", "note", "", "", '{column}: "{value}" in line {line} is wrapped for a spreadsheet and read without', "", _SHEET),
    "document.spreadsheet.short": ("spreadsheet", "error", "", "", '{column}: "{value}" in line {line} is a long number that a spreadsheet shows short; its last digits are lost',
        "ask for the file as their system wrote it, or for the column formatted as text", _SHEET),
    "document.spreadsheet.formula": ("spreadsheet", "error", "", "", '{column}: "{value}" in line {line} is a spreadsheet\'s sign for a formula without an answer', "ask for a correct file", _SHEET),
    "document.spreadsheet.day": ("spreadsheet", "warning", "", "", '{column}: "{value}" in line {line} looks like a day that a spreadsheet made of a number as 3-4',
        "ask whether it is meant so; formatted as text it stays what it was", _SHEET),
    "document.day.turned": ("day", "error", "", "", '{column}: "{value}" in line {line} could be another day: line {other} says "{proof}", which is one only with day and month the other way round',
        "give the flow's map a [file] whose dates say the order that they use", _FLAT),
    "document.spreadsheet.zeros": ("spreadsheet", "error", "", "", '{column}: "{value}" in line {line} has {length} digits of {digits}; a spreadsheet drops leading zeros',
        "ask for the column formatted as text", _SHEET),
}  # fmt: skip

MISNAMING = frozenset(("control", "number", "identifier", "duplicate"))
"""Rules of a set's header and trailer after whose breach its number need not be the one that its sender knows it by: all sets
around it are then acknowledged by name, for nobody could tell which one is left out."""

RULES: dict[str, Rule] = {
    key: Rule(row[0], cast("Level", key.split(".", 1)[0]), *row[1:]) for key, row in _ROWS.items()
}
"""All rules by key."""
