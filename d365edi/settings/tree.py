"""The root of the settings and how they are loaded: files, the environment over them, every check, one frozen tree.

Knows: the sections and the precedence of sources. Does not know: secrets' values (`d365edi.secrets` reveals them by name).
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, Field, PrivateAttr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from d365edi.errors import SecretError

from . import cross_checks, environment, files
from .alerts import Alerts
from .d365 import D365
from .daemon import Daemon, Log, Secrets
from .endpoint_kinds import Endpoint
from .errors import ErrorReporter
from .files import Key, Locations
from .kind_defaults import by_kind, filled
from .partners import Partner
from .revealed import RevealedSecrets
from .section import SecretRef
from .values import Name, Text, folder

_sources: ContextVar[tuple[Mapping[str, Any], ...]] = ContextVar("_sources", default=())


class _Source(PydanticBaseSettingsSource):
    """One tree that was read, as a source of pydantic-settings; earlier sources override later ones, key by key."""

    def __init__(self, settings_cls: type[BaseSettings], tree: Mapping[str, Any]) -> None:
        super().__init__(settings_cls)
        self.tree = tree

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - as in its base class
        """The value of one section in this source."""
        return self.tree.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return dict(self.tree)


class Named(NamedTuple):
    """A secret that the settings refer to: its name, the key that names it, and the location of that key."""

    name: str
    key: str
    where: str


class Settings(BaseSettings):
    """All settings, checked. Attributes are the keys (`from` is `from_`); nothing can be changed."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )

    include: tuple[Text, ...] = ()
    """Further files, as patterns: one file a partner."""
    daemon: Daemon
    """The process."""
    log: Log = Log()
    """Logging."""
    secrets: Secrets = Secrets()
    """Where secrets are stored."""
    alerts: Alerts | None = None
    """Who is told that something is the matter; left out: nobody."""
    d365: D365
    """The environment."""
    endpoints: Mapping[Name, Endpoint] = Field(default_factory=dict)
    """Where messages are fetched and uploaded."""
    partners: Mapping[Name, Partner] = Field(default_factory=dict)
    """The trading partners."""

    _locations: Locations = PrivateAttr(default_factory=Locations)
    _reveal: RevealedSecrets | None = PrivateAttr(default=None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The trees that `load` has read, the environment's over the files'; arguments override both."""
        del (
            env_settings,
            dotenv_settings,
            file_secret_settings,
        )  # they know neither `environ` nor the location of a key
        return (init_settings, *(_Source(settings_cls, tree) for tree in _sources.get()))

    def where(self, *key: object) -> str:
        """`file:line` of any key in any file: `where("partners", "acme", "receive", "850", "map", "fields", "ship_by")`.

        A key that no file sets gives the nearest table around it; one set by the environment gives its variable."""
        return self._locations.where(*key)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that were read."""
        return tuple(Path(name) for name, _ in self._locations.files)

    @property
    def digest(self) -> str:
        """What the files were when they were read (SHA-256, hexadecimal): other files, or other text in them, differ."""
        return self._locations.digest

    def secret(self, reference: SecretRef) -> str:
        """The secret that a key names. SecretError with its location when it is not stored, or `load` was given no keyring."""
        if self._reveal is None:
            raise SecretError(f'no keyring was given that reveals the secret "{reference.secret}"')
        try:
            return self._reveal(reference.secret)
        except SecretError as error:
            named = next((one for one in self.references() if one.name == reference.secret), None)
            if named:
                error.where, error.key = named.where, named.key
            raise

    def stored_anew(self, section: BaseModel) -> tuple[str, ...]:
        """The secrets that a section names and that are others now than when they were revealed first: their names.

        SecretError where one of them is not stored any more."""
        names = dict.fromkeys(reference.secret for _, reference in _references(section, ()))
        return tuple(name for name in names if self._reveal is not None and self._reveal.stored_anew(name))

    def references(self) -> tuple[Named, ...]:
        """Every secret that the settings name, in the order of the sections."""
        return tuple(
            Named(reference.secret, ".".join(key), self._locations.where(*key))
            for key, reference in _references(self, ())
        )


def _references(part: object, key: Key) -> Iterator[tuple[Key, SecretRef]]:
    if isinstance(part, SecretRef):
        yield key, part
    elif isinstance(part, BaseModel):
        for name, field in type(part).model_fields.items():
            yield from _references(getattr(part, name), (*key, field.alias or name))
    elif isinstance(part, Mapping):
        for name, inner in part.items():
            yield from _references(inner, (*key, str(name)))


Keyring = Callable[[Secrets, Mapping[str, str]], Callable[[str], str]]
"""From where secrets are kept and the environment to what reveals a secret by name: `d365edi.secrets.keyring(log.hide)`."""


def load(path: Path, environ: Mapping[str, str] = os.environ, *, keyring: Keyring | None = None) -> Settings:
    """Read, check and freeze the settings: the file at `path`, what it includes, and `D365EDI_...` of `environ` over both.

    Relative paths are taken from the main file's folder. `keyring` makes what reveals secrets; without it none can be. Raises
    one SettingsError with every error found: the first in the order of the files leads, the others are its `others`."""
    path = path.absolute()
    written, locations, errors = files.read(path)
    overrides, more = environment.read(environ, written, Settings.model_fields, locations)
    errors += more
    reporter = ErrorReporter(Settings, files.merged(written, overrides), locations)
    at_sources = _sources.set((overrides, filled(written, by_kind(reporter.written))))
    at_folder = folder.set(path.parent)
    try:
        settings = Settings()
    except ValidationError as error:
        found = [reporter.translate(one) for one in error.errors(include_url=False, include_input=False)]
        errors += [error for error in found if error is not None]
    finally:
        _sources.reset(at_sources)
        folder.reset(at_folder)
    errors += cross_checks.check(reporter)
    errors = reporter.without_names(errors)
    if errors:
        first, *others = sorted(errors, key=lambda error: locations.order(error.where))
        first.others = tuple(others)
        raise first from None
    settings._locations = locations
    settings._reveal = RevealedSecrets(keyring(settings.secrets, environ)) if keyring else None
    return settings
