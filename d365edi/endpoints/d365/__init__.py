"""The D365 endpoint: tokens, the OData client, and the door that runs a document's writes."""
