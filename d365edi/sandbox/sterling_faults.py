"""What can go wrong at the simulated Sterling, by name. Some faults last until they are ended, some strike each kind of request
once.

Knows: what the simulator can do. Does not know: who asks.
"""

from collections.abc import Callable, Sequence

from .faults import Faults
from .sterling.mailboxes import Message
from .sterling.refusals import LOGIN_PAGE
from .sterling.requests import ROOT, parameters
from .sterling_side import SterlingSide

End = Callable[[], None]
Begin = Callable[[SterlingSide], End]
ALWAYS = 10**9
SILENCE = 15.0
"""Seconds; settings of a sandbox wait 10."""
BELOW = "short-lived"
LISTING = ("GET", "mailboxcontents/")
PAYLOAD = ("POST", "documents/*/actions/getpayload")
WRITES = (("POST", "documents/"), ("POST", "mailboxmessages/"), PAYLOAD, ("DELETE", "mailboxmessages/*"))
ALL = (*WRITES, LISTING, ("GET", "mailboxmessages/*"))


def _once(plan: Callable[[Faults, str, str], None], requests: Sequence[tuple[str, str]] = ALL) -> Begin:
    """Strike each of these kinds of request once."""

    def each(faults: Faults) -> None:
        for method, path in requests:
            plan(faults, method, f"{ROOT}{path}")

    return _planned(each)


def _planned(plan: Callable[[Faults], object]) -> Begin:
    def begin(side: SterlingSide) -> End:
        waiting = side.simulator.faults.waiting
        before = list(map(id, waiting))
        plan(side.simulator.faults)
        mine = {id(fault) for fault in waiting} - set(before)

        def end() -> None:
            waiting[:] = [fault for fault in waiting if id(fault) not in mine]

        return end

    return begin


def _lasting(status: int, path: str) -> Begin:
    return _planned(lambda faults: faults.answer(status, path=path, times=ALWAYS, html=True))


def _happening(act: Callable[[SterlingSide, str], None], request: tuple[str, str], end: Begin | None = None) -> Begin:
    """Do something once, just before a request of this kind."""

    def begin(side: SterlingSide) -> End:
        method, path = request
        planned = _planned(
            lambda faults: faults.happen(lambda target: act(side, target), method=method, path=f"{ROOT}{path}")
        )
        forget, back = planned(side), end(side) if end else None

        def ended() -> None:
            forget()
            if back is not None:
                back()

        return ended

    return begin


def _exception(faults: Faults, method: str, path: str) -> None:
    body = b'{"errorCode":400,"errorDescription":"java.lang.NullPointerException"}'
    faults.answer(400, method=method, path=path, body=body)


def _credentials(side: SterlingSide) -> End:
    """Another password, and another secret of the client, whose tokens are taken back."""
    simulator = side.simulator
    simulator.user.password = f"new-{simulator.PASSWORD}"
    simulator.identity.clients[simulator.CLIENT_ID] = f"new-{simulator.CLIENT_SECRET}"
    simulator.identity.revoke()

    def end() -> None:
        simulator.user.password = simulator.PASSWORD
        simulator.identity.clients[simulator.CLIENT_ID] = simulator.CLIENT_SECRET

    return end


def _locked(side: SterlingSide) -> End:
    users = side.simulator.users
    users.lock(side.simulator.USERNAME)
    return lambda: users.unlock(side.simulator.USERNAME)


def _unfetched(side: SterlingSide) -> End:
    side.picking_up = False

    def end() -> None:
        side.picking_up = True

    return end


def _listed(side: SterlingSide, target: str) -> str:
    """The path of the mailbox that a listing asks for."""
    id = parameters(target.partition("?")[2]).get("parentMailboxId", "")
    return side.simulator.state.mailboxes[int(id)].path


def _renamed(side: SterlingSide, target: str) -> None:
    path = _listed(side, target)
    side.simulator.state.rename(path, f"{path}-old")


def _renamed_back(side: SterlingSide) -> End:
    def end() -> None:
        state = side.simulator.state
        for path in [each.path for each in state.mailboxes.values() if each.path.endswith("-old")]:
            state.rename(path, path.removesuffix("-old"))

    return end


def _again(side: SterlingSide, target: str) -> None:
    side.simulator.state.create_again(_listed(side, target), keep=True)


def _extracted(side: SterlingSide, target: str) -> None:
    for message in _asked(side, target):
        side.simulator.state.take(message)


def _deleted(side: SterlingSide, target: str) -> None:
    state = side.simulator.state
    for message in _asked(side, target):
        state.remove(message, "deleted by somebody")
        state.delete_document(message.document)


def _asked(side: SterlingSide, target: str) -> list[Message]:
    """The messages whose payload a request asks for."""
    return side.simulator.state.of_document(target.removeprefix(f"{ROOT}documents/").partition("/")[0])


def _shift(side: SterlingSide) -> End:
    """A mailbox stands first in each listing, and is deleted before the second page is asked for."""
    state = side.simulator.state
    below = {state.mailbox(partner.leaves).id: f"{partner.leaves}/{BELOW}" for partner in side.partners.values()}
    for path in below.values():
        state.mailbox(path)

    def act(target: str) -> None:
        query = parameters(target.partition("?")[2])
        if not query.get("_range", "0-").startswith("0-"):
            path = below.pop(int(query["parentMailboxId"]), "")
            if path:
                state.drop(path)

    method, path = LISTING
    return _planned(lambda faults: faults.happen(act, method=method, path=f"{ROOT}{path}", times=ALWAYS))(side)


def _clock_back(side: SterlingSide, _: str) -> None:
    side.simulator.switches.skew -= 3600


def _clock_right(side: SterlingSide) -> End:
    skew = side.simulator.switches.skew

    def end() -> None:
        side.simulator.switches.skew = skew

    return end


def _drop(after_work: bool) -> Begin:
    return _once(lambda faults, method, path: faults.drop(method=method, path=path, after_work=after_work))


PAGE_SHIFT = "page-shift"
FAULTS: dict[str, tuple[str, Begin]] = {
    "sterling-down": ("Sterling answers 503", _lasting(503, f"{ROOT}*")),
    "identity-down": ("the identity server answers 503", _lasting(503, "/oauth2/*")),
    "status-500": (
        "Sterling answers each kind of request once with 500",
        _once(lambda faults, method, path: faults.answer(500, method=method, path=path)),
    ),
    "lost-requests": (
        "the connection to Sterling breaks once before each kind of request is carried out",
        _drop(False),
    ),
    "lost-answers": ("the connection to Sterling breaks once after each kind of request was carried out", _drop(True)),
    "silence": (
        f"Sterling is silent for {SILENCE:.0f} s once after each kind of writing request was carried out",
        _once(lambda faults, method, path: faults.silence(SILENCE, method=method, path=path), WRITES),
    ),
    "half-body": (
        "each kind of request to Sterling is answered once by half a body",
        _once(lambda faults, method, path: faults.half(method=method, path=path)),
    ),
    "html": (
        "each kind of request to Sterling is answered once by a page, with 200",
        _once(lambda faults, method, path: faults.answer(200, method=method, path=path, html=True)),
    ),
    "login-page": (
        "the listing of a mailbox is answered once by a page that asks for a login, with 200",
        _once(lambda faults, method, path: faults.answer(200, method=method, path=path, html=LOGIN_PAGE), [LISTING]),
    ),
    "exception": ("each kind of request to Sterling is answered once by 400 and an exception", _once(_exception)),
    "late-504": (
        "each kind of request to Sterling is answered once by 504, after it was carried out",
        _once(lambda faults, method, path: faults.answer(504, method=method, path=path, html=True, after_work=True)),
    ),
    "token-revoked": (
        "all bearer tokens are taken back before each kind of request, once",
        _once(lambda faults, method, path: faults.revoke(method=method, path=path)),
    ),
    "credentials": ("password and client secret at Sterling are others", _credentials),
    "user-locked": ("our user at Sterling is locked", _locked),
    "not-picked-up": ("nobody fetches what we deliver to Sterling", _unfetched),
    PAGE_SHIFT: ("a row vanishes from each listing of Sterling between its first two pages", _shift),
    "mailbox-renamed": ("a mailbox is renamed before its first listing", _happening(_renamed, LISTING, _renamed_back)),
    "mailbox-again": (
        "a mailbox is created again, under another id, before its first listing",
        _happening(_again, LISTING),
    ),
    "message-extracted": ("somebody fetches a message between listing and fetch", _happening(_extracted, PAYLOAD)),
    "message-deleted": ("somebody deletes a message between listing and fetch", _happening(_deleted, PAYLOAD)),
    "clock-back": (
        "Sterling's clock goes back by an hour before its first new message",
        _happening(_clock_back, ("POST", "mailboxmessages/"), _clock_right),
    ),
}
"""Name to what happens while it lasts, as a sentence, and how it begins."""
