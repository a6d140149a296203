"""What both ends of the command socket go by; the client needs no server for it.

Knows: names on the wire. Does not know: HTTP, commands.
"""

SETTINGS_HEADER = "D365edi-Settings"
"""In each response: the digest of the settings that the daemon goes by."""
DECISIONS = ("release", "reject")
"""What the group `daemon.decide_group` may do by the readers' socket."""
