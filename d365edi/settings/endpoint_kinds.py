"""[endpoints.NAME]: where messages are fetched and uploaded, in one of the known kinds.

Knows: which kinds there are. Does not know: what any of them needs.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from .endpoints import LocalFolder, Sftp
from .sterling import Sterling


def _kind(value: Any) -> str | None:
    return value.get("kind") if isinstance(value, Mapping) else getattr(value, "kind", None)


Endpoint = Annotated[
    Annotated[Sftp, Tag("sftp")] | Annotated[LocalFolder, Tag("folder")] | Annotated[Sterling, Tag("sterling")],
    Discriminator(_kind),
]
"""One of the kinds of endpoint, distinguished by `kind`."""
