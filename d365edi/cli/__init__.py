"""The command line: one module per command, imported only when it is called; every failure is reported as a sentence.

    0 fine · 1 something needs a person · 2 wrong usage or settings · 3 an endpoint is unreachable · 141 nobody reads the output

Tracebacks go to the log and to `--debug`; the user reads what happened and what to do.

Knows: the commands and the exit codes. Does not know: what a command does.
"""

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from d365edi.cli import layout, recommended, streams
from d365edi.errors import AmbiguousError, D365EdiError, DocumentError, Refused, Unavailable, of_the_disk

FINE, PERSON, USAGE, UNREACHABLE = 0, 1, 2, 3
BROKEN_PIPE = 141
"""As the signal would end it: 128 + SIGPIPE."""


@dataclass(frozen=True, slots=True)
class Verb:
    """Where a command is implemented (`module`, and the name of its function or typer app), and what it does in one line."""

    module: str
    name: str
    does: str


VERBS: dict[str, Verb] = {
    "run": Verb("run", "run", "The daemon; --once runs every flow once and exits."),
    "demo": Verb("demo", "demo", "A trading day in a sandbox on this machine, processed by the real daemon."),
    "init": Verb("init", "init", "Ask for a few values and write a settings file to begin with."),
    "sandbox": Verb("sandbox", "app", "A D365 and a partner to rehearse with; runs until Ctrl-C."),
    "check": Verb("check", "check", "Settings and maps, or one EDI file: errors, and the acknowledgment it would get."),
    "explain": Verb("explain", "explain", "One file annotated with names of segments, elements and codes; or as HTML."),
    "ping": Verb("ping", "ping", "Test every endpoint with real credentials, without writing anything."),
    "partner": Verb("partner", "app", "A partner's server: measure what no document says of it."),
    "status": Verb("status", "status", "Flows, what waits, what needs a person, what is overdue."),
    "why": Verb("why", "why", "The history of a file, order, invoice or number; or why a file was not picked up."),
    "audit": Verb("audit", "app", "The audit trail as a table or JSON lines; `audit verify` checks its chain."),
    "replay": Verb("replay", "replay", "Process a message again from a stage: a preview, with --go for real."),
    "release": Verb("decide", "release", "Continue what is held or quarantined."),
    "reject": Verb("decide", "reject", "Close what is held or quarantined."),
    "backup": Verb("backup", "backup", "A verified copy of the journal, while the daemon runs or not."),
    "restore": Verb("restore", "restore", "A copy of the journal takes its place again."),
    "reconcile": Verb("reconcile", "reconcile", "After a restore: what is to be sent against what partners have."),
    "alert": Verb("alert", "app", "Alerts: test the channels; tell that the daemon does not run."),
    "secrets": Verb("secrets", "app", "The vault: set, list, rotate."),
}


@dataclass(slots=True)
class Options:
    """The options before the command."""

    debug: bool = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (`sys.argv` if none is given) and print its output. Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = Options(debug=bool(os.environ.get("D365EDI_DEBUG")))
    streams.adapt()
    recommended.remember(given)
    try:
        code = _called(given, options)
        sys.stdout.flush()
    except BrokenPipeError:
        streams.abandon()
        return BROKEN_PIPE
    except Exception as error:
        if _any_broken_pipe(error) and streams.deserted():
            streams.abandon()
            return BROKEN_PIPE
        return _fail(_innermost(error), options)
    return code


def _called(given: Sequence[str], options: Options) -> int:
    try:
        _assemble(given)(args=given, obj=options, prog_name="d365edi")
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):  # typer makes an exit code 1 of it
            raise leaving.__context__ from None
        return leaving.code if isinstance(leaving.code, int) else USAGE
    return FINE


def exit_code(error: D365EdiError) -> int:
    """The exit code of a failure: try again later (3), a person must decide (1), usage or settings are wrong (2)."""
    if isinstance(error, Unavailable):
        return UNREACHABLE
    return PERSON if isinstance(error, Refused | DocumentError | AmbiguousError) else USAGE


def _fail(error: BaseException, options: Options) -> int:
    if options.debug:
        traceback.print_exception(error)
    if isinstance(error, D365EdiError):
        _complain(str(error))
        return exit_code(error)
    if of_the_disk(error):
        _complain(f"{error}; make room on the disk, or repair it")
        return UNREACHABLE
    _complain(
        f"{type(error).__name__}: {error}; this is a defect of d365edi; "
        "run the same command with `d365edi --debug …` and report the traceback"
    )
    return PERSON


def _complain(sentence: str) -> None:
    print(
        "\n".join(layout.wrap(f"d365edi: {recommended.complete(sentence)}", streams.width(sys.stderr))), file=sys.stderr
    )


def _any_broken_pipe(error: BaseException) -> bool:
    """Whether one of the tasks of a command could not write: the others ended for it."""
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return isinstance(error, BrokenPipeError) or any(map(_any_broken_pipe, inner))


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _assemble(given: Sequence[str]) -> typer.Typer:
    """The command tree. Only the called command is imported; the others are listed for `--help`."""
    app = typer.Typer(
        add_completion=True, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None, help=_ABOUT
    )
    app.callback()(_options)
    called = next((word for word in given or _completed() if not word.startswith("-")), "")
    for name, verb in VERBS.items():
        _attach(app, name, verb, real=name == called)
    return app


def _completed() -> list[str]:
    """The words that a shell wants completed (typer's protocol for bash, and that for zsh and fish); else none."""
    if "_D365EDI_COMPLETE" not in os.environ:
        return []
    return (os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")).split()[1:]


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
    raise AssertionError("a command that was not called ran")


_ABOUT = "Connects Dynamics 365 Finance & Operations with EDI trading partners: orders in, invoices out."


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # half of what `--help` costs

        print(version("d365edi"))
        raise typer.Exit


def _options(
    context: typer.Context,
    debug: bool = typer.Option(False, "--debug", help="Show where an error came from."),
    _: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version and exit."),
) -> None:
    if debug:
        context.find_object(Options).debug = True  # type: ignore[union-attr]  # main always passes one
