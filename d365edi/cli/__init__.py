"""The command line: one verb, one file, loaded only when it is called, and every failure told as a sentence.

    0 fine · 1 something needs a person · 2 wrong usage or settings · 3 an endpoint is out of reach

A stack trace is for the log and for `--debug`; a person gets what happened and what to do.

Knows: the verbs and the exit codes. Does not know: what a verb does.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from d365edi.errors import D365EdiError, DocumentError, Refused, Unavailable

FINE, PERSON, USAGE, UNREACHABLE = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Verb:
    """Where a verb lives (`module` and, there, the name of its function or typer app), and what it does in one line."""

    module: str
    name: str
    does: str


VERBS: dict[str, Verb] = {
    "run": Verb("run", "run", "The daemon; --once walks every flow a single time and exits."),
    "demo": Verb("demo", "demo", "A trading day in a sandbox on this machine, through the real daemon."),
    "check": Verb("check", "check", "Settings and maps, or one EDI file: what is wrong and what answer it would get."),
    "explain": Verb(
        "explain", "explain", "One file annotated: segments, elements and codes by their names; or as HTML."
    ),
    "ping": Verb("ping", "ping", "Knock on every door with real credentials, writing nothing."),
    "status": Verb("status", "status", "Flows, what waits, what needs a person, what is late."),
    "why": Verb("why", "why", "The whole life of a file, order, invoice or number; or why a file was not picked up."),
    "audit": Verb("audit", "app", "The trail as a table or JSON lines; `audit verify` proves its chain."),
    "replay": Verb("replay", "replay", "The same message again from a rung: a preview, or with --go the deed."),
    "release": Verb("decide", "release", "Let what is held or quarantined go on."),
    "reject": Verb("decide", "reject", "Close what is held or quarantined for good."),
    "secrets": Verb("secrets", "app", "The vault: set, list, rotate."),
}


@dataclass(slots=True)
class Options:
    """What the options before the verb said."""

    debug: bool = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (`sys.argv` when none is given). Returns the exit code; prints everything itself."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = Options(debug=bool(os.environ.get("D365EDI_DEBUG")))
    try:
        _assemble(given)(args=given, obj=options, prog_name="d365edi")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else USAGE
    except Exception as error:
        return _fail(_innermost(error), options)
    return FINE


def exit_code(error: D365EdiError) -> int:
    """What a failure means to a script: try again later (3), a person must look (1), what was written is wrong (2)."""
    if isinstance(error, Unavailable):
        return UNREACHABLE
    return PERSON if isinstance(error, Refused | DocumentError) else USAGE


def _fail(error: BaseException, options: Options) -> int:
    if options.debug:
        traceback.print_exception(error)
    if isinstance(error, D365EdiError):
        print(f"d365edi: {error}", file=sys.stderr)
        return exit_code(error)
    print(
        f"d365edi: {type(error).__name__}: {error}; this is a defect of d365edi, not of what you did; "
        "the same command as `d365edi --debug …` shows where, please report that",
        file=sys.stderr,
    )
    return PERSON


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _assemble(given: Sequence[str]) -> typer.Typer:
    """The whole command tree. Only the verb that was called is real; the others lend their name to `--help`."""
    app = typer.Typer(
        add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None, help=_ABOUT
    )
    app.callback()(_options)
    called = next((word for word in given if not word.startswith("-")), "")
    for name, verb in VERBS.items():
        _attach(app, name, verb, real=name == called)
    return app


def _attach(app: typer.Typer, name: str, verb: Verb, *, real: bool) -> None:
    if not real:
        app.command(name, short_help=verb.does)(_unreal)
        return
    part = getattr(importlib.import_module(f"d365edi.cli.{verb.module}"), verb.name)
    if isinstance(part, typer.Typer):
        app.add_typer(part, name=name, short_help=verb.does)
    else:
        app.command(name, short_help=verb.does)(part)


def _unreal() -> None:
    raise AssertionError("a verb that was not called ran")


_ABOUT = "Connects Dynamics 365 Finance & Operations with EDI trading partners: orders in, invoices out."


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # half of what `--help` costs

        print(version("d365edi"))
        raise typer.Exit


def _options(
    context: typer.Context,
    debug: bool = typer.Option(False, "--debug", help="Show where an error came from."),
    _: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="The version, and nothing else."),
) -> None:
    if debug:
        context.find_object(Options).debug = True  # type: ignore[union-attr]  # main always hands one in
