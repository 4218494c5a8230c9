"""快回 decides: when, to whom and through what a reply goes."""
