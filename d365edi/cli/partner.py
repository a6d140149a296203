"""`d365edi partner probe`: what a server of mailboxes does where no document says it.

It needs neither the daemon nor the journal.

Knows: arguments and output. Does not know: what is measured (that is in the endpoint).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from d365edi.cli import FINE, PERSON, client
from d365edi.cli.console import DEFAULT_SETTINGS, AsJson, SettingsFile, as_json, say, table
from d365edi.errors import SettingsError

if TYPE_CHECKING:
    from d365edi.endpoints.sterling.measure import Measurement
    from d365edi.settings import Settings
    from d365edi.settings.sterling import Sterling

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Partners' servers: measure what no document says of one.",
)


@app.callback()
def partner() -> None:
    """Partners' servers: measure what no document says of one."""


@app.command("probe")
def probe(
    endpoint: Annotated[str, typer.Argument(help="An endpoint with mailboxes (kind = sterling).")],
    *,
    at: Annotated[str, typer.Option("--at", help="A mailbox where a message may be put and deleted: /d365edi/probe.")],
    force: Annotated[bool, typer.Option("--force", help="Also in a mailbox that a partner's settings name.")] = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
    json: AsJson = False,
) -> None:
    """Put a message into a mailbox of one's own, and measure by it what differs between servers of Sterling. It is deleted again.

    Prints the lines of `dialect` that differ from the settings. Use a mailbox without routing rules, which nobody fetches from;
    one that the settings use is refused, unless with --force.
    Exit code 0 when no line differs and nothing is left there, else 1; 3 when the server cannot be asked."""
    loaded = client.load(settings)
    section = _section(loaded, endpoint)
    if not at.startswith("/"):
        raise SettingsError(f"{at} is no path from the root", remedy=f"write --at /{at}")
    if not force and (uses := used_by(loaded, section, at)):
        sentence = f"{at} is in use, by {' and '.join(uses)}: a partner, or the daemon, could fetch the message"
        raise SettingsError(sentence, remedy="name a mailbox that nothing else uses, or add --force")
    report = _measured(loaded, endpoint, section, at)
    lines = _lines(endpoint, section, report)
    if json:
        found = [asdict(each) for each in report.found]
        as_json({"found": found, "dialect": lines, "left": report.left, "error": str(report.error or "")})
    else:
        columns = {"what": None, "found": None}
        table(endpoint, [asdict(each) for each in report.found], columns, nothing="nothing was measured")
        say([f"left behind: {what}" for what in report.left])
        say(["Write into the settings:", *lines] if lines else [])
    if report.error is not None:
        raise report.error
    unknown = any(each.setting and not each.value for each in report.found)
    raise typer.Exit(PERSON if lines or report.left or unknown else FINE)


def used_by(settings: Settings, section: Sterling, path: str) -> list[str]:
    """The tables of the settings that name a mailbox of this server, whatever the endpoint is called there."""
    names = {name for name, each in settings.endpoints.items() if getattr(each, "server", "") == section.server}
    used: list[tuple[str, str, str]] = []
    for partner, body in settings.partners.items():
        to = {"acks.to": body.acks.to} | {f"send.{flow}.to": send.to for flow, send in body.send.items()}
        used += [(f"partners.{partner}.{key}", each.endpoint, each.path) for key, each in to.items() if each]
        used += [
            (f"partners.{partner}.pickup.{name}", each.from_.endpoint, each.from_.folder)
            for name, each in body.pickup.items()
        ]
    used += [
        (f"endpoints.{name}.after", name, getattr(settings.endpoints[name].after, "move_to", "")) for name in names
    ]
    wanted = path.rstrip("/").casefold()
    return [f"[{key}]" for key, endpoint, each in used if endpoint in names and each.casefold() == wanted]


def _section(settings: Settings, name: str) -> Sterling:
    from d365edi.settings.sterling import Sterling

    section = settings.endpoints.get(name)
    if section is None:
        raise SettingsError(f"there is no endpoint {name}", remedy="see [endpoints] in the settings")
    if not isinstance(section, Sterling):
        remedy = f"the others are tried by: d365edi ping {name}"
        raise SettingsError(f'endpoint {name} has no mailboxes (its kind is "{section.kind}")', remedy=remedy)
    return section


def _measured(settings: Settings, name: str, section: Sterling, path: str) -> Measurement:
    import anyio

    from d365edi.build import sterling_endpoint

    async def measured() -> Measurement:
        endpoint = sterling_endpoint(settings, name, section)
        try:
            return await endpoint.measure(path)
        finally:
            await endpoint.close()

    return anyio.run(measured)


def _lines(name: str, section: Sterling, report: Measurement) -> list[str]:
    """The table of the settings, with the keys that have to be others than they are."""
    differ = [each for each in report.found if each.value and getattr(section.dialect, each.setting) != each.value]
    lines = [f'{each.setting} = "{each.value}"' for each in differ]
    return [f"[endpoints.{name}.dialect]", *lines] if lines else []
