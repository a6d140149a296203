"""Cases that do not end as they must yet, each with what becomes of it instead. Whoever mends one deletes its line."""

PENDING: dict[str, str] = {}
