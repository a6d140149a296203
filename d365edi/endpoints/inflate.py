"""An answer's body, unpacked in pieces and never beyond a limit: 300 KB of gzip can be 300 MB of blanks.

Knows: gzip and deflate. Does not know: connections, what is in an answer.
"""

import zlib

_PIECE = 256 * 1024
_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class TooLargeError(Exception):
    """The answer has more bytes than are allowed."""


class Body:
    """The bytes of an answer as they come in `encoding` (the header Content-Encoding), at most `limit` of them unpacked."""

    def __init__(self, encoding: str, limit: int) -> None:
        self.content = bytearray()
        self._limit = limit
        name = encoding.strip(" ").lower()
        if name not in ("", "identity") and name not in _WINDOWS:
            raise ValueError(f"the answer is packed as {name[:40]}, which was not asked for")
        self._window = _WINDOWS.get(name, 0)
        self._unpacker = zlib.decompressobj(self._window) if self._window else None
        self._begun = False

    def feed(self, piece: bytes) -> None:
        """Take a piece. Raises TooLargeError as soon as the limit is passed, zlib.error for what is not packed as it says."""
        if self._unpacker is None:
            self._add(piece)
            return
        while piece:
            piece = self._unpacked(piece)

    def end(self) -> None:
        """There are no more pieces. Raises EOFError where it was cut off."""
        if self._unpacker is not None and self._begun and not self._unpacker.eof:
            raise EOFError("the answer was cut off")

    def _unpacked(self, piece: bytes) -> bytes:
        """Unpack some of a piece; what is left of it."""
        assert self._unpacker is not None
        try:
            self._add(self._unpacker.decompress(piece, _PIECE))
        except zlib.error:
            if self._begun or self._window != zlib.MAX_WBITS:
                raise
            self._unpacker = zlib.decompressobj(-zlib.MAX_WBITS)  # some servers send deflate without its frame
            self._begun = True
            return piece
        self._begun = True
        return b"" if self._unpacker.eof else self._unpacker.unconsumed_tail

    def _add(self, piece: bytes) -> None:
        if len(self.content) + len(piece) > self._limit:
            raise TooLargeError(f"more than {self._limit >> 20} MB")
        self.content += piece
