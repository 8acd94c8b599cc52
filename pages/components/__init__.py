"""What two pages share, each part in a file of its own."""

from pages.components.button import Button, button, icon_button
from pages.components.card import card
from pages.components.cells import (
    action_cell,
    chip_cell,
    chips_cell,
    date_cell,
    money_cell,
    number_cell,
    person_cell,
    progress_cell,
    text_cell,
)
from pages.components.chip import (
    CAMPAIGN_TONES,
    DELIVERY_TONES,
    IMPORT_TONES,
    ORDER_TONES,
    campaign_chip,
    campaign_word,
    chip,
    delivery_chip,
    import_chip,
    order_chip,
    state_word,
)
from pages.components.confirm import confirm
from pages.components.dates import ago, ago_label, clock, day, moment, zone_of
from pages.components.empty import empty_state
from pages.components.field import (
    chips_field,
    date_field,
    labelled,
    money_field,
    number_field,
    select_field,
    show_errors,
    switch_field,
    text_field,
    textarea,
)
from pages.components.figures import compact, money, money_label, number, percent, plural, signed
from pages.components.filters import filter_bar, filter_day, filter_select, search_input
from pages.components.icon import icon
from pages.components.loading import Region, error_state
from pages.components.person import avatar, initials, person
from pages.components.problem import explain
from pages.components.progress import Part, ProgressBar, progress
from pages.components.sheet import Sheet
from pages.components.skeleton import skeleton, skeleton_block, skeleton_tiles
from pages.components.stat import spark, stat
from pages.components.table import Ask, Column, DataTable, Page, Row
from pages.components.tabs import Tabs, segmented, tabs
from pages.components.text import box, text
from pages.components.toast import toast

__all__ = [
    "CAMPAIGN_TONES",
    "DELIVERY_TONES",
    "IMPORT_TONES",
    "ORDER_TONES",
    "Ask",
    "Button",
    "Column",
    "DataTable",
    "Page",
    "Part",
    "ProgressBar",
    "Region",
    "Row",
    "Sheet",
    "Tabs",
    "action_cell",
    "ago",
    "ago_label",
    "avatar",
    "box",
    "button",
    "campaign_chip",
    "campaign_word",
    "card",
    "chip",
    "chip_cell",
    "chips_cell",
    "chips_field",
    "clock",
    "compact",
    "confirm",
    "date_cell",
    "date_field",
    "day",
    "delivery_chip",
    "empty_state",
    "error_state",
    "explain",
    "filter_bar",
    "filter_day",
    "filter_select",
    "icon",
    "icon_button",
    "import_chip",
    "initials",
    "labelled",
    "moment",
    "money",
    "money_cell",
    "money_field",
    "money_label",
    "number",
    "number_cell",
    "number_field",
    "order_chip",
    "percent",
    "person",
    "person_cell",
    "plural",
    "progress",
    "progress_cell",
    "search_input",
    "segmented",
    "select_field",
    "show_errors",
    "signed",
    "skeleton",
    "skeleton_block",
    "skeleton_tiles",
    "spark",
    "stat",
    "state_word",
    "switch_field",
    "tabs",
    "text",
    "text_cell",
    "text_field",
    "textarea",
    "toast",
    "zone_of",
]
