"""Bytes to messages and back, for X12 and EDIFACT. Knows no business."""
