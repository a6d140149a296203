"""EDIFACT: guides, reader, writer, CONTRL."""
