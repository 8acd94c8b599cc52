"""How fast a campaign went over its run, as a small line: kept by this process from the snapshots that pages get."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

from nicegui import ui

from app.campaigns.record.progress import Snapshot
from models.campaign import CampaignState
from pages.campaign_progress.figures import rate_words
from pages.components import text
from pages.components.text import box

MOST_POINTS = 90
"""When a run has more, every two become one, so that the line always shows the whole run."""

FIRST_STEP = 1.0
"""Seconds between two points at first."""

RUNS = 200
"""How many campaigns' lines a process keeps."""

WIDTH, HEIGHT = 240, 36


@dataclass
class Run:
    """The course of one campaign: people dealt with at moments that are `step` seconds apart.

    `line` is drawn from it once, for all pages; `fastest` is the highest rate in it.
    """

    step: float = FIRST_STEP
    points: list[tuple[float, int]] = field(default_factory=list)
    last: datetime | None = None
    line: str = ""
    fastest: float = 0.0

    def note(self, found: Snapshot) -> None:
        """Take up a snapshot, which several pages may bring."""
        if self.last is not None and found.at <= self.last:
            return
        self.last = found.at
        at, done = found.at.timestamp(), found.counts.audience - found.counts.pending
        if self.points and done < self.points[-1][1]:
            self.points.clear()
            self.step = FIRST_STEP
        if self.points and at - self.points[-1][0] < self.step:
            return
        self.points.append((at, done))
        if len(self.points) > MOST_POINTS:
            self.points = self.points[::2]
            self.step *= 2
        rates = self.rates()
        self.fastest = max(rates, default=0.0)
        self.line = points_of(rates) if self.fastest else ""

    def rates(self) -> list[float]:
        """People a second between each two points."""
        pairs = zip(self.points, self.points[1:], strict=False)
        return [(done - before) / (at - since) for (since, before), (at, done) in pairs]


_runs: OrderedDict[str, Run] = OrderedDict()


def run_of(campaign_id: str) -> Run:
    """The run of this campaign as this process has seen it."""
    run = _runs.setdefault(campaign_id, Run())
    _runs.move_to_end(campaign_id)
    while len(_runs) > RUNS:
        _runs.popitem(last=False)
    return run


def points_of(rates: list[float]) -> str:
    """The line for an SVG of WIDTH by HEIGHT; nothing for fewer than two rates."""
    if len(rates) < 2:
        return ""
    top = max(rates) or 1.0
    step = WIDTH / (len(rates) - 1)
    return " ".join(f"{n * step:.1f},{HEIGHT - 2 - rate / top * (HEIGHT - 4):.1f}" for n, rate in enumerate(rates))


class RateLine:
    """The line with its highest rate; out of sight until there is something to see."""

    def __init__(self, campaign_id: str, locale: str) -> None:
        self._run = run_of(campaign_id)
        self._locale = locale
        self._shown = ""
        with box("rate-line") as self._place:
            with ui.element("svg") as drawing:
                drawing.props["viewBox"] = f"0 0 {WIDTH} {HEIGHT}"
                drawing.props["preserveAspectRatio"] = "none"
                drawing.props["aria-hidden"] = "true"
                self._area = ui.element("polygon")
                self._line = ui.element("polyline")
            self._most = text("", "muted t12 num").mark("fastest")
        self._place.set_visibility(False)

    def show(self, found: Snapshot) -> None:
        """Follow the snapshot: at most one change a second, and none while nothing is sent."""
        if found.state in (CampaignState.RUNNING, CampaignState.FINISHING, CampaignState.DONE):
            self._run.note(found)
        points = self._run.line
        if points == self._shown:
            return
        self._shown = points
        self._line.props["points"] = points
        self._area.props["points"] = f"0,{HEIGHT} {points} {WIDTH},{HEIGHT}" if points else ""
        self._most.text = f"up to {rate_words(self._run.fastest, self._locale)}" if points else ""
        self._place.set_visibility(bool(points))
