"""Whom a message on the page is for: a rule of staff against the facts of one invoice.

A rule is a list of conditions; whoever meets all of them is in the audience, and a
condition that is left empty is met by everybody. The same conditions are counted in the
database by ``billing.message``, so that staff see how many they reach before they
publish.
"""

import re
from dataclasses import dataclass, field

#: What an invoice is to the customer: nothing to pay any more, to pay, to pay and late.
PAID = "paid"
NOT_DUE = "not_due"
OVERDUE = "overdue"

#: What a rule may ask of an invoice, with the states that meet it.
INVOICE_STATES = {
    "unpaid": frozenset({NOT_DUE, OVERDUE}),
    NOT_DUE: frozenset({NOT_DUE}),
    OVERDUE: frozenset({OVERDUE}),
    PAID: frozenset({PAID}),
}

#: Conditions in the order in which staff are told of those that are not met.
CONDITIONS = (
    "segment",
    "excluded",
    "postcode",
    "product",
    "customer",
    "invoice",
    "amount",
    "language",
)

_NOT_IN_POSTCODE = re.compile(r"[^0-9A-Z]")
_COUNTRY = re.compile(r"^[A-Z]{1,3}[\s-]+(?=[0-9\s]+$)")
_DASH = re.compile(r"\s*[-–—]\s*")


def postcode_key(written: str) -> str:
    """Return a postcode in the one form that is compared: «SE-999 10» is «99910»."""
    written = (written or "").strip().upper()
    return _NOT_IN_POSTCODE.sub("", _COUNTRY.sub("", written))


@dataclass(frozen=True, slots=True)
class PostcodeRange:
    """Postcodes from ``first`` to ``last``, both included; or all that begin with
    ``prefix``.

    :param first: lowest, in the form of :func:`postcode_key`
    :param last: highest, as long as ``first``
    :param prefix: beginning of the postcodes; without ``first`` and ``last``
    """

    first: str = ""
    last: str = ""
    prefix: str = ""

    def __contains__(self, key: str) -> bool:
        if self.prefix:
            return key.startswith(self.prefix)
        # Digits of one length stand in the order of their numbers.
        return len(key) == len(self.first) and self.first <= key <= self.last


def parse_postcodes(text: str) -> tuple[PostcodeRange, ...]:
    """Return what a list of postcodes, as staff write it, stands for.

    Entries are divided by commas, semicolons or lines: ``0150``, ``0150-0299`` or
    ``55*``.

    :param text: the list; may be empty
    :raises ValueError: an entry that is none of these; its argument is the entry
    """
    ranges = []
    for entry in re.split(r"[,;\n]", text or ""):
        entry = entry.strip()
        if entry:
            ranges.append(_parse_entry(entry))
    return tuple(ranges)


def _parse_entry(entry):
    if entry.endswith("*"):
        prefix = postcode_key(entry[:-1])
        if not prefix or "*" in entry[:-1]:
            raise ValueError(entry)
        return PostcodeRange(prefix=prefix)
    parts = _DASH.split(entry)
    if len(parts) > 1 and parts[0].isalpha() and len(parts[0]) <= 3:
        # «NO-0150» names its country first.
        parts = ["-".join(parts[:2]), *parts[2:]]
    keys = [postcode_key(part) for part in parts]
    if len(keys) == 1 and any(char.isdigit() for char in keys[0]):
        return PostcodeRange(keys[0], keys[0])
    if (
        len(keys) == 2
        and all(key.isdigit() for key in keys)
        and len(keys[0]) == len(keys[1])
        and keys[0] <= keys[1]
    ):
        return PostcodeRange(*keys)
    raise ValueError(entry)


@dataclass(frozen=True, slots=True)
class Rule:
    """Whom a message is for. What is empty asks for nothing.

    :param tags: segments (customer tags), one of which the customer is in
    :param excluded_tags: segments, none of which the customer is in
    :param postcodes: where the delivery address is
    :param categories: product categories, one of which is on the invoice
    :param customer: ``person`` or ``company``
    :param invoice: one of :data:`INVOICE_STATES`
    :param amount_from: least total of the invoice, in the company's currency
    :param amount_to: highest total
    :param languages: codes of languages, one of which the customer reads
    """

    tags: frozenset[int] = frozenset()
    excluded_tags: frozenset[int] = frozenset()
    postcodes: tuple[PostcodeRange, ...] = ()
    categories: frozenset[int] = frozenset()
    customer: str = ""
    invoice: str = ""
    amount_from: float | None = None
    amount_to: float | None = None
    languages: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one invoice and its customer.

    :param tags: segments of the customer and of the company they belong to
    :param postcode: of the delivery address, in the form of :func:`postcode_key`
    :param categories: product categories of the lines, with all they are part of
    :param customer: ``person`` or ``company``
    :param invoice: :data:`PAID`, :data:`NOT_DUE` or :data:`OVERDUE`
    :param amount: total of the invoice, in the company's currency
    :param language: code of the customer's language
    """

    tags: frozenset[int] = field(default=frozenset())
    postcode: str = ""
    categories: frozenset[int] = frozenset()
    customer: str = "person"
    invoice: str = NOT_DUE
    amount: float = 0.0
    language: str = ""


def unmet(rule: Rule, facts: Facts) -> tuple[str, ...]:
    """Return the conditions of ``rule`` that ``facts`` do not meet, of
    :data:`CONDITIONS` and in their order; nothing means: in the audience.
    """
    met = {
        "segment": not rule.tags or bool(rule.tags & facts.tags),
        "excluded": not rule.excluded_tags & facts.tags,
        "postcode": not rule.postcodes
        or any(facts.postcode in codes for codes in rule.postcodes),
        "product": not rule.categories or bool(rule.categories & facts.categories),
        "customer": not rule.customer or rule.customer == facts.customer,
        "invoice": not rule.invoice or facts.invoice in INVOICE_STATES[rule.invoice],
        "amount": (rule.amount_from is None or facts.amount >= rule.amount_from)
        and (rule.amount_to is None or facts.amount <= rule.amount_to),
        "language": not rule.languages or facts.language in rule.languages,
    }
    return tuple(condition for condition in CONDITIONS if not met[condition])
