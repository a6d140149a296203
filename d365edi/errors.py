"""Every way to fail, drawn as a tree; each says what happened and what to do.

    D365EdiError
    ├── SettingsError        settings, maps or partners are wrong: file, line, key, value, remedy; nothing has started
    │   └── SecretError      a secret is missing, unreadable or written where it must not be
    ├── JournalError         the journal cannot be used: locked by another process, damaged, of a newer version
    │   ├── StorageError     the disk did not let the journal be read
    │   ├── CommitError      nothing of this is stored: the disk is full or broken; the journal has reported it
    │   └── JournalGoneError the journal was moved, replaced or deleted under this process, which has to end
    ├── AmbiguousError       a name stands for several things: each with its id, and nothing was done
    ├── DocumentError        a document cannot be written in a language: names document, field and partner
    └── EndpointError        something failed at an endpoint
        ├── Unavailable      ask again (with `retry_after` seconds where the other side said so)
        │   ├── Unreachable          no connection or no answer: it concerns everything for this endpoint
        │   ├── CredentialsRejected  nobody is let in before a person has changed something
        │   ├── Throttled            a pause is asked for, for everything
        │   └── PlaceRefused         one folder or table is missing or closed to us
        │       └── NotWritable      one folder takes no bytes: it is full, or our quota is used up
        └── Refused          do not ask again: the same request would fail the same way
            ├── Vanished     what was listed is not there any more
            └── Disputed     something is there that we did not put there: a person decides

At every endpoint there are only these two branches, so that a caller's decision is a table (`flows/policy.py`), never a guess.
The four below Unavailable are the endpoint's fault and not the document's (`endpoints/health.py`).

Knows: sentences. Does not know: any other package.
"""

import errno
from typing import TypeVar

from d365edi.masking import masked

Failure = TypeVar("Failure", bound=Exception)


class D365EdiError(Exception):
    """The root. `str()` is one sentence a coordinator understands; `remedy` says what to do about it."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class SettingsError(D365EdiError):
    """A mistake in what a user wrote. `where` is `file:line`, `key` the dotted key; the value is never shown for secrets.

    `others` are the further mistakes found in the same reading, in the order of the files; `str()` has each on its own line.
    """

    def __init__(self, message: str, *, where: str = "", key: str = "", remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.where = where
        self.key = key
        self.others: tuple[SettingsError, ...] = ()

    def __str__(self) -> str:
        place = " ".join(part for part in (self.where and f"{self.where}:", self.key and f"[{self.key}]") if part)
        return "\n".join([f"{place} {super().__str__()}".strip(), *map(str, self.others)])


class SecretError(SettingsError):
    """A secret is missing, unreadable, or written where only its name belongs. Never carries the secret."""


class JournalError(D365EdiError):
    """The journal cannot be opened or used."""


class StorageError(JournalError):
    """The disk did not let the journal be read: no unit of work is at fault, and the next one may succeed."""


class CommitError(JournalError):
    """The journal could not commit, and nothing of the work is kept. The journal reports it once: who catches this does not."""


class JournalGoneError(JournalError):
    """The file under the journal's name is not the one that was opened. Nothing is stored any more; the daemon ends."""


class AmbiguousError(D365EdiError):
    """A name stands for several things. The message lists them with their ids, a line each; nothing was done."""


class DocumentError(D365EdiError):
    """A document cannot be written in a language: an empty mandatory field, a key that holds a delimiter, a number too long."""


class EndpointError(D365EdiError):
    """Something failed at an endpoint; always one of the two classes below. `bare` is the message without what it
    happened to, the same for all documents. What the other side said may repeat what we sent: a token in it is masked."""

    def __init__(self, message: str, *, endpoint: str = "", remedy: str = "") -> None:
        super().__init__(masked(message), remedy=remedy)
        self.endpoint = endpoint
        self.bare = self.message


class Unavailable(EndpointError):
    """Ask again. `retry_after` is in seconds, None where the other side did not say.

    `unclear` is True when the request may have been carried out although no answer came: look up the state before acting again.
    """

    def __init__(
        self,
        message: str,
        *,
        endpoint: str = "",
        remedy: str = "",
        retry_after: float | None = None,
        unclear: bool = False,
    ) -> None:
        super().__init__(message, endpoint=endpoint, remedy=remedy)
        self.retry_after = retry_after
        self.unclear = unclear

    def named(self, message: str) -> "Unavailable":
        """The same error, of the same class, with a message that names the document that it happened to."""
        again = type(self)(
            message, endpoint=self.endpoint, remedy=self.remedy, retry_after=self.retry_after, unclear=self.unclear
        )
        again.bare = self.bare
        return again


class Unreachable(Unavailable):
    """There is no connection, or no answer: whatever is asked of this endpoint now fails alike."""


class CredentialsRejected(Unavailable):
    """Nobody is let in: password, key, secret, host key, algorithms or registration. A person must change something."""


class Throttled(Unavailable):
    """The other side asks for a pause, of `retry_after` seconds where it says so; it concerns every request."""


class PlaceRefused(Unavailable):
    """One place (a folder, a table) is missing, or we have no right there; the rest of the endpoint is not concerned."""


class NotWritable(PlaceRefused):
    """Nothing can be written into one folder (it is full, a quota is used up, the server fails at it): tried again soon."""


class Refused(EndpointError):
    """Do not ask again: the other side understood and said no."""


class Vanished(Refused):
    """What was listed is not there any more: somebody else took it away."""


class Disputed(Refused):
    """Something is where ours should go, and we did not put it there. The message is a question for a person."""


def sole(errors: BaseExceptionGroup[BaseException], kind: type[Failure]) -> Failure:
    """The first error of a kind in a group that has no other. Raises the group where it has one."""
    found, others = errors.split(kind)
    if found is None or others is not None:
        raise errors
    first: Failure | BaseExceptionGroup[Failure] = found
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first


_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})


def of_the_disk(error: BaseException) -> bool:
    """Whether a disk is at fault (full, over its quota, read-only, damaged), and not the program."""
    return isinstance(error, StorageError) or (isinstance(error, OSError) and error.errno in _DISK)
