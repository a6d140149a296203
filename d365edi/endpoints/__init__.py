"""Places where messages are picked up and put down, all behind the one door of `base`."""
