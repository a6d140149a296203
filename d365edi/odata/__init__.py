"""OData as plain values: literals, addresses, batches, error bodies, plans. Knows no entity and no HTTP."""
