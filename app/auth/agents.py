"""A User-Agent header in a few words, such as "Firefox on Linux"."""

from __future__ import annotations

import re

# The first that fits counts: Edge and Opera also call themselves Chrome, and Chrome calls itself Safari.
BROWSERS = (
    (r"\bEdgi?A?(?:OS)?/", "Edge"),
    (r"\bOPR/|\bOPiOS/", "Opera"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\bVivaldi/", "Vivaldi"),
    (r"\bFirefox/|\bFxiOS/", "Firefox"),
    (r"\bHeadlessChrome/|\bChrome/|\bCriOS/|\bChromium/", "Chrome"),
    (r"\bVersion/[\d.]+.*\bSafari/", "Safari"),
)
SYSTEMS = (
    (r"\bWindows\b", "Windows"),
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bAndroid\b", "Android"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bMac OS X\b|\bMacintosh\b", "macOS"),
    (r"\bLinux\b|\bX11\b", "Linux"),
)
_PROGRAM = re.compile(r"[A-Za-z][\w.+-]{1,40}")


def words_of(agent: str) -> str:
    """Browser and system; a program's own name; "Unknown" where nothing is said."""
    browser, system = _first(BROWSERS, agent), _first(SYSTEMS, agent)
    if browser and system:
        return f"{browser} on {system}"
    if browser:
        return browser
    program = _PROGRAM.match(agent)
    if program and program[0] != "Mozilla":
        return program[0]
    return f"A browser on {system}" if system else "Unknown"


def _first(known: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for pattern, name in known if re.search(pattern, agent)), "")
