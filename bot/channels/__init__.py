"""I hold the ways out: one file a channel, and the outbox that feeds them."""
