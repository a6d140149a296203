"""`d365edi check`: everything that can be checked before the daemon starts; or one EDI file, as a dry run.

Knows: how the result is shown. Does not know: how a file is read (that is `inspect_file`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from d365edi.cli import FINE, PERSON, client
from d365edi.cli.console import DEFAULT_SETTINGS, AsJson, SettingsFile, as_json, clean, plain, say
from d365edi.errors import D365EdiError

if TYPE_CHECKING:
    from d365edi.cli.inspect_file import FileInspection, InspectedPart
    from d365edi.settings import Settings


def check(
    file: Annotated[Path | None, typer.Argument(help="An EDI file; left out: the settings.")] = None,
    *,
    running: Annotated[
        bool, typer.Option("--running", help="Let the running daemon check the settings, with the secrets it can read.")
    ] = False,
    live: Annotated[
        bool,
        typer.Option("--live", help="Ask D365 and Sterling, too, whether they have what is named and called."),
    ] = False,
    partner: Annotated[str, typer.Option("--partner", help="The partner in whose pickup the file lies.")] = "",
    settings: SettingsFile = DEFAULT_SETTINGS,
    json: AsJson = False,
) -> None:
    """Without a file: check settings, maps, schedules, secrets, keys and certificates, without connecting to anything. Exit
    code 1 when a certificate or a secret has ended.

    With `--running` the daemon does it, as `systemctl reload` does first: only the service can read its credentials.

    With `--live` D365 is asked, and nothing written there: its description must have each set, field and enum member that
    the tables of the flows name, and its formats the dimensions of each flow. The names of its sets are kept beside the
    journal (`tenant-sets.json`). A Sterling is asked for its own description of its calls, where it serves one. Exit code 1
    when something is missing.

    With a file: its format, its errors, the acknowledgment it would get, the documents in it. Settings are optional;
    where there are some, the partner's own guide and maps are used. Exit code 1 when any part of it would be rejected
    or held."""
    if file is None:
        sentences, ended = (_by_daemon(settings), []) if running else _here(settings, live=live)
        missing = _live(settings, sentences) if live else []
        say(sentences) if not json else as_json(sentences)
        raise typer.Exit(PERSON if ended or missing else FINE)
    inspection = _inspected(file, partner, settings)
    if json:
        as_json({**asdict(inspection), "good": inspection.good})
    else:
        say(_read(file, inspection))
        for answer in inspection.answers:
            say(["\nThe acknowledgment it would get (its control numbers are examples):"])
            if answer.startswith(("ISA", "UNA", "UNB")):
                print(clean(_segments(answer)))  # no segment is broken: the blanks of an ISA count
            else:
                say([answer])
        say(_verdict(inspection))
    raise typer.Exit(FINE if inspection.good else PERSON)


def _here(path: Path, *, live: bool) -> tuple[list[str], list[str]]:
    """What was checked, and which certificates and secrets have ended. (No reload is refused for one: it brings a new one.)"""
    from d365edi import schedule
    from d365edi.cli import named_sets
    from d365edi.verify import ended, verify

    loaded = client.load(path)
    if not live:
        named_sets.refuse_unknown(loaded)
    return [f"{path} is correct.", *verify(loaded, schedule.trigger), *([] if live else _remembered(loaded))], ended(
        loaded
    )


def _remembered(settings: Settings) -> list[str]:
    """What is known of the tenant's sets from the last `--live`."""
    from d365edi import live_check, partners, tenant_sets

    known = tenant_sets.load(settings.daemon.journal)
    if known is None:
        return []
    names = [each.set for each in live_check.of_settings(partners.compiled(settings)) if not each.optional]
    return list(tenant_sets.sentences(known, settings.d365.host, names, datetime.now(UTC)))


def _live(path: Path, sentences: list[str]) -> tuple[str, ...]:
    """Ask D365 and each Sterling, and add what they have and lack to the sentences; what is missing."""
    import anyio

    from d365edi import live_check

    loaded = client.load(path)
    reports = [anyio.run(ask, loaded) for ask in (live_check.check, live_check.check_mailboxes)]
    sentences += (each for report in reports for each in report.proved)
    sentences += (f"missing: {each}" for report in reports for each in report.problems)
    sentences += (f"missing, and nothing fails for it: {each}" for report in reports for each in report.notes)
    return tuple(each for report in reports for each in report.problems)


def _by_daemon(path: Path) -> list[str]:
    loaded = client.load(path)  # wrong settings are reported without it
    answered, sentences = client.ask(loaded.daemon.socket, "check", {})
    if not answered:
        raise D365EdiError("no daemon runs on this journal", remedy="leave --running out")
    return [f"{path} is correct.", *sentences]


def _inspected(file: Path, partner: str, path: Path) -> FileInspection:
    from d365edi.cli.dry_run import contents, partners
    from d365edi.cli.inspect_file import inspect_file

    return inspect_file(contents(file), datetime.now().astimezone(), partners(path), partner)


def _read(file: Path, inspection: FileInspection) -> Iterator[str]:
    yield f"{file}: {inspection.what}, {inspection.size} bytes"
    for remark in inspection.remarks:
        yield f"  {remark.severity}: {remark.sentence}"
    for part in inspection.parts:
        yield from _part(part)


def _verdict(inspection: FileInspection) -> Iterator[str]:
    if not inspection.good:
        yield "\nNot everything would be accepted."
    elif any(part.document is not None and not part.closes for part in inspection.parts):
        yield "\nEverything would be accepted. What it names, and whether it was received before, is looked up when it arrives."
    else:
        yield "\nEverything would be accepted."


def _part(part: InspectedPart) -> Iterator[str]:
    from d365edi.cli.inspect_file import VERDICTS

    indent = "  " * part.depth
    kind = "" if part.kind == "set" else f"{part.kind} "
    yield f"{indent}{kind}{part.title}: {VERDICTS[part.verdict]}"
    for remark in part.remarks:
        again = f" (and {remark.times - 1} more like it)" if remark.times > 1 else ""
        yield f"{indent}  {remark.severity}: {remark.place}: {remark.sentence}{again}"
    for why in part.holds:
        yield f"{indent}  would be held: {why}"
    if part.closes:
        yield f"{indent}  would be closed, and nothing created: {part.closes}"
    if part.document is not None:
        yield from _document(part.document, indent + "    ")


def _document(document: Mapping[str, Any], indent: str) -> Iterator[str]:
    """A document as text: one line per field, and one for each item of a list (an order's lines)."""
    for name, value in document.items():
        if isinstance(value, list):
            yield from (f"{indent}{name} {number}: {_inline(item)}" for number, item in enumerate(value, 1))
        elif name != "kept":  # the partner's own spellings, shown in JSON only
            yield f"{indent}{name}: {_inline(value)}"


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_inline(inner)}" for name, inner in value.items() if name != "kept")
    if isinstance(value, list):
        return f"({'; '.join(_inline(item) for item in value)})"
    return plain(value)


def _segments(answer: str) -> str:
    """One line per segment, for any terminator."""
    edifact = answer.startswith("UN")
    end = (answer[8:9] if answer.startswith("UNA") else "'") if edifact else answer[105:106]
    return answer if end in "\r\n" else answer.replace("\n", "").replace("\r", "").replace(end, f"{end}\n").rstrip("\n")
