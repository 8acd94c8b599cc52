"""Slips of the keyboard in the words of the language and of the shop: the usual ones, or one letter wrong."""

from __future__ import annotations

from collections.abc import Iterable

_CORRECTABLE = """
    customers customer orders ordered order purchase purchased purchases bought total spent spend birthday
    birthdays tagged category coupon segment segments campaign campaigns signed joined registered gender
    country average opened clicked received accepts subscribed people between women website female first value
    number lifetime phone email emails address living aged months month weeks years quarter yesterday january
    february march april august september october november december twice cancelled refunded refund largest
    online buyers referral tags times
"""
CORRECTABLE = frozenset(_CORRECTABLE.split())
"""Words that are worth correcting: those that name a field or a deed, never those that compare, deny or join."""

_USUAL = {
    "teh": "the", "hte": "the", "wth": "with", "wiht": "with", "wich": "which", "frm": "from",
    "tahn": "than", "thna": "than", "moer": "more", "mroe": "more", "adn": "and", "nad": "and", "n": "and",
    "nto": "not", "ppl": "people", "peeps": "people", "whos": "whose", "hav": "have", "hv": "have", "lst": "last",
    "laste": "last", "spended": "spent", "spented": "spent", "spentd": "spent", "buyed": "bought", "bougth": "bought",
    "boght": "bought", "mth": "month", "mths": "months", "mnth": "month", "mnths": "months",
    "wk": "week", "wks": "weeks", "qtr": "quarter", "bilion": "billion",
    "milion": "million", "thousend": "thousand", "recieved": "received", "recieve": "receive", "cancled": "cancelled",
    "subscibed": "subscribed", "unsubscibed": "unsubscribed", "purchesed": "purchased", "costumers": "customers",
    "costumer": "customer", "clickd": "clicked", "opend": "opened", "sined": "signed", "livin": "living",
    "betwen": "between", "beetween": "between", "thru": "through",
    "avarage": "average", "avrg": "average", "catagory": "category", "categry": "category",
}  # fmt: skip
"""Slips and short forms that are written often and can be read in one way, though more than one letter is wrong."""

_NEIGHBOURS = """
    aged ages assigned bagged bags bears beast beside bolder border bordered borders bough boughs brought
    burst caged caught cent cigned clever clicker coined colder costumer costumes counties country's counts
    county custom customs deceived designed diving ears elder emailed emails event events ever feast females
    fever fired fist folder fought fund funds gagged gears geeks giving gmail hear holder inside items join
    joiner joins joint lagged larch last lease leased leash least's leaving leeks lest lever liking limes
    lines lining living's loving mail mails male march match montage monthly moths mount mouth nagged never
    newer nine nought numbed numbers odder oder offline older online's onlines opener opens opined order's
    orderer ordering orders' ordinal ought outline outsider paged parch peeks peopled peoples persons phase
    phones phony prone purchaser purchasers purchasing raged ragged rags reach recieve recorders refunds
    refused relieved remails reopened resigned rough scent seeks sender sent sever sighed signed signer signet
    signs singed singles sought sped speed speeds spell spelt spend spender spender's spends stages stags
    starch stone tabs tag tag's tagger tagging tags tailed taps teach teams tears tender thirst though thought
    thoughts timed timer times tomes tonal total's totaled totalled totally totals tough tugs twitch vale
    valued values valve waged wagged wears weekly weeps women's wooden worders year yearly yeast
"""
_REAL_WORDS = frozenset(_NEIGHBOURS.split())
"""Words of their own that are a slip away from one of those."""


def corrected(word: str, known: Iterable[str] = (), names: Iterable[str] = ()) -> str | None:
    """The word a usual slip stands for, else the one correctable word that is a single slip away, or None.

    `known` adds words of the shop's own fields, `names` words of its values, for which only a letter missing, doubled
    or swapped counts, since two places may differ by one letter. A slip is a letter missing, added, changed, or two
    swapped (Damerau, 1964).
    """
    if word in _USUAL:
        return _USUAL[word]
    if len(word) < 4 or not word.isalpha() or word in _REAL_WORDS:
        return None
    near = {other for other in {*CORRECTABLE, *known} if len(other) >= 5 and _one_slip(word, other)}
    near |= {
        other
        for other in names
        if len(word) >= 5 and len(other) >= 5 and word[0] == other[0] and _one_slip(word, other, changed=False)
    }
    if len(near) > 1:
        near = {other for other in near if other[-1] == word[-1] and other[0] == word[0]}
    return near.pop() if len(near) == 1 else None


def _one_slip(word: str, other: str, *, changed: bool = True) -> bool:
    if word == other or abs(len(word) - len(other)) > 1:
        return False
    at = next((n for n, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    rest, kept = word[at:], other[at:]
    if len(word) == len(other):
        return (changed and rest[1:] == kept[1:]) or (rest[:2] == kept[:2][::-1] and rest[2:] == kept[2:])
    return rest[1:] == kept if len(word) > len(other) else rest == kept[1:]
