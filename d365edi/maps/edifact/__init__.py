"""EDIFACT: how maps name places in its messages, and how these are read and written."""
