"""What the sample shop sells. CDNOW sold music; the titles here are invented."""

from __future__ import annotations

from collections.abc import Mapping

TITLES: Mapping[str, tuple[str, ...]] = {
    "Rock": ("Gravel Road", "Voltage Garden", "Second Summer", "Paper Engines", "Night Ferry", "Concrete Tide"),
    "Pop": ("Neon Postcards", "Sugar Weather", "Slow Elevator", "In Transit", "Blue Saturday", "Mirrorball Lane"),
    "Jazz": ("Quartet at Midnight", "Brass and Rain", "Ballads for Two", "Fifth Corner", "Late Set", "Walking Hours"),
    "Classical": ("Cello Suites", "Winter Quartets", "Piano Nocturnes", "Baroque Mornings", "Songs without Voice"),
    "Soundtracks": ("The Long Harbour", "Orbit Nine", "A House in Autumn", "City of Kites", "The Last Cartographer"),
    "Country": ("Dust and Honey", "County Line", "Porch Light", "Wild Barley", "Eleven Miles to Home"),
    "Blues": ("Delta Letters", "Low Water", "Twelve Bars Down", "Rail Yard Sessions"),
    "World": ("Monsoon Strings", "Lisbon Rooftops", "Desert Caravan", "Samba da Manhã"),
}

WEIGHTS: Mapping[str, int] = {
    "Rock": 30,
    "Pop": 22,
    "Jazz": 14,
    "Classical": 10,
    "Soundtracks": 9,
    "Country": 7,
    "Blues": 4,
    "World": 4,
}

CATEGORY_OF: Mapping[str, str] = {title: category for category, titles in TITLES.items() for title in titles}
