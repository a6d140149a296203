"""Between documents and what is kept of them: whose item, which customer, which order line, which response."""
