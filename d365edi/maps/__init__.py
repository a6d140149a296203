"""Tables between documents and languages, and the one engine that reads and writes them."""
