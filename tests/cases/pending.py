"""Cases that do not end as they must yet, each with what becomes of it instead. Whoever mends one deletes its line."""

PENDING: dict[str, str] = {
    "edi_v4030_cad.x12": "rejected: CAD01 is called mandatory",
    "edi_v4030_ref40.x12": "accepted with errors: REF02 is called too long",
}
