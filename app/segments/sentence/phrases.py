"""One condition on a customer's own field as a relative clause: "who live in Mumbai", "whose size is at least 42"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.segments.catalogue.fields import Field, FieldType
from app.segments.rule.nodes import Condition, Value
from app.segments.rule.normal import OPPOSITE, OPPOSITES
from app.segments.sentence.wording import Wording, listed, lowered, quoted, spoken

NEGATIVE = {opposite: operator for operator, opposite in OPPOSITES.items()}
LIVING = {"city": "", "region": "the region "}


@dataclass(frozen=True)
class Phrase:
    """A clause without its `lead` (who, whose, or nothing). `tail` is the lead in force where it ends."""

    lead: str
    text: str
    tail: str = ""
    bracketed: bool = False

    def told(self, before: str) -> str:
        """The clause after another one that ended on the lead `before`, which need not be said twice."""
        said = self.lead == before == "who" or not self.lead
        if not self.bracketed:
            return self.text if said else f"{self.lead} {self.text}"
        if said or self.lead == "who":
            return f"({self.text})" if said else f"who ({self.text})"
        return f"({self.lead} {self.text})"


@dataclass(frozen=True)
class Deed:
    """What a customer did: with and without a negation, and how to say that it is unknown."""

    did: str
    did_not: str
    unknown: str = ""


DATES: Mapping[str, Deed] = {
    "last_order_at": Deed("placed their last order", "did not place their last order", "never ordered"),
    "first_order_at": Deed("placed their first order", "did not place their first order", "never ordered"),
    "signed_up_at": Deed("signed up", "did not sign up", "whose sign-up date is unknown"),
    "birthday": Deed("were born", "were not born", "whose birthday is unknown"),
}


def who(text: str) -> Phrase:
    """A clause about what the customer is or does."""
    return Phrase("who", text, "who")


def whose(text: str) -> Phrase:
    """A clause about something the customer has."""
    return Phrase("whose", text, "whose")


def phrase(condition: Condition, field: Field, words: Wording) -> Phrase:
    """The clause of one condition, its negation included."""
    condition = _straight(condition, field)
    if field.type is FieldType.DATE:
        return _date(condition, field, words)
    if field.type is FieldType.BOOLEAN:
        return _boolean(condition, field)
    if field.type is FieldType.TAGS:
        return _tags(condition, field)
    if field.type in (FieldType.TEXT, FieldType.ENUM):
        return _text(condition, field)
    return _number(condition, field, words)


def _straight(condition: Condition, field: Field) -> Condition:
    """A negation said by the opposite operator, where the opposite selects exactly everybody else."""
    opposite = OPPOSITE.get(condition.operator)
    if condition.negated and opposite and field.type is not FieldType.BOOLEAN:
        return replace(condition, operator=opposite, negated=False)
    return condition


def _text(condition: Condition, field: Field) -> Phrase:
    operator, label = condition.operator, lowered(field.label)
    positive = NEGATIVE.get(operator, operator)
    denied = condition.negated or operator in NEGATIVE
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    said = listed([spoken(value, field) for value in values], "or")
    if positive == "null":
        return whose(f"{label} is {'known' if denied else 'unknown'}")
    if positive in ("=", "in"):
        if field.name in LIVING:
            unknown = f" (or whose {label} is unknown)" if denied else ""
            return who(f"{'do not live' if denied else 'live'} in {LIVING[field.name]}{said}{unknown}")
        return whose(f"{label} is {f'not {said} (or is unknown)' if denied else said}")
    verb, base = {
        "contains": ("contains", "contain"),
        "beginsWith": ("begins with", "begin with"),
        "endsWith": ("ends with", "end with"),
    }[positive]
    said = quoted(values[0])
    return whose(f"{label} {f'does not {base} {said} (or is unknown)' if denied else f'{verb} {said}'}")


def _tags(condition: Condition, field: Field) -> Phrase:
    operator, denied = condition.operator, condition.negated
    values = [quoted(value) for value in condition.value] if isinstance(condition.value, tuple) else []
    if field.name != "tags":
        return _list_attribute(condition, lowered(field.label), values)
    if operator in ("null", "notNull"):
        return who("have no tags" if operator == "null" else "have at least one tag")
    if operator == "allOf" and len(values) > 1:
        said = listed(values, "and")
        every = "both" if len(values) == 2 else "all of"
        return who(f"are not tagged with {every} {said}" if denied else f"are tagged {said}")
    denied = denied or operator == "noneOf"
    return who(f"are {'not ' if denied else ''}tagged {listed(values, 'or')}")


def _list_attribute(condition: Condition, label: str, values: list[str]) -> Phrase:
    if condition.operator in ("null", "notNull"):
        return whose(f"{label} {'is unknown' if condition.operator == 'null' else 'is known'}")
    some, none = ("include", "do not include") if label.endswith("s") else ("includes", "does not include")
    if condition.operator == "allOf":
        return whose(f"{label} {f'{none} all of' if condition.negated else some} {listed(values, 'and')}")
    return whose(f"{label} {none if condition.operator == 'noneOf' else some} {listed(values, 'or')}")


def _boolean(condition: Condition, field: Field) -> Phrase:
    if field.group == "Consent":
        what = "email" if field.name == "email_opt_in" else "text messages"
        return who(f"accept {what}" if (condition.value is True) != condition.negated else f"do not accept {what}")
    said = "yes" if condition.value is True else "no"
    return whose(f"{lowered(field.label)} is {f'not {said} (or is unknown)' if condition.negated else said}")


def _number(condition: Condition, field: Field, words: Wording) -> Phrase:
    operator, value = condition.operator, condition.value
    denied = condition.negated or operator == "!="
    if operator in ("null", "notNull"):
        known = "known" if operator == "notNull" else "unknown"
        return whose(f"{lowered(field.label)} is {known}")
    special = {"total_spent": _spent, "order_count": _ordered, "average_order_value": _average, "age": _age}
    if field.name in special:
        return special[field.name](operator, value, denied, words)
    said = words.compared(operator, value, money=field.type is FieldType.MONEY, plain="")
    return whose(f"{lowered(field.label)} is {f'not {said} (or is unknown)' if denied else said}")


def _spent(operator: str, value: Value, denied: bool, words: Wording) -> Phrase:
    said = words.compared(operator, value, money=True)
    return who(f"{'did not spend' if denied else 'spent'} {said} in total")


def _ordered(operator: str, value: Value, denied: bool, words: Wording) -> Phrase:
    if (operator, value) in (("=", 0), ("<", 1), ("<=", 0)) and not denied:
        return who("have never ordered")
    if (operator, value) in ((">", 0), (">=", 1), ("!=", 0)) and denied == (operator == "!="):
        return who("have ordered at least once")
    said = words.compared(operator, value, money=False)
    return who(f"{'did not place' if denied else 'placed'} {said} {plural('order', value)}")


def _average(operator: str, value: Value, denied: bool, words: Wording) -> Phrase:
    said = words.compared(operator, value, money=True)
    unknown = " (or never ordered)" if denied else ""
    return who(f"{'do not spend' if denied else 'spend'} {said} per order on average{unknown}")


def _age(operator: str, value: Value, denied: bool, words: Wording) -> Phrase:
    unknown = " (or whose age is unknown)" if denied else ""
    are = "are not" if denied else "are"
    if operator in (">", "<"):
        return who(f"{are} {'older' if operator == '>' else 'younger'} than {words.number(value)}{unknown}")
    said = words.compared(operator, value, money=False, plain="")
    return who(f"{are} {said} {plural('year', value)} old{unknown}")


def _date(condition: Condition, field: Field, words: Wording) -> Phrase:
    operator, denied = condition.operator, condition.negated
    deed = DATES.get(field.name)
    if operator in ("null", "notNull"):
        if deed and deed.unknown == "never ordered":
            return who("have never ordered" if operator == "null" else "have ordered at least once")
        return whose(f"{lowered(field.label)} is {'unknown' if operator == 'null' else 'known'}")
    when = words.when(operator, condition.value)
    if deed is None:
        return whose(f"{lowered(field.label)} is {f'not {when} (or is unknown)' if denied else when}")
    unknown = f" (or {deed.unknown})" if denied else ""
    if operator.startswith("anniversary"):
        return who(f"{'do not have' if denied else 'have'} their birthday {when}{unknown}")
    if field.name == "last_order_at" and operator in ("inLast", "notInLast"):
        stretch = words.when("inLast", condition.value)
        if operator == "notInLast":
            return who(f"ordered {stretch}{unknown}" if denied else f"have not ordered {stretch}")
        return who(f"have not ordered {stretch}{unknown}" if denied else f"ordered {stretch}")
    return who(f"{deed.did_not if denied else deed.did} {when}{unknown}")


def plural(noun: str, value: Value) -> str:
    """`order` or `orders`, by the number that stands before it."""
    return noun if value == 1 else f"{noun}s"
