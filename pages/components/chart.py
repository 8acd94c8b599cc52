"""Charts, drawn as SVG with the colours of the style sheet, so that they follow the theme by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import get_currency_symbol
from nicegui import ui

from app.dashboard import Day
from pages.components import figures

FONT = "Inter, system-ui, sans-serif"


def revenue_chart(days: Sequence[Day], currency: str, locale: str = "en_US", *, height: int = 264) -> ui.echart:
    """Bars per day, revenue of first orders on top of that of returning customers."""
    returning = [float(day.revenue - day.new_revenue) for day in days]
    first = [float(day.new_revenue) for day in days]
    symbol = get_currency_symbol(currency, locale=locale)
    widest = figures.money(max((day.revenue for day in days), default=Decimal(0)), currency, locale, whole=True)
    options: dict[str, Any] = {
        "color": ["var(--accent-9)", "var(--accent-7)"],
        "animation": False,
        "textStyle": {"fontFamily": FONT},
        "grid": {"left": 16 + 7 * len(widest), "right": 4, "top": 40, "bottom": 28},
        "legend": {
            "left": 0,
            "top": 0,
            "icon": "circle",
            "itemWidth": 8,
            "itemHeight": 8,
            "itemGap": 18,
            "textStyle": {"color": "var(--gray-11)", "fontSize": 12},
            "selectedMode": False,
        },
        "tooltip": {
            "trigger": "axis",
            "axisPointer": {"type": "shadow", "shadowStyle": {"color": "var(--gray-4)", "opacity": 0.5}},
            "backgroundColor": "var(--surface)",
            "borderColor": "var(--gray-5)",
            "textStyle": {"color": "var(--gray-12)", "fontSize": 12, "fontFamily": FONT},
            "confine": True,
        },
        "xAxis": {
            "type": "category",
            "data": [format_date(day.date, "MMM d", locale=locale) for day in days],
            "axisTick": {"show": False},
            "axisLine": {"lineStyle": {"color": "var(--gray-6)"}},
            "axisLabel": {"color": "var(--gray-11)", "fontSize": 12, "hideOverlap": True, "margin": 10},
        },
        "yAxis": {
            "type": "value",
            "splitNumber": 4,
            "splitLine": {"lineStyle": {"color": "var(--gray-4)"}},
            "axisLabel": {"color": "var(--gray-11)", "fontSize": 12, "formatter": symbol + "{value}"},
        },
        "series": [
            _bars("Returning customers", returning),
            {**_bars("First orders", first), "itemStyle": {"borderRadius": [3, 3, 0, 0]}},
        ],
    }
    chart = ui.echart(options, renderer="svg").style(f"height:{height}px")
    total = sum(day.revenue for day in days)
    chart.props["role"] = "img"
    chart.props["aria-label"] = f"Revenue per day, {figures.money(total, currency, locale)} in all"
    return chart


def _bars(name: str, values: list[float]) -> dict[str, Any]:
    return {
        "name": name,
        "type": "bar",
        "stack": "revenue",
        "barWidth": "62%",
        "data": [round(value, 2) for value in values],
        "emphasis": {"disabled": True},
    }
