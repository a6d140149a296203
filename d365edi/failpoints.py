"""Named places where the crash drill kills the process: after each commit, before and after each remote side effect.

Knows: the names. Does not know: what happens there. In production `reach` is one dictionary look-up in an empty table.
"""

import os
import signal

NAMES: frozenset[str] = frozenset(
    {
        "poll.sorted",  # records that lacked their key have it, nothing new is fetched
        "list.read",  # the file of a list is on the disk, nothing of it is journaled
        "list.stored",  # its delivery is durable, and the snapshot has moved
        "receive.fetched",  # the bytes are here, nothing is journaled
        "receive.claimed",  # message and payload are durable, the source is untouched
        "receive.settling",  # about to move or delete at the source
        "receive.compared",  # what is at the source is what was fetched, not moved or deleted yet
        "receive.settled",  # moved at the source, not yet recorded
        "translate.read",  # documents and acknowledgment are durable
        "translate.split",  # an invoice over several orders has become a document for each of them
        "translate.rendered",  # bytes, control numbers and file name are durable
        "deliver.attempting",  # the attempt is recorded, nothing was sent
        "deliver.delivered",  # the other side has it, the receipt is not recorded
        "deliver.recorded",  # the receipt is durable
        "sftp.uploaded",  # the temp file is complete on the other side, not renamed
        "sftp.renamed",  # renamed on the other side, not recorded
        "sterling.document",  # a document is at Sterling, its id is not recorded
        "sterling.message",  # its message is in the mailbox, its id is not recorded
        "sterling.settled",  # deleted, moved or marked at Sterling, not recorded
        "sterling.picked_up",  # it was asked whether somebody fetched what we delivered, that is not recorded
        "d365.intent",  # the intent to create is durable, no request was sent
        "d365.header",  # the header exists in D365, its number is not recorded
        "d365.header_recorded",  # its number is durable, no line was sent
        "d365.lines",  # the lines exist in D365, not recorded
        "d365.lines_recorded",  # that they are there is durable, what belongs to single lines was not sent
        "d365.after_lines",  # that exists in D365, too, not recorded
        "alert.stored",  # incidents and the messages about them are durable, nothing was sent
        "alert.sent",  # a channel took a message, that is not recorded
        "alert.recorded",  # that it was sent is durable
        "acknowledge.matched",  # their acknowledgment closed what we sent
        "backup.begun",  # the file that the copy is made in is there, empty
        "backup.copied",  # the copy is whole, not read through and without its name
        "backup.numbered",  # its control numbers have their name, the copy does not
        "backup.named",  # the copy has its name
        "restore.numbered",  # the control numbers of the copy are noted, the journal is that of before
        "restore.prepared",  # what is to be the journal stands beside it
        "restore.aside",  # the journal has a second name
        "restore.replaced",  # what was restored is the journal
    }
)

_armed: dict[str, int] = {}


def arm(text: str) -> None:
    """Arm the place that `text` names (`name`, or `name:3` for the third time); "" arms none. For this process only."""
    name, _, nth = text.partition(":")
    _armed.clear()
    if name:
        _armed[name] = int(nth or 1)


def reach(name: str) -> None:
    """End the process here by SIGKILL when D365EDI_FAILPOINT names this place (`name`, or `name:3` for the third time)."""
    if name in _armed:
        _armed[name] -= 1
        if _armed[name] == 0:
            os.kill(os.getpid(), signal.SIGKILL)


arm(os.environ.get("D365EDI_FAILPOINT", ""))
