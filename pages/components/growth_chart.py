"""The size of a segment over time as one line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from nicegui import ui

from models.segment_record import SegmentRecord
from pages.components import dates, figures
from pages.components.chart import FONT


def growth_chart(
    records: Sequence[SegmentRecord], zone: ZoneInfo, locale: str = "en_US", *, since: SegmentRecord | None = None
) -> ui.echart:
    """The records at their times in the shop's zone; the part from `since` on is the stronger one."""
    points = [[_local(record, zone), record.size] for record in records]
    start = records.index(since) if since in records else 0
    widest = figures.number(max(record.size for record in records), locale)
    options: dict[str, Any] = {
        "animation": False,
        "textStyle": {"fontFamily": FONT},
        "grid": {"left": 18 + 7 * len(widest), "right": 12, "top": 12, "bottom": 28},
        "tooltip": {
            "trigger": "axis",
            "backgroundColor": "var(--surface)",
            "borderColor": "var(--gray-5)",
            "textStyle": {"color": "var(--gray-12)", "fontSize": 12, "fontFamily": FONT},
            "confine": True,
        },
        "xAxis": {
            "type": "time",
            "axisTick": {"show": False},
            "axisLine": {"lineStyle": {"color": "var(--gray-6)"}},
            "axisLabel": {
                "color": "var(--gray-11)",
                "fontSize": 12,
                "hideOverlap": True,
                "margin": 10,
                "formatter": _axis_words(locale, with_clock=_days(records) <= 2),
            },
        },
        "yAxis": {
            "type": "value",
            "scale": True,
            "splitNumber": 3,
            "minInterval": 1,
            "splitLine": {"lineStyle": {"color": "var(--gray-4)"}},
            "axisLabel": {"color": "var(--gray-11)", "fontSize": 12},
        },
        "series": [
            _line("Size before", points[: start + 1], "var(--gray-8)", 1.5) if start else None,
            _line("Size", points[start:], "var(--accent-9)", 2),
        ],
    }
    options["series"] = [line for line in options["series"] if line]
    chart = ui.echart(options, renderer="svg").style("height:220px")
    chart.props["role"] = "img"
    first, last = records[0], records[-1]
    chart.props["aria-label"] = (
        f"Size from {figures.number(first.size, locale)} on {dates.day(first.at, locale, zone=zone)} "
        f"to {figures.number(last.size, locale)} on {dates.day(last.at, locale, zone=zone)}"
    )
    return chart


def _axis_words(locale: str, *, with_clock: bool) -> str:
    """The chart's pattern for a day, in the order of the locale."""
    day_first = format_skeleton("MMMd", date(2001, 1, 28), locale=locale)[:2] == "28"
    return ("{d} {MMM}" if day_first else "{MMM} {d}") + (" {HH}:{mm}" if with_clock else "")


def _days(records: Sequence[SegmentRecord]) -> int:
    return (records[-1].at - records[0].at).days


def _local(record: SegmentRecord, zone: ZoneInfo) -> str:
    """The wall clock of the zone; without an offset the browser takes it as it is."""
    return record.at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")


def _line(name: str, points: list[list[Any]], colour: str, width: float) -> dict[str, Any]:
    return {
        "name": name,
        "type": "line",
        "data": points,
        "showSymbol": len(points) < 32,
        "symbol": "circle",
        "symbolSize": 6,
        "itemStyle": {"color": colour},
        "lineStyle": {"color": colour, "width": width},
        "emphasis": {"disabled": True},
    }
