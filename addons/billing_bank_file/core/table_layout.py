"""What the columns of a bank's table mean, and how a table is known again."""

import hashlib
import re
from dataclasses import dataclass

#: What a column may hold. All but ``text`` belong to one column at most.
ROLES = (
    "booking_date",
    "value_date",
    "amount",
    "money_in",
    "money_out",
    "direction",
    "currency",
    "reference",
    "text",
    "payer_name",
    "payer_account",
    "bank_reference",
    "balance",
    "own_account",
    "status",
)
#: What may be missing or too much in a layout.
PROBLEMS = {
    "role_twice": "two columns hold the same",
    "no_date": "no column is the booking date",
    "no_amount": "no column is the amount",
    "amount_and_sides": "there is an amount, and money in or out besides",
    "direction_alone": "a column says in or out, but none is the amount",
}
#: Rows that begin so and have no date or amount are sums and balances of the bank.
SKIP_WORDS = (
    "inngående saldo",
    "utgående saldo",
    "ingående saldo",
    "opening balance",
    "closing balance",
    "saldo",
    "sum",
    "summa",
    "total",
    "totalt",
    "balance",
)
#: Words of the status column for what is not booked yet.
PENDING_WORDS = (
    "reservert",
    "reserverat",
    "reserved",
    "pending",
    "preliminär",
    "prelim",
    "ikke bokført",
    "ej bokförd",
    "avvist",
    "rejected",
)

# Tried in order on each heading; the first heading of a role gets it.
_WORDS = (
    ("value_date", r"rentedat|valuteringsdat|valutadag|valutadat|value date|rentedag"),
    (
        "booking_date",
        r"bokf\w*.?da|bogf\w*.?da|bokført|bokförd|booking|booked|posted|dato|datum|date|"
        r"^dag$|buchungstag",
    ),
    ("money_in", r"\binn\b|\bin\b|kredit|credit|insättning|insatt|innbetal|innskudd"),
    ("money_out", r"\but\b|\bout\b|debet|debit|uttag|utbetal|belastet"),
    ("balance", r"saldo|balance"),
    ("currency", r"^valuta|^currency|^ccy$|myntsort"),
    ("amount", r"beløp|belopp|amount|^sum$|betrag|beloeb"),
    (
        "bank_reference",
        r"arkiv|transa[kc]\w*?s?\W?(?:id|nr|nummer|number)\b|verifi[kc]at|verifikas|numref|bank.?ref",
    ),
    ("reference", r"\bkid\b|\bocr\b|kid.?n|referan|referen|\bref\b"),
    (
        "payer_account",
        r"(?:fra|frå|från|from|motpart|avsend|avsänd|betaler|betalar|sender|debtor|payer|"
        r"counterparty).*(?:konto|account|iban)|motkonto",
    ),
    (
        "payer_name",
        r"navn|namn|name|avsend|avsänd|betaler|betalare|motpart|motta|debtor|payer|"
        r"counterparty|^fra$|^från$",
    ),
    ("own_account", r"konto|account|iban"),
    ("status", r"status"),
    (
        "text",
        r"tekst|text|beskriv|forklaring|melding|meddel|descr|message|specifi|transaktion(?!sda)|"
        r"transaksjon(?!sda)|rubri|detail|notat|info",
    ),
)
_DIRECTION = re.compile(
    r"(?:inn?|in|kredit|credit|cr|c)\s*/\s*(?:ut|out|debet|debit|dr|d)|"
    r"(?:debet|debit|dr|d|ut)\s*/\s*(?:kredit|credit|cr|c|inn?)|"
    r"dc|cdtdbtind|fortegn|tecken|retning",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading as in the file, and its role (empty: read over)."""

    name: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """How one bank writes its table.

    :param columns: all columns of the heading row, in order
    :param date_order: one of ``table_values.DATE_ORDERS``
    :param decimal_sign: one of ``table_values.DECIMAL_SIGNS``
    :param skip_words: what sum and balance rows begin with
    """

    columns: tuple[Column, ...]
    date_order: str = "dmy"
    decimal_sign: str = ","
    skip_words: tuple[str, ...] = SKIP_WORDS

    def problem(self):
        """A key of ``PROBLEMS``; empty when files can be read."""
        roles = [column.role for column in self.columns if column.role]
        if any(role != "text" and roles.count(role) > 1 for role in roles):
            return "role_twice"
        if "booking_date" not in roles:
            return "no_date"
        sides = {"money_in", "money_out"} & set(roles)
        if "amount" in roles and sides:
            return "amount_and_sides"
        if "direction" in roles and "amount" not in roles:
            return "direction_alone"
        if "amount" not in roles and not sides:
            return "no_amount"
        return ""


def clean(value):
    """A heading, or any cell, as one line of text."""
    return " ".join(str("" if value is None else value).replace("\ufeff", "").split())


def headings(cells):
    """Headings of a row, empty ones at the end left out."""
    names = [clean(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def signature(names):
    """What a heading row is known again by: its headings in order.

    :param names: headings
    :return: 64 hexadecimal digits
    """
    key = "\x1f".join(clean(name).casefold() for name in names)
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def guess_columns(names):
    """Columns with the roles their headings suggest (Norwegian, Swedish, English).

    :param names: headings
    :return: tuple of :class:`Column`
    """
    taken = set()
    roles = [""] * len(names)
    for place, name in enumerate(names):
        if _DIRECTION.fullmatch(clean(name)) and "direction" not in taken:
            roles[place] = "direction"
            taken.add("direction")
    for role, words in _WORDS:
        for place, name in enumerate(names):
            if roles[place] or (role in taken and role != "text"):
                continue
            if re.search(words, clean(name), re.IGNORECASE):
                roles[place] = role
                taken.add(role)
    if "amount" in taken and {"money_in", "money_out"} & taken:
        # «Beløp» and «Debet/Kredit» side by side: the two sides say more.
        sides = {"money_in", "money_out"} <= taken
        drop = {"amount"} if sides else {"money_in", "money_out"}
        roles = ["" if role in drop else role for role in roles]
    return tuple(Column(name, role) for name, role in zip(names, roles, strict=True))
