"""The example file names every setting and nothing else, and is right as it stands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from d365edi.settings import Settings, load
from d365edi.settings.keys import inside, models, walk
from d365edi.settings.toml_locations import key_lines

EXAMPLE = Path(__file__).parents[2] / "settings.example.toml"


def named(text: str) -> set[tuple[str, ...]]:
    """Every key that the text names, in comments too, with * for the names a user chooses."""
    uncommented = re.sub(r"(?m)^# ?(?=[a-z_]+ *= )", "", text)
    return {pattern for path in key_lines(uncommented) if (pattern := in_model(path)) is not None}


def in_model(path: tuple[str, ...]) -> tuple[str, ...] | None:
    """The path as the model knows it, None for a list's item and inside tables that other rooms read."""
    annotation: object = Settings
    pattern: tuple[str, ...] = ()
    for part in path:
        known = models(annotation)
        held = inside(annotation, part)
        if held is None:
            return None if not known else (*pattern, part)
        pattern = (*pattern, part if known else "*")
        annotation = held
    return pattern


def test_every_setting_is_named_in_the_example() -> None:
    assert set(walk(Settings)) - named(EXAMPLE.read_text()) == set()


def test_every_key_of_the_example_is_a_setting() -> None:
    assert {key for key in named(EXAMPLE.read_text()) if key[-1] != "*"} - set(walk(Settings)) == set()


def test_a_setting_that_the_example_forgets_would_be_noticed() -> None:
    without = EXAMPLE.read_text().replace("unclear_for", "unclear_four")
    assert set(walk(Settings)) - named(without) == {("d365", "unclear_for"), ("endpoints", "*", "unclear_for")}
    assert named(without) - named(EXAMPLE.read_text()) == {
        ("d365", "unclear_four"),
        ("endpoints", "*", "unclear_four"),
    }


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The example where its folders and files exist."""
    text = EXAMPLE.read_text().replace("/etc/d365edi", str(tmp_path)).replace("/var/lib/d365edi", str(tmp_path))
    (tmp_path / "hotfolder").mkdir()
    for file in ("tls.crt", "ca.pem", "client.pem", "b2bi-ca.pem"):
        (tmp_path / file).touch()
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return path


def test_the_example_is_right(copied: Path) -> None:
    settings = load(copied, {})
    assert sorted(settings.partners) == ["acme", "globex", "initech"]
    assert [reference.name for reference in settings.references()] == [
        "tls-key",
        "alerts-mail",
        "alerts-url",
        "alerts-webhook",
        "d365",
        "events",
        "acme-ssh-key",
        "globex-password",
        "sbi",
    ]


def test_what_the_example_calls_a_default_is_the_default(copied: Path) -> None:
    """Each line with `default` in its comment is taken away; the settings stay the same."""
    lines = copied.read_text().split("\n")
    kept = [line for line in lines if not re.search(r"# default;|# default$|# default: (https|the id|beside)", line)]
    assert len(lines) - len(kept) > 20
    whole = load(copied, {})
    copied.write_text("\n".join(kept))
    without = load(copied, {})
    assert without.model_dump(exclude={"d365": {"audience"}, "partners": {"acme": {"x12": True}}}) == whole.model_dump(
        exclude={"d365": {"audience"}, "partners": {"acme": {"x12": True}}}
    )
    assert without.d365.resource == whole.d365.resource
    ours, theirs = without.partners["acme"].x12, whole.partners["acme"].x12
    assert ours is not None
    assert theirs is not None
    assert (ours.syntax, ours.group_sender) == (theirs.syntax, theirs.group_sender)


def test_the_commented_alternatives_are_right(copied: Path) -> None:
    text = copied.read_text()
    for certificate in re.findall(r"(?m)^# (certificate = .*)", text):
        copied.write_text(re.sub(r"(?m)^client_secret.*", certificate, text))
        assert load(copied, {}).d365.certificate is not None
    copied.write_text(text.replace("# expect_within", "expect_within"))
    assert load(copied, {}).partners["globex"].acks.expect_within is not None
    copied.write_text(re.sub(r'(?m)^every    = "15m"\n# cron', "cron", text))
    assert load(copied, {}).partners["acme"].send["810"].cron == "0 18 * * mon-fri"


def test_the_example_is_toml_as_it_stands() -> None:
    assert set(tomllib.loads(EXAMPLE.read_text())) == set(Settings.model_fields)
