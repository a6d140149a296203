"""Flat files: rows of values, separated (CSV and its kin) or at fixed columns, in and out of bytes."""
