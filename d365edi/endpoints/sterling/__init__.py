"""IBM Sterling B2B Integrator: mailboxes as an endpoint, over its REST API."""
