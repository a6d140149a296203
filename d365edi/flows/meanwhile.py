"""A question that is asked while other work is done.

Knows: tasks. Does not know: what is asked, or done.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

T = TypeVar("T")


async def meanwhile(work: Callable[[], Awaitable[None]], ask: Callable[[], Awaitable[Sequence[T]]]) -> Sequence[T]:
    """The answer to a question, while other work is done. Raises what one of them raises, once both have ended."""
    found: list[T] = []
    errors: list[Exception] = []

    async def asked() -> None:
        try:
            found.extend(await ask())
        except Exception as error:  # raised below, as a task group would wrap it
            errors.append(error)

    async with anyio.create_task_group() as group:
        group.start_soon(asked)
        try:
            await work()
        except Exception as error:  # as above
            errors.append(error)
    if errors:
        raise errors[0]
    return found
