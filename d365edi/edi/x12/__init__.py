"""X12: read into reports, written from segments, answered by 997 and TA1."""
