"""Bytes, stored once by their digest.

Knows: digests and retention. Does not know: whose bytes they are or what they mean.
"""

import hashlib
from functools import partial
from io import BufferedRandom, BytesIO

from d365edi.errors import JournalError
from d365edi.journal.table import JournalTable, sha256

PIECE = 1 << 18
"""Bytes of a file that are stored at once."""

_PRUNE = """
UPDATE payloads SET body = NULL WHERE digest IN (
    SELECT digest FROM payloads AS old WHERE body IS NOT NULL AND stored_at < ?
    AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.digest = old.digest
        AND (settled_at IS NULL OR state IN ('received', 'translated', 'quarantined')))
    AND NOT EXISTS (SELECT 1 FROM messages JOIN documents ON documents.message = messages.id
        WHERE messages.digest = old.digest AND documents.state IN ('ready', 'held', 'delivering'))
    AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.digest = old.digest
        AND deliveries.state NOT IN ('delivered', 'cancelled'))
    LIMIT ?)
"""


class Payloads(JournalTable):
    """The bytes of messages and deliveries."""

    __slots__ = ()

    def put(self, payload: bytes) -> str:
        """Store these bytes; their digest (hex). The same bytes are stored once; bytes pruned before are stored again."""
        digest = sha256(payload)
        row = self._execute("SELECT body IS NULL FROM payloads WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            self._execute("INSERT INTO payloads VALUES (?, ?, ?, ?)", (digest, len(payload), payload, self._unit.now))
        elif row[0]:
            self._execute(
                "UPDATE payloads SET body = ?, stored_at = ? WHERE digest = ?", (payload, self._unit.now, digest)
            )
        return digest

    def put_file(self, file: BufferedRandom) -> str:
        """Store the bytes of a file, from its beginning to its end, as `put` does; they are never in memory as a whole."""
        file.seek(0)
        digest, size = hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
        if self.kept(digest):
            return digest
        sql = "INSERT INTO payloads VALUES (?1, ?2, x'', ?3) ON CONFLICT (digest) DO UPDATE SET body = x'', stored_at = ?3"
        self._execute(sql, (digest, size, self._unit.now))
        file.seek(0)
        for place, piece in enumerate(iter(partial(file.read, PIECE), b"")):
            self._execute("INSERT INTO payload_pieces VALUES (?, ?, ?)", (digest, place, piece))
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes; JournalError where they were never here or their retention is over."""
        row = self._execute("SELECT body, size FROM payloads WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            raise JournalError(f"there are no bytes with the digest {digest}")
        if row[0] is None:
            raise JournalError(f"the bytes of {digest} were pruned", remedy="their retention is over; the digest stays")
        body: bytes = row[0]
        return body if len(body) == row[1] else self._joined(digest)

    def in_pieces(self, digest: str) -> int:
        """How many bytes are stored in pieces; 0 where they are stored as a whole, or not here. Raises nothing."""
        sql = "SELECT size FROM payloads WHERE digest = ? AND length(body) = 0"
        row = self._execute(sql, (digest,)).fetchone()
        return int(row[0]) if row is not None else 0

    def piece(self, digest: str, place: int) -> bytes:
        """A piece of these bytes, from 0; none after the last."""
        sql = "SELECT body FROM payload_pieces WHERE digest = ? AND place = ?"
        row = self._execute(sql, (digest, place)).fetchone()
        return row[0] if row is not None else b""

    def _joined(self, digest: str) -> bytes:
        whole = BytesIO()  # gives its bytes without a copy
        for (piece,) in self._execute("SELECT body FROM payload_pieces WHERE digest = ? ORDER BY place", (digest,)):
            whole.write(piece)
        return whole.getvalue()

    def kept(self, digest: str) -> bool:
        """Whether the bytes are still here."""
        return (
            self._execute("SELECT 1 FROM payloads WHERE digest = ? AND body IS NOT NULL", (digest,)).fetchone()
            is not None
        )

    def prune(self, before: float, limit: int = 5000) -> int:
        """Empty bytes stored before that moment which nothing open needs; how many. Call again while it gives `limit`.

        In pieces, because a million rows at once block every other writer for seconds. Digests stay for ever."""
        return self._execute(_PRUNE, (before, limit)).rowcount
