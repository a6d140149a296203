"""D365: tables of entity sets, plans of what to write and to ask, and records read into documents."""
