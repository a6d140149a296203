"""Places where messages are picked up and delivered, all behind the one interface of `base`."""
