"""Commands in sentences are run with the settings of the command that printed them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from d365edi.cli import VERBS, recommended


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    recommended.remember(())


@pytest.mark.parametrize(
    ("sentence", "complete"),
    [
        ("then: d365edi release 4500129", "then: d365edi release --settings s.toml 4500129"),
        ("(d365edi run).", "(d365edi run --settings s.toml)."),
        ("d365edi secrets set d365, or x", "d365edi secrets set --settings s.toml d365, or x"),
        ("make it: d365edi init --settings s.toml", "make it: d365edi init --settings s.toml"),
        ("or d365edi check --settings s.toml", "or d365edi check --settings s.toml"),
        ("the wrong d365edi runs; systemctl restart d365edi", "the wrong d365edi runs; systemctl restart d365edi"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("given", [("status", "--settings", "s.toml"), ("status", "--settings=s.toml")])
def test_a_command_gets_the_settings_that_were_typed(given: tuple[str, ...], sentence: str, complete: str) -> None:
    recommended.remember(given)
    assert recommended.complete(sentence) == complete


def test_without_any_typed_commands_stay_as_they_are_and_a_path_is_quoted() -> None:
    assert recommended.complete("d365edi status") == "d365edi status"
    recommended.remember(("status", "--settings", "my settings.toml"))
    assert recommended.complete("d365edi status") == "d365edi status --settings 'my settings.toml'"


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - {"demo", "init", "sandbox"}))
def test_every_command_that_takes_settings_is_known(verb: str) -> None:
    recommended.remember(("--settings", "s.toml"))
    part = {"alert": " test", "secrets": " set", "partner": " probe"}.get(verb, "")
    assert recommended.complete(f"d365edi {verb}{part}") == f"d365edi {verb}{part} --settings s.toml"
