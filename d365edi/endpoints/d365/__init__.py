"""The D365 endpoint: tokens, the OData client, and the endpoint that runs a document's writes."""
