"""Requests to addresses that settings name: where they may lead, checked after each look-up of a name."""
