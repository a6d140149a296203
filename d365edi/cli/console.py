"""What all commands share: options, tables, JSON, and untrusted text made safe to print.

Knows: typer, the terminal. Does not know: any command.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any

import typer

from d365edi.cli import layout, recommended, streams

DEFAULT_SETTINGS = Path("/etc/d365edi/settings.toml")

SettingsFile = Annotated[
    Path, typer.Option("--settings", envvar="D365EDI_SETTINGS", help="The settings file.", show_default=True)
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]

What = Annotated[str, typer.Argument(help="A file name, an order, invoice or control number, or a digest's beginning.")]
OfPartner = Annotated[str, typer.Option("--partner", help="Only what is this partner's.")]
Id = Annotated[str, typer.Option("--id", help="An id in place of a name: document-12, message-7, delivery-31.")]
Many = Annotated[bool, typer.Option("--all", help="Everything that the name stands for.")]

_MOMENTS = frozenset({"at", "until", "since", "ack_due", "modified"})
_DIGEST = re.compile(r"((?:(?<!\")sha256:|\bdigest\"?[ =:]+\"?)[0-9a-f]{12})[0-9a-f]{20,}\b")
"""What is said to be a digest: a name may have as many digits, and is shown as it is, as is one to be copied into settings."""

zone: ContextVar[tzinfo | None] = ContextVar("zone", default=None)
"""The time zone of input and output: the daemon's once its settings are read, the machine's until then."""

Row = Mapping[str, Any]
Columns = Mapping[str, Callable[[Any], str] | None]
"""Keys of a row in the order of the columns, each with its format function (None: `plain`). The heading of `a_b` is `a b`."""


def selection(what: str, partner: str, id: str, many: bool) -> dict[str, Any]:
    """What is named, as the daemon's socket takes it. A wrong usage where it is both a name and an id, or neither."""
    if not what and not id:
        raise typer.BadParameter("Missing argument 'what', or --id in its place")
    if what and id:
        raise typer.BadParameter(f"name one thing: {what}, or --id {id}")
    return {"what": what, "partner": partner, "id": id, "many": many}


def clean(value: object) -> str:
    """Text that is safe on a terminal: a partner's file name cannot move the cursor or forge a line."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "\N{REPLACEMENT CHARACTER}" for sign in str(value))


def brief(text: str) -> str:
    """Digests shortened, names not; JSON shows digests in full."""
    return _DIGEST.sub(r"\1…", text)


def _shown(value: object) -> str:
    """As it is printed: clean, brief, and with commands that can be run as they are."""
    return recommended.complete(brief(clean(value)))


def clock(epoch: float | str | None) -> str:
    """Epoch seconds, or ISO 8601 with an offset, as date and time in the daemon's zone with its offset; empty for None."""
    if epoch is None or epoch == "":
        return ""
    at = datetime.fromisoformat(epoch) if isinstance(epoch, str) else datetime.fromtimestamp(epoch, UTC)
    return at.astimezone(zone.get()).isoformat(" ", "seconds")


def moment(epoch: float | None) -> str | None:
    """Epoch seconds as ISO 8601 in the daemon's zone with its offset, for JSON; None for None."""
    return None if epoch is None else clock(epoch).replace(" ", "T")


def timed(value: Any, show: Callable[[float], str | None] = moment) -> Any:
    """The same tree with every moment (epoch seconds under `at`, `until`, `..._at` and the like) as `show` writes it; one
    that is 0 was never set."""
    if isinstance(value, Mapping):
        return {key: _timed(str(key), inner, show) for key, inner in value.items()}
    return [timed(each, show) for each in value] if isinstance(value, list | tuple) else value


def _timed(key: str, value: Any, show: Callable[[float], str | None]) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool) and (key in _MOMENTS or key.endswith("_at")):
        return show(value) if value else None
    return timed(value, show)


def plain(value: object) -> str:
    """Any value as a cell: empty for None and False, yes for True, lists joined."""
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items() if item not in (None, ""))
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)


def as_json(value: object) -> None:
    """Print one JSON document. Paths, dates and decimals become text."""
    print(json.dumps(value, indent=2, ensure_ascii=not streams.takes_unicode(), default=str))


def as_lines(rows: Iterable[Row]) -> None:
    """Print JSON lines: one row, one line."""
    for row in rows:
        print(json.dumps(row, ensure_ascii=not streams.takes_unicode(), default=str))


def table(title: str, rows: Sequence[Row], columns: Columns, *, nothing: str = "nothing") -> None:
    """Print rows as a table with a heading; or the text `nothing` when there are none. A column without any value is left out."""
    print(f"\n{_style(title, 'bold')}")
    if not rows:
        print(f"  {nothing}")
        return
    cells = [[_shown((show or plain)(row.get(key))) for key, show in columns.items()] for row in rows]
    filled = [at for at in range(len(columns)) if any(row[at] for row in cells)] or [0]
    headings = [key.replace("_", " ") for key in columns]
    kept = [[row[at] for at in filled] for row in (headings, *cells)]
    head, *lines = layout.table(kept[0], kept[1:], streams.width())
    print("\n".join([_style(head, "dim"), *lines]))


_SGR = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "cyan": 36}
"""Select Graphic Rendition (ECMA-48, 8.3.117)."""


def _style(text: str, style: str) -> str:
    if not style or not streams.styled():
        return text
    return f"\x1b[{';'.join(str(_SGR[word]) for word in style.split())}m{text}\x1b[0m"


def printer() -> Callable[[Sequence[layout.Span], int], None]:
    """A function that prints a line of styled pieces of text, on a terminal broken between words: what goes on in further lines
    begins so many blanks from the left. Styles appear on a terminal only."""
    width = streams.width()

    def show(pieces: Sequence[layout.Span], margin: int) -> None:
        spans = [(clean(text), style) for text, style in pieces]
        fits = width is None or layout.cells("".join(text for text, _ in spans).rstrip()) <= width
        for line in (
            [spans] if width is None or fits else layout.wrap_spans(spans, width, min(margin, max(4, width - 24)))
        ):
            print("".join(_style(text, style) for text, style in line).rstrip())

    return show


def say(sentences: Iterable[object]) -> None:
    """Print sentences, one a line; on a terminal broken between words."""
    width = streams.width()
    for sentence in sentences:
        print("\n".join(layout.wrap(_shown(sentence), width)))
