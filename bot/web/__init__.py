"""I am the HTTP face: webhooks in, the API, events out."""
