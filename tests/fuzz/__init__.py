"""Schemathesis against the whole product: requests made from the API's own description, and from what breaks rules."""
