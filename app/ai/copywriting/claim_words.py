"""The words that promise something, by kind. English, with the commonest of a few other languages."""

from __future__ import annotations

from collections.abc import Mapping

KINDS: Mapping[str, str] = {
    "a discount": (
        r"discount\w*|sales?|savings?|saves?|saving|deals?|offers?|bargains?|reduc\w+|mark(ed)? ?downs?|"
        r"rebates?|cash ?back|cheap\w*|half[- ]price|\w+[- ]off\b(?= (your|all|every|the|any|selected|"
        r"everything|orders?))|price drop|(?<=%) ?off|(percent|per cent) off|rabatt\w*|angebote?|sonderpreis|"
        r"remises?|soldes?|promotions?|promos?|descuentos?|ofertas?|rebajas?|sconto|offerta|छूट|ऑफर"
    ),
    "something free": (
        r"(?<!feel )free(?!dom|ly)|freebies?|complimentary|no (extra )?(charge|cost)|on the house|gratis|"
        r"kostenlos\w*|gratuit\w*|gratuito|मुफ़्त|मुफ्त"
    ),
    "a gift or reward": (
        r"gifts?|bonus(es)?|giveaways?|rewards?|points|prizes?|treat (from|on) us|geschenke?|cadeaux?|regalos?"
    ),
    "a code": (r"codes?|coupons?|vouchers?|gutschein\w*|cupón|cupones"),
    "a time limit": (
        r"deadline|expir\w+|ends?|ending|until|till|last (chance|day|days|hours|call)|final (day|days|hours|"
        r"call)|limited|hurry|rush|today only|only today|for one day|one day only|don'?t (miss|wait)|"
        r"before it'?s (gone|too late|over)|while (stocks?|supplies|it|they) lasts?|act (now|fast)|"
        r"clock is ticking|running out|running low|now or never|midnight|tonight|tomorrow|this (week|weekend|"
        r"month)|next (week|weekend|month)|hours only|bis zum|nur heute|jusqu'?au|dernière chance|hasta el|"
        r"última oportunidad"
    ),
    "scarcity": (
        r"(only|just) (a few|a handful|\w+) (left|remaining)|few left|sell(ing|s)? (out|fast)|sold out|"
        r"almost gone|last (few|ones|items?|pieces?)|going fast|in stock|out of stock|back in stock|restock\w*|"
        r"available again"
    ),
    "exclusivity": (
        r"exclusive\w*|members?[- ]only|early access|first access|priority access|vip|invitation[- ]only|"
        r"sneak peek|special access|before (anyone|everyone) else"
    ),
    "a guarantee": (
        r"guarant\w+|warrant\w+|money[- ]back|refund\w*|risk[- ]free|no[- ]risk|free returns?|easy returns?|"
        r"return policy|(30|60|90|thirty)[- ]day returns?|promise[sd]?|garanti\w*"
    ),
    "delivery": (
        r"shipping|shipped|ships|shipment|deliver\w*|postage|dispatch\w*|same[- ]day|next[- ]day|versand\w*|"
        r"livraison|envíos?|spedizione"
    ),
    "a price": (r"prices?|priced|pricing|costs?|affordab\w+|bucks|(?<!\d)(?<!\d\s)%"),
    "something new": (
        r"new|newest|brand[- ]new|latest|just (landed|arrived|launched|in)|launch\w*|arriv\w+|introduc\w+|"
        r"debut\w*|unveil\w*|neue?[rsn]?|nouve\w+|nuev\w+"
    ),
    "an award, rank or proof": (
        r"awards?|award[- ]winning|certified|proven|clinical\w*|scientific\w*|doctors?|experts?|"
        r"best[- ]?sell\w+|best (price|in class|ever|quality)|lowest|number one|no\. ?1|#1|top[- ]rated|rated|"
        r"ratings?|reviews?|most (popular|loved|trusted|wanted)|world'?s|unbeatable|leading|thousands|millions|"
        r"hundreds|dozens|(four|five|[45])[- ]stars?|premium|highest"
    ),
    "a quality": (
        r"organic|sustainab\w+|eco[- ]?\w*|vegan|cruelty[- ]free|natural|hand[- ]?made|recycl\w+|carbon\w*|"
        r"non[- ]?toxic|hypoallergenic|chemical[- ]free|locally|fair[- ]?trade|local(ly)? (made|sourced)"
    ),
    "a multiple or part": (r"double|triple|twice|half|dozen|x\d|\dx|two[- ]for[- ]one|bogo|buy one"),
    "credit or tax": (r"instal?lments?|interest|credit|pay later|tax\w*|vat|loans?|refer(ral)?s?"),
    "a contest": (r"win|winners?|raffle|contests?|competitions?|sweepstakes?|lottery|giveaways?|draw"),
    "an event": (
        r"webinars?|livestreams?|live streams?|workshops?|masterclass\w*|pop[- ]?up|opening hours|we'?re open|"
        r"in[- ]store"
    ),
}
"""What a claim is called, and the regular expression of its words."""
