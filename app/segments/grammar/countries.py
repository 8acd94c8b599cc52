"""Countries by what people call them: names, codes and adjectives, for values a shop stores in any of these ways.

English names come from the CLDR (Unicode), through Babel; what people say instead of them is listed here.
"""

from __future__ import annotations

from functools import cache

from babel import Locale

from models.values import fold

_ALSO = {
    "AE": "uae|the uae|u.a.e.|emirates|the emirates|the united arab emirates",
    "BA": "bosnia",
    "CD": "dr congo|democratic republic of the congo",
    "CH": "swiss confederation",
    "CI": "ivory coast",
    "CZ": "czech republic|the czech republic",
    "GB": "uk|the uk|u.k.|the united kingdom|great britain|britain",
    "HK": "hong kong",
    "IN": "bharat|republic of india",
    "KR": "korea|republic of korea",
    "MM": "myanmar|burma",
    "MO": "macao|macau",
    "MK": "macedonia",
    "NL": "the netherlands|holland",
    "PH": "the philippines",
    "RU": "russian federation",
    "SA": "ksa|kingdom of saudi arabia",
    "SZ": "swaziland",
    "TR": "turkey",
    "TT": "trinidad",
    "US": "usa|the usa|america|the us|u.s.|u.s.a.|the united states|united states of america|the states|"
    "the united states of america",
    "VA": "vatican",
    "VN": "viet nam",
}
_ADJECTIVES = {
    "AE": "emirati",
    "AF": "afghan",
    "AR": "argentinian|argentine",
    "AT": "austrian",
    "AU": "australian|aussie",
    "BD": "bangladeshi",
    "BE": "belgian",
    "BG": "bulgarian",
    "BR": "brazilian",
    "BT": "bhutanese",
    "CA": "canadian",
    "CH": "swiss",
    "CL": "chilean",
    "CN": "chinese",
    "CO": "colombian",
    "CZ": "czech",
    "DE": "german",
    "DK": "danish",
    "EE": "estonian",
    "EG": "egyptian",
    "ES": "spanish",
    "FI": "finnish",
    "FR": "french",
    "GB": "british",
    "GR": "greek",
    "HR": "croatian",
    "HU": "hungarian",
    "ID": "indonesian",
    "IE": "irish",
    "IL": "israeli",
    "IN": "indian",
    "IT": "italian",
    "JP": "japanese",
    "KE": "kenyan",
    "KR": "korean|south korean",
    "LK": "sri lankan",
    "LT": "lithuanian",
    "LV": "latvian",
    "MX": "mexican",
    "MY": "malaysian",
    "NG": "nigerian",
    "NL": "dutch",
    "NO": "norwegian",
    "NP": "nepali|nepalese",
    "NZ": "new zealand",
    "PH": "filipino",
    "PK": "pakistani",
    "PL": "polish",
    "PT": "portuguese",
    "QA": "qatari",
    "RO": "romanian",
    "RU": "russian",
    "SA": "saudi",
    "SE": "swedish",
    "SG": "singaporean",
    "TH": "thai",
    "TR": "turkish",
    "UA": "ukrainian",
    "US": "american",
    "VN": "vietnamese",
    "ZA": "south african",
}
_ALPHA_3 = {"ARE": "AE", "AUS": "AU", "CAN": "CA", "DEU": "DE", "ESP": "ES", "FRA": "FR", "GBR": "GB", "IND": "IN",
            "ITA": "IT", "JPN": "JP", "NLD": "NL", "SGP": "SG", "USA": "US"}  # fmt: skip
_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})


@cache
def names_of_country(code: str) -> tuple[str, ...]:
    """What the country with this two-letter code is called, folded, without the codes."""
    english = Locale("en").territories.get(code, "")
    spellings = [
        english,
        english.replace("&", "and"),
        english.removesuffix(" SAR China"),
        *_ALSO.get(code, "").split("|"),
    ]
    return tuple(dict.fromkeys(fold(name) for name in spellings if name))


@cache
def adjectives_of_country(code: str) -> tuple[str, ...]:
    """Adjectives such as "german", folded."""
    return tuple(word for word in _ADJECTIVES.get(code, "").split("|") if word)


def code_of(value: str) -> str | None:
    """The two-letter code of a country stored by its name or by a code; None when it is no country."""
    return _codes().get(fold(value))


@cache
def _codes() -> dict[str, str]:
    known = {code: name for code, name in Locale("en").territories.items() if len(code) == 2 and code.isalpha()}
    codes = {name: code for code in known if code not in _NO_COUNTRIES for name in names_of_country(code)}
    codes |= {fold(code): code for code in known if code not in _NO_COUNTRIES}
    return codes | {fold(long): code for long, code in _ALPHA_3.items()}


@cache
def every_name() -> dict[str, str]:
    """Every name and adjective of every country, with its code; for saying that a shop has nobody there."""
    codes = {name: code for name, code in _codes().items() if len(name) > 3}
    return codes | {word: code for code in _ADJECTIVES for word in adjectives_of_country(code)}
