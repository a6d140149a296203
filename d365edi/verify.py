"""Whether settings can be served: maps, partners' guides, schedules, secrets and alerts, without connecting to anything.

A part of `app`. Knows: what is compiled from settings. Does not know: who asks (the command, or the daemon before a reload).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from d365edi import build, credentials
from d365edi import partners as trading
from d365edi.alerts import channels, expiry
from d365edi.edi import guides
from d365edi.errors import SecretError, SettingsError
from d365edi.settings import SecretRef, Settings, Sftp


def verify(
    settings: Settings,
    schedule: Callable[[build.FlowInfo, ZoneInfo], object],
    listen: Callable[[Settings], None] = lambda _: None,
) -> list[str]:
    """A sentence for each part that was checked; `schedule` makes the trigger of a flow (`schedule.trigger`), and `listen` tries
    the listeners, where the daemon checks.

    SettingsError with the first error, for secrets, keys and certificates that cannot be used with all of them. A certificate
    that has ended is no error here: the rest of the settings can be served (`ended` says so to `check`)."""
    partners, flows = trading.compiled(settings), build.flows(settings)
    forms = {version for each in guides.FORMS.values() for version in each}
    for partner in partners.values():
        for receive in partner.receives.values():
            for version in forms & receive.readers.keys():
                receive.readers[version]  # each is compiled when it is first asked for
    for flow in flows:
        schedule(flow, settings.daemon.timezone)
    settings.daemon.deciders()
    listen(settings)
    _secrets(settings)
    if settings.alerts is not None:
        channels.of(settings.alerts, settings.secret)
    now = datetime.now(UTC)
    checked, (over, ending) = credentials.check(settings, now), expiry.of_secrets(settings, now)
    if checked.errors:
        first, *others = checked.errors
        first.others = tuple(others)
        raise first
    names = {"endpoints": list(settings.endpoints), "partners": list(partners), "flows": [flow.name for flow in flows]}
    found = [f"{len(each)} {kind}: {', '.join(each)}" if each else f"no {kind}" for kind, each in names.items()]
    return [
        *found,
        *untrusted(settings),
        *open_to_others(settings),
        *checked.ended,
        *checked.ending,
        *over,
        *ending,
        f"{len(settings.references())} secrets are referred to, and all are stored.",
    ]


def reread(load: Callable[[], Settings], served: Settings) -> Settings:
    """The settings of a reload. SettingsError, too, where they name another journal than is served: a new one is empty and knows
    nothing of what was received and sent, so all of it would come and go again."""
    new = load()
    if new.daemon.journal != served.daemon.journal:
        raise SettingsError(
            f"the journal in use is {served.daemon.journal}, and a reload does not change to {new.daemon.journal}",
            where=new.where("daemon", "journal"),
            key="daemon.journal",
            remedy="write the old path again; or stop the service, move the journal and what begins with its name, and start",
        )
    return new


def _secrets(settings: Settings) -> None:
    missing = []
    for named in settings.references():
        try:
            settings.secret(SecretRef(secret=named.name))
        except SecretError as error:
            missing.append(str(error))
    if missing:
        raise SettingsError("\n".join(missing))


def ended(settings: Settings) -> list[str]:
    """A sentence for each certificate that has ended, or does not begin yet, and for each secret that has ended."""
    now = datetime.now(UTC)
    return [*credentials.check(settings, now).ended, *expiry.of_secrets(settings, now)[0]]


def untrusted(settings: Settings) -> list[str]:
    """A sentence for each server whose host key is not known: nothing is fetched from it or sent to it."""
    return [
        f"{settings.where('endpoints', name, 'host_keys')}: [endpoints.{name}.host_keys] is empty, so {endpoint.host} is not "
        f"trusted and nothing is fetched or sent: d365edi ping {name} shows its key; compare it with the partner's and enter it"
        for name, endpoint in settings.endpoints.items()
        if isinstance(endpoint, Sftp) and not endpoint.host_keys
    ]


def open_to_others(settings: Settings) -> list[str]:
    """A sentence for each file that others could change, or read where it holds secrets, with the command that ends it.

    The key of the vault is refused where others may read it (`d365edi.secrets`)."""
    found = [
        f"others may change {path}, which says where all goes: chmod go-w {path}"
        for path in settings.files
        if _mode(path) & 0o022
    ]
    vault = settings.secrets.vault
    if vault is not None and _mode(vault) & 0o077:
        found.append(f"others may read or change the vault {vault}: chmod 0600 {vault}")
    return found


def _mode(path: Path) -> int:
    """The mode of a file; 0 where there is none."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0
