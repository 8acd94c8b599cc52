"""Other names of cities and genders than those the shop writes."""

from __future__ import annotations

FORMER_NAMES = {
    "bombay": "Mumbai",
    "bangalore": "Bengaluru",
    "bangaluru": "Bengaluru",
    "banglore": "Bengaluru",
    "blr": "Bengaluru",
    "calcutta": "Kolkata",
    "madras": "Chennai",
    "poona": "Pune",
    "gurgaon": "Gurugram",
    "mysore": "Mysuru",
    "mangalore": "Mangaluru",
    "baroda": "Vadodara",
    "trivandrum": "Thiruvananthapuram",
    "cochin": "Kochi",
    "calicut": "Kozhikode",
    "allahabad": "Prayagraj",
    "new york city": "New York",
    "nyc": "New York",
    "new york": "New York City",
    "mumbai": "Bombay",
    "bengaluru": "Bangalore",
    "kolkata": "Calcutta",
    "gurugram": "Gurgaon",
}
"""Other names of a city, used where the shop writes the one on the right (Wikipedia, renamed cities of India)."""

GENDERS = (
    (("female", "f", "woman", "women"), ("women", "woman", "female", "females", "ladies", "lady")),
    (("male", "m", "man", "men"), ("men", "man", "male", "males", "gentlemen")),
)
