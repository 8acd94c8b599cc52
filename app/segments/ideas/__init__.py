"""Suggested segments: rules whose figures are computed from the shop's own data, never guessed."""
