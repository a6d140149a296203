"""The command line: help, usage, exit codes, and failures reported as sentences."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from d365edi import cli, errors
from d365edi.cli import VERBS, client, main
from tests.cli.conftest import Call


def test_help_names_every_verb_and_says_what_it_does(call: Call) -> None:
    said = call("--help")
    listed = re.findall(r"^  ([a-z]+) {2,}\S", said.out.partition("Commands:")[2], re.MULTILINE)
    assert (said.code, listed, said.err) == (0, list(VERBS), "")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_of_its_own(call: Call, verb: str) -> None:
    said = call(verb, "--help")
    assert said.code == 0
    assert said.out.startswith(f"Usage: d365edi {verb} ")
    assert "\n\nOptions:\n" in said.out


def test_help_does_not_load_what_only_a_verb_needs() -> None:
    heavy = (
        "asyncssh",
        "azure",
        "httpx",
        "uvicorn",
        "starlette",
        "apscheduler",
        "aiosqlite",
        "pydantic",
        "rich",
        "loguru",
    )
    program = (
        f"import sys; from d365edi.cli import main; main(['--help']); print([m for m in {heavy} if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "[]"


Failing = Callable[[BaseException], None]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """Makes a verb fail as nothing real can be made to: with any error, a defect, or at Ctrl-C."""

    def raising(error: BaseException) -> None:
        def load(*_: object) -> None:
            raise error

        monkeypatch.setattr(client, "load_daemon", load)

    return raising


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nope"], "No such command 'nope'"),
        (["status", "--nope"], "No such option: --nope"),
        (["reject", "4500124"], 'write: d365edi reject 4500124 --why "entered by hand"'),
        (
            ["reject", "a b", "--partner", "acme", "--all"],
            "write: d365edi reject 'a b' --partner acme --all --why \"entered by hand\"",
        ),
        (["reject", "--id", "message-7"], 'write: d365edi reject --id message-7 --why "entered by hand"'),
        (["why"], "Missing argument 'what'"),
        (["audit", "--limit", "0"], "greater than or equal to 1"),
    ],
)
def test_wrong_usage_is_said_with_exit_code_2(call: Call, words: list[str], said: str) -> None:
    answer = call(*words)
    assert (answer.code, said in answer.err) == (2, True)


def test_without_a_verb_help_is_shown(call: Call) -> None:
    assert call().code == 2
    assert "Usage: d365edi" in "".join((call().out, call().err))


def test_the_version_is_that_of_the_package(call: Call) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", call("--version").out)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.SettingsError("wrong"), 2),
        (errors.SecretError("missing"), 2),
        (errors.JournalError("locked by process 7"), 2),
        (errors.D365EdiError("nothing is named so"), 2),
        (errors.DocumentError("too long"), 1),
        (errors.Refused("no rights"), 1),
        (errors.Disputed("somebody made it"), 1),
        (errors.Unavailable("no route"), 3),
        (ExceptionGroup("a task group's", [errors.Unavailable("no route")]), 3),
    ],
)
def test_a_failure_is_a_sentence_and_an_exit_code(
    call: Call, folder: Path, failing: Failing, error: Exception, code: int
) -> None:
    failing(error)
    said = call("status")
    inner = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
    assert (said.code, said.out, said.err) == (code, "", f"d365edi: {inner}\n")


@pytest.mark.parametrize("debug", [False, True])
def test_a_defect_is_called_one_and_its_trace_is_shown_on_demand(
    call: Call, folder: Path, failing: Failing, debug: bool
) -> None:
    failing(ZeroDivisionError("division by zero"))
    said = call(*(["--debug"] if debug else []), "status")
    assert said.code == 1
    assert "ZeroDivisionError: division by zero; this is a defect of d365edi" in said.err
    assert ("Traceback" in said.err) is debug


def test_ctrl_c_is_no_defect(call: Call, folder: Path, failing: Failing) -> None:
    failing(KeyboardInterrupt())
    said = call("status")
    assert (said.code, said.err) == (130, "")


def test_a_reader_that_went_away_gets_no_trace(folder: Path) -> None:
    command = f"{sys.executable} -m d365edi --help | true"
    said = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert (said.stdout, said.stderr) == ("", "")


def test_settings_that_are_not_there_are_said(call: Call, tmp_path: Path) -> None:
    said = call("status", "--settings", str(tmp_path / "missing.toml"))
    assert (said.code, said.err.startswith(f"d365edi: {tmp_path}/missing.toml: there is no such file")) == (2, True)


def test_every_mistake_in_the_settings_is_reported_at_once(call: Call, folder: Path) -> None:
    file = folder / "settings.toml"
    file.write_text(file.read_text().replace("tenant", "tenannt").replace("timezone", "timezzone"))
    said = call("status")
    assert said.code == 2
    assert {"tenannt", "timezzone"} <= set(re.findall(r"\w+zone|tenan\w+", said.err))


def test_the_module_is_the_command_line(folder: Path) -> None:
    said = subprocess.run([sys.executable, "-m", "d365edi", "nope"], capture_output=True, text=True, check=False)
    assert (said.returncode, "No such command" in said.stderr) == (2, True)


def test_exit_codes_are_the_four_that_are_documented() -> None:
    assert (cli.FINE, cli.PERSON, cli.USAGE, cli.UNREACHABLE) == (0, 1, 2, 3)
    assert main(["--version"]) == 0
