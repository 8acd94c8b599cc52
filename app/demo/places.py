"""Real cities, with how many of the sample's people live there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A city as an address has it; `weight` is its share among the cities of its country."""

    city: str
    region: str
    country: str
    weight: int


PLACES = (
    Place("New York", "New York", "US", 34),
    Place("Chicago", "Illinois", "US", 22),
    Place("Austin", "Texas", "US", 18),
    Place("Seattle", "Washington", "US", 14),
    Place("London", "England", "GB", 60),
    Place("Manchester", "England", "GB", 25),
    Place("Berlin", "Berlin", "DE", 50),
    Place("Hamburg", "Hamburg", "DE", 30),
    Place("Paris", "Île-de-France", "FR", 60),
    Place("Mumbai", "Maharashtra", "IN", 50),
    Place("Pune", "Maharashtra", "IN", 35),
    Place("São Paulo", "São Paulo", "BR", 60),
    Place("Tokyo", "Tokyo", "JP", 60),
)

REAL_SHARE = 0.72
"""Of the people, how many are given a real city; the others keep the made-up one that the source has."""
