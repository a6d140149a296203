"""Segments that follow each other in one interchange, as they were sent, without terminators.

Places of single segments are worked out only when asked for, and each search through a batch is made once: a file of sets
without trailers costs no more than any other of its size.

Knows: a stretch of a file that is split. Does not know: how it was split, what a segment means.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from d365edi.edi.findings import Finding
from d365edi.edi.header import NOISE
from d365edi.edi.source import Source

BLANK = NOISE.decode("latin-1")


@dataclass(slots=True)
class Batch:
    """Segments that follow each other in one interchange, as text with released characters hidden (see `release`).

    `offset` is the place of the first of `pieces`, which are the segments with the noise around them."""

    segments: list[str]
    pieces: list[str]
    source: Source
    offset: int
    findings: list[Finding] = field(default_factory=list)
    blanks: bool = False
    """Whether a blank stands before an element separator or a terminator somewhere."""
    plain: bool = False
    """Whether all is ASCII, nothing is released, and no value ends with a blank."""
    size: Callable[[str], int] = len
    """How many bytes a piece had in the file."""
    ids: list[str] = field(default_factory=list)
    """The ids of the segments, once `identify` was called."""
    _behind: int = 0
    _before: int = -1
    _reached: tuple[int, int] = (0, 0)
    _starts: list[int] = field(default_factory=list)

    def identify(self, element: str, size: int) -> None:
        """Notes the ids of the segments: so many characters, or (0) what stands before the first element separator."""
        texts = self.segments
        self.ids = [text[:size] for text in texts] if size else [text.partition(element)[0] for text in texts]

    def behind(self, id: str, at: int) -> int:
        """The place behind the next segment from `at` on with this id, the end of the batch where there is none. Each
        is looked for once, so that a file of sets without trailers is not searched over and over."""
        if self._behind <= at:
            try:
                self._behind = self.ids.index(id, at) + 1
            except ValueError:
                self._behind = len(self.ids)
        return self._behind

    def before(self, id: str, at: int) -> int:
        """The place of the next segment from `at` on with this id, as `behind`."""
        if self._before < at:
            try:
                self._before = self.ids.index(id, at)
            except ValueError:
                self._before = len(self.ids)
        return self._before

    def place(self, index: int) -> int:
        """The offset in the file of segment `index`; ascending questions cost little."""
        if len(self.pieces) == len(self.segments):
            at, offset = self._reached if self._reached[0] <= index else (0, 0)
            offset += sum(map(self.size, self.pieces[at:index])) + index - at
            self._reached = (index, offset)
            piece = self.pieces[index]
            return self.source.place(self.offset + offset + len(piece) - len(piece.lstrip(BLANK)))
        if not self._starts:
            at = self.offset
            for piece in self.pieces:
                body = piece.lstrip(BLANK)
                if body:
                    self._starts.append(at + len(piece) - len(body))
                at += self.size(piece) + 1
        return self.source.place(self._starts[index])
