"""Who may log in, and what each may do with which mailbox.

Knows: names, passwords, rights, when a user is locked. Does not know: HTTP, how a login is sent.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

WRONG_LOGINS = 5
"""After so many in a row a user is locked."""
ALL = frozenset({"read", "write", "view", "delete"})


@dataclass
class User:
    """One user. `rights`: what it may do with a mailbox, by path; the nearest path above counts. `api`: it has the permission
    APIUser. `wrong`: its wrong logins since the last right one."""

    name: str
    password: str
    rights: dict[str, frozenset[str]] = field(default_factory=lambda: {"": ALL})
    api: bool = True
    administrator: bool = False
    wrong: int = 0

    @property
    def locked(self) -> bool:
        """Whether nobody gets in with this name until it is unlocked."""
        return self.wrong >= WRONG_LOGINS

    def may(self, right: str, path: str) -> bool:
        """Whether it may do this with the mailbox of a path."""
        while path and path not in self.rights:
            path = path.rpartition("/")[0]
        return self.administrator or right in self.rights.get(path, frozenset())


class Users:
    """All of them by name. `noted` is told of each change of `wrong`; `rejected` has the time and name of each wrong login."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.named: dict[str, User] = {}
        self.rejected: list[tuple[float, str]] = []
        self.noted: Callable[[str, int], None] | None = None
        self._clock = clock

    def add(self, user: User) -> User:
        """One more."""
        self.named[user.name] = user
        return user

    def login(self, name: str, password: str) -> User | None:
        """The user of this name, where the password is right and it is not locked."""
        user = self.named.get(name)
        if user is None or user.locked or user.password != password:
            self.reject(name)
            return None
        if user.wrong:
            self._count(user, 0)
        return user

    def reject(self, name: str) -> None:
        """A wrong login of this name."""
        self.rejected.append((self._clock(), name))
        user = self.named.get(name)
        if user is not None and not user.locked:
            self._count(user, user.wrong + 1)

    def lock(self, name: str) -> None:
        """Let a user in no more, whatever its password."""
        self._count(self.named[name], WRONG_LOGINS)

    def unlock(self, name: str) -> None:
        """Let a user in again."""
        self._count(self.named[name], 0)

    def _count(self, user: User, wrong: int) -> None:
        user.wrong = wrong
        if self.noted is not None:
            self.noted(user.name, wrong)
