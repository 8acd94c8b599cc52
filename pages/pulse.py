"""The chip in the top bar that says how far the running campaigns are, on every page."""

from __future__ import annotations

from functools import lru_cache

from nicegui import Client, ui
from nicegui.elements.mixins.text_element import TextElement

from app.auth.permissions import allowed
from app.campaigns.record.live import updates
from app.campaigns.record.progress import Counts, Snapshot, counts_of_many
from models.campaign import Campaign, CampaignState
from models.member import Member
from pages.components.figures import percent

MOVING = (CampaignState.PREPARING, CampaignState.RUNNING, CampaignState.FINISHING)
MOST = 20


class Pulse(TextElement):
    """Hidden while nothing is being sent; one campaign by its share, several by their number and joint share."""

    def __init__(self, locale: str) -> None:
        super().__init__(tag="a", text="")
        self.classes("pulse num")
        self.set_visibility(False)
        self._locale = locale
        self._counts: dict[str, Counts] = {}

    def show(self, snapshot: Snapshot) -> None:
        """Take up what is known of one campaign; only a changed text travels to the browser."""
        id = str(snapshot.campaign_id)
        if snapshot.state in MOVING and not _idle(snapshot.counts):
            self._counts[id] = snapshot.counts
        else:
            self._counts.pop(id, None)
        self._draw()

    async def look(self) -> None:
        """Begin with the campaigns that run now."""
        running = await Campaign.find({"state": {"$in": list(MOVING)}}).limit(MOST).to_list()
        counts = await counts_of_many(running)
        self._counts = {str(id): found for id, found in counts.items() if not _idle(found)}
        self._draw()

    def _draw(self) -> None:
        if self.is_deleted:
            return
        self.set_visibility(bool(self._counts))
        if not self._counts:
            return
        audience = sum(counts.audience for counts in self._counts.values())
        done = audience - sum(counts.pending for counts in self._counts.values())
        many = len(self._counts)
        words = _words(round(100 * done / audience) if audience else 0, many, self._locale)
        if self.text != words:
            self.text = words
        href = f"/campaigns/{next(iter(self._counts))}" if many == 1 else "/campaigns"
        if self.props.get("href") != href:
            self.props["href"] = href


def _idle(counts: Counts) -> bool:
    """Whether nobody waits in it: a standing campaign runs on so."""
    return counts.audience > 0 and counts.pending == 0


@lru_cache(maxsize=256)
def _words(hundredths: int, many: int, locale: str) -> str:
    """Written once, however many pages show it."""
    share = percent(hundredths / 100, locale, digits=0)
    return f"Sending: {share}" if many == 1 else f"Sending {many} campaigns: {share}"


def draw(member: Member) -> None:
    """Put the chip on the page. It subscribes first and then reads, so that nothing between the two is lost."""
    if not allowed(member, "campaigns.read"):
        return
    chip = Pulse(member.locale)
    client: Client = ui.context.client
    endings: list[object] = []

    async def begin() -> None:
        if not endings:
            end = updates.subscribe(None, chip.show)
            endings.append(end)
            client.on_delete(end)
        await chip.look()

    client.on_connect(begin)
