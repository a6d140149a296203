"""The Sterling endpoint: mailboxes of an IBM Sterling B2B Integrator over its REST API."""
