"""The book: invoices as the generator needs to know them, kept as JSON lines."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True, slots=True)
class BookItem:
    """One posted customer invoice.

    :param move_id: database id of the invoice
    :param name: invoice number
    :param reference: payment reference (KID, OCR number)
    :param amount: open amount in minor units; for a paid invoice its total
    :param currency: ISO code; all currencies are taken to have two decimals
    :param partner_id: database id of the customer
    :param partner: name of the customer
    :param partner_account: the customer's bank account, empty if unknown
    :param customer_number: number of the customer in the reference
    :param due: due date, ISO
    :param state: ``open`` or ``paid``
    :param account: own bank account that payments go to
    """

    move_id: int
    name: str
    reference: str
    amount: int
    currency: str
    partner_id: int
    partner: str
    partner_account: str
    customer_number: str
    due: str
    state: str
    account: str

    def __post_init__(self):
        if self.state not in ("open", "paid"):
            raise ValueError(f"state must be open or paid, not {self.state!r}")
        if self.amount <= 0:
            raise ValueError(f"amount must be positive, not {self.amount}")
        date.fromisoformat(self.due)


def read_book(path: Path | str) -> list[BookItem]:
    """Invoices of the JSON lines file at ``path``.

    :raise ValueError: for a line that is no invoice; the message names the line
    """
    names = {field.name for field in fields(BookItem)}
    items = []
    with open(path, encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            try:
                values = json.loads(line)
                items.append(BookItem(**{key: values[key] for key in names}))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path}:{number}: not an invoice: {error}") from error
    return items


def write_book(items: Iterable[BookItem], stream: TextIO) -> int:
    """Write ``items`` as JSON lines and return how many there were."""
    count = 0
    for item in items:
        stream.write(json.dumps(asdict(item), ensure_ascii=False) + "\n")
        count += 1
    return count
