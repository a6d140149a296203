"""Flat files: how maps name columns and records, and how files are read and written."""
