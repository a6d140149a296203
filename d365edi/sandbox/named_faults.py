"""What can go wrong in a stand-alone sandbox, by name: each begins when it is asked for and lasts until it is ended.

Knows: what the simulators can do. Does not know: who asks.
"""

from collections.abc import Callable
from dataclasses import dataclass

from . import posted_before, sterling_faults
from .control import Impossible
from .d365 import CLIENT_ID
from .d365.throttle import Throttle
from .environment import Environment
from .faults import Faults

ALWAYS = 10**9
End = Callable[[], None]


@dataclass(frozen=True, slots=True)
class NamedFault:
    """What happens while it lasts, as a sentence, and how it is begun; what that returns ends it."""

    says: str
    begin: Callable[[Environment], End]


def _planned(plan: Callable[[Faults], None]) -> Callable[[Environment], End]:
    def begin(sandbox: Environment) -> End:
        faults = sandbox.d365.faults
        plan(faults)
        planned = faults.waiting[-1]
        return lambda: faults.waiting.remove(planned)

    return begin


def _throttle(sandbox: Environment) -> End:
    sandbox.d365.throttle = Throttle(sandbox.d365.state.clock)

    def end() -> None:
        sandbox.d365.throttle = None

    return end


def _secret_refused(sandbox: Environment) -> End:
    clients = sandbox.d365.entra.clients
    secret, clients[CLIENT_ID] = clients[CLIENT_ID], ""
    sandbox.d365.entra.revoke()

    def end() -> None:
        clients[CLIENT_ID] = secret

    return end


def _login_refused(sandbox: Environment) -> End:
    sandbox.logins.refuse()

    def end() -> None:
        sandbox.logins.refused = False

    return end


def _silent(sandbox: Environment) -> End:
    sandbox.partner.answering = "silent"

    def end() -> None:
        sandbox.partner.answering = "accept"

    return end


def _two_companies(_: Environment) -> End:
    return lambda: None  # `StandAlone.post` looks whether it lasts


def _posted(sandbox: Environment) -> End:
    posted_before.begin(sandbox)
    return lambda: None  # what is posted stays posted


def _at_sterling(begin: sterling_faults.Begin) -> Callable[[Environment], End]:
    def begun(sandbox: Environment) -> End:
        if sandbox.sterling is None:
            raise Impossible("this is a fault of Sterling, which this sandbox has not; start it with --sterling")
        return begin(sandbox.sterling)

    return begun


TWO_COMPANIES = "two-companies"
FAULTS = {
    "throttle": NamedFault("D365 answers 20 requests at once and then 429 for 15 s", _throttle),
    "forbidden-join": NamedFault(
        "D365 does not show the lines of invoices (403)",
        _planned(lambda faults: faults.answer(403, path="/data/SalesInvoiceV4Lines", times=ALWAYS)),
    ),
    TWO_COMPANIES: NamedFault("a second company posts an invoice of the same number", _two_companies),
    posted_before.NAME: NamedFault("the partner bills by 810 what D365 has posted already", _posted),
    "d365-down": NamedFault("D365 answers 503", _planned(lambda faults: faults.answer(503, times=ALWAYS, html=True))),
    "entra-down": NamedFault(
        "Entra answers 503", _planned(lambda faults: faults.answer(503, path="*/oauth2/*", times=ALWAYS))
    ),
    "secret-refused": NamedFault("Entra refuses the client secret", _secret_refused),
    "lost-replies": NamedFault(
        "D365 does what it is asked and breaks the connection before it answers",
        _planned(lambda faults: faults.drop(method="POST", times=ALWAYS)),
    ),
    "login-refused": NamedFault("the partner's SFTP server refuses the login", _login_refused),
    "silent-partner": NamedFault("the partner acknowledges nothing", _silent),
    **{name: NamedFault(says, _at_sterling(begin)) for name, (says, begin) in sterling_faults.FAULTS.items()},
}
