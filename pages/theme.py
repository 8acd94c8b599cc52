"""The tokens of the face: colours, type, space; and the one style sheet made of them.

Colours are steps of Radix Colors scales (slate, iris, jade, amber, tomato, sky): step 3 is a tint, 9 a solid, 11 text
and 12 strong text. Every pair 11-on-3 and 12-on-1 holds a contrast of 4.5:1 in light and in dark.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from urllib.parse import quote

STATIC = Path(__file__).parent / "static"

LIGHT = {
    "gray": "#fcfcfd #f9f9fb #f0f0f3 #e8e8ec #e0e1e6 #d9d9e0 #cdced6 #b9bbc6 #8b8d98 #80838d #60646c #1c2024",
    "accent": "#fdfdff #f8f8ff #f0f1fe #e6e7ff #dadcff #cbcdff #b8baf8 #9b9ef0 #5b5bd6 #5151cd #5753c6 #272962",
}
DARK = {
    "gray": "#111113 #18191b #212225 #272a2d #2e3135 #363a3f #43484e #5a6169 #696e77 #777b84 #b0b4ba #edeef0",
    "accent": "#13131e #171625 #202248 #262a65 #303374 #3d3e82 #4a4a95 #5958b1 #635fd6 #7a77e6 #b1a9ff #e0dffe",
}
TONES: dict[str, tuple[str, str, str, str, str, str]] = {
    "good": ("#e6f7ed", "#29a383", "#1d755e", "#0f2e22", "#29a383", "#1fd8a4"),
    "warn": ("#fff7c2", "#ffc53d", "#8f5400", "#302008", "#ffc53d", "#ffca16"),
    "bad": ("#feebe7", "#e54d2e", "#c22d10", "#391714", "#e54d2e", "#ff977d"),
    "info": ("#e1f6fd", "#0091c2", "#006b91", "#112840", "#0091c2", "#75c7f0"),
}
"""Steps 3, 9 and 11 of each tone, light then dark."""

SPACE = ("0", "0.5", "1", "1.5", "2", "2.5", "3", "3.5", "4", "5", "6", "7", "8", "10", "12", "16")
SCREENS = {"md": 768, "lg": 1100}


def stylesheet() -> str:
    """The whole style sheet: tokens, parts, utility classes, icons."""
    return _sheet()[0]


def stylesheet_url() -> str:
    """Its address, which changes with its content, so that browsers may keep it for ever."""
    return f"/face/theme-{_sheet()[1]}.css"


@cache
def _sheet() -> tuple[str, str]:
    parts = (STATIC / "parts.css").read_text(encoding="utf-8")
    text = "\n".join((_tokens(), _tones(), parts, _utilities(), _icons()))
    return text, hashlib.sha256(text.encode()).hexdigest()[:12]


def _tokens() -> str:
    def steps(scales: dict[str, str], offset: int) -> str:
        lines = [f"--{name}-{n}:{value}" for name, row in scales.items() for n, value in enumerate(row.split(), 1)]
        lines += [
            f"--{name}-{step}:{values[offset + k]}"
            for name, values in TONES.items()
            for k, step in enumerate(("3", "9", "11"))
        ]
        return ";".join(lines)

    return (
        f":root{{{steps(LIGHT, 0)};--surface:#fff;--ground:var(--gray-2);--rail:var(--gray-1);--danger:#c22d10;"
        "--faint:#6f727b;"
        "--radius:10px;--shadow:0 1px 2px rgb(0 0 0/.04),0 1px 0 rgb(0 0 0/.02);"
        "--float:0 12px 32px rgb(0 0 0/.12),0 2px 6px rgb(0 0 0/.06);--scrim:rgb(20 22 26/.32);color-scheme:light}\n"
        f":root.dark{{{steps(DARK, 3)};--surface:var(--gray-2);--ground:var(--gray-1);--rail:#131416;--danger:#c8381b;"
        "--faint:#868a93;"
        "--shadow:none;--float:0 16px 40px rgb(0 0 0/.5),0 0 0 1px var(--gray-5);--scrim:rgb(0 0 0/.56);"
        "color-scheme:dark}"
    )


def _tones() -> str:
    names = [*TONES, "accent"]
    rules = [
        f".chip.{t}{{background:var(--{t}-3);color:var(--{t}-11)}}.dot.{t},.bar>.{t}{{background:var(--{t}-9)}}"
        f".tone-{t}{{color:var(--{t}-11)}}"
        for t in names
    ]
    return "".join(rules) + (
        ".chip.gray{background:var(--gray-3);color:var(--gray-11)}.dot.gray,.bar>.gray{background:var(--gray-8)}"
        ".tone-gray{color:var(--gray-11)}"
    )


def _utilities() -> str:
    """A small fixed set of utility classes under Tailwind's names, so that no style compiler runs in the browser."""
    rules: dict[str, str] = {}
    for step in SPACE:
        size = f"{float(step) * 4:g}px"
        name = step.replace(".", r"\.")
        for key, sides in _SIDES.items():
            rules[f"{key}-{name}"] = ";".join(f"{side}:{size}" for side in sides)
    rules |= {f"m{side}-auto": f"{css}:auto" for side, css in (("l", "margin-left"), ("r", "margin-right"))}
    rules |= {"mx-auto": "margin-left:auto;margin-right:auto"}
    rules |= _FIXED
    rules |= {f"grid-cols-{n}": f"grid-template-columns:repeat({n},minmax(0,1fr))" for n in range(1, 7)}
    rules |= {f"col-span-{n}": f"grid-column:span {n}/span {n}" for n in range(1, 7)}
    rules |= {f"w-{n}": f"width:{n * 4}px" for n in (4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 56, 64, 72, 80, 96)}
    rules |= {f"h-{n}": f"height:{n * 4}px" for n in (2, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 56, 64, 72, 80)}
    plain = "".join(f".{name}{{{css}}}" for name, css in rules.items())
    responsive = {
        name: css
        for name, css in rules.items()
        if name.startswith(("grid-cols", "col-span", "gap-", "p-", "px-", "py-", "w-")) or name in _RESPONSIVE
    }
    return plain + "".join(
        f"@media(min-width:{width}px){{" + "".join(f".{screen}\\:{n}{{{css}}}" for n, css in responsive.items()) + "}"
        for screen, width in SCREENS.items()
    )


_SIDES = {
    "p": ("padding",),
    "px": ("padding-left", "padding-right"),
    "py": ("padding-top", "padding-bottom"),
    "pt": ("padding-top",),
    "pr": ("padding-right",),
    "pb": ("padding-bottom",),
    "pl": ("padding-left",),
    "m": ("margin",),
    "mx": ("margin-left", "margin-right"),
    "my": ("margin-top", "margin-bottom"),
    "mt": ("margin-top",),
    "mr": ("margin-right",),
    "mb": ("margin-bottom",),
    "ml": ("margin-left",),
    "gap": ("gap",),
    "gap-x": ("column-gap",),
    "gap-y": ("row-gap",),
}
_FIXED = {
    "flex": "display:flex",
    "inline-flex": "display:inline-flex",
    "grid": "display:grid",
    "block": "display:block",
    "inline-block": "display:inline-block",
    "flex-row": "flex-direction:row",
    "flex-col": "flex-direction:column",
    "flex-wrap": "flex-wrap:wrap",
    "flex-nowrap": "flex-wrap:nowrap",
    "flex-1": "flex:1 1 0%",
    "flex-none": "flex:none",
    "grow": "flex-grow:1",
    "grow-0": "flex-grow:0",
    "shrink-0": "flex-shrink:0",
    "items-start": "align-items:flex-start",
    "items-center": "align-items:center",
    "items-end": "align-items:flex-end",
    "items-baseline": "align-items:baseline",
    "items-stretch": "align-items:stretch",
    "justify-start": "justify-content:flex-start",
    "justify-center": "justify-content:center",
    "justify-end": "justify-content:flex-end",
    "justify-between": "justify-content:space-between",
    "self-start": "align-self:flex-start",
    "self-center": "align-self:center",
    "self-end": "align-self:flex-end",
    "self-stretch": "align-self:stretch",
    "w-full": "width:100%",
    "w-auto": "width:auto",
    "h-full": "height:100%",
    "h-auto": "height:auto",
    "min-w-0": "min-width:0",
    "min-h-0": "min-height:0",
    "max-w-full": "max-width:100%",
    "max-w-sm": "max-width:384px",
    "max-w-md": "max-width:448px",
    "max-w-lg": "max-width:512px",
    "max-w-xl": "max-width:576px",
    "max-w-2xl": "max-width:672px",
    "max-w-3xl": "max-width:768px",
    "text-left": "text-align:left",
    "text-center": "text-align:center",
    "text-right": "text-align:right",
    "whitespace-nowrap": "white-space:nowrap",
    "whitespace-pre-wrap": "white-space:pre-wrap",
    "break-words": "overflow-wrap:anywhere",
    "truncate": "overflow:hidden;text-overflow:ellipsis;white-space:nowrap",
    "overflow-hidden": "overflow:hidden",
    "overflow-auto": "overflow:auto",
    "overflow-x-auto": "overflow-x:auto",
    "overflow-y-auto": "overflow-y:auto",
    "relative": "position:relative",
    "absolute": "position:absolute",
    "sticky": "position:sticky",
    "cursor-pointer": "cursor:pointer",
    "rounded": "border-radius:6px",
    "rounded-lg": "border-radius:var(--radius)",
    "rounded-full": "border-radius:9999px",
    "sr-only": "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap",
}
_RESPONSIVE = {"flex", "block", "flex-row", "flex-col", "flex-nowrap", "items-center", "items-end", "text-right"}


def icon_names() -> frozenset[str]:
    """The icons there are."""
    return frozenset(_icon_paths())


@cache
def _icon_paths() -> dict[str, str]:
    return dict(json.loads((STATIC / "icons.json").read_text(encoding="utf-8")))


def _icons() -> str:
    """Each icon as a mask in the text's colour: one element on the page, no font to wait for."""
    head = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#000" stroke-width="1.9" '
        'stroke-linecap="round" stroke-linejoin="round">'
    )
    return "".join(
        f'.ic-{name}{{--ic:url("data:image/svg+xml,{quote(head + body + "</svg>", safe=_SVG_SAFE)}")}}'
        for name, body in _icon_paths().items()
    )


_SVG_SAFE = " =:/'(),;.-+*"
