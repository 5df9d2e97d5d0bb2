"""What is known around a payment, and the explanations of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from odoo.addons.billing_bank_file.core.decision import Reason

from .scoring import Invoice

#: Reminder fees that payers add or leave out, in minor units by country: the rate of
#: the year and the one before, once and twice (inkassoforskriften § 1-2; lag 1981:739).
REMINDER_FEES = {"NO": (3500, 3800, 7000, 7600), "SE": (6000,)}


# not frozen: see ``billing_bank_file.core.decision``
@dataclass(slots=True, unsafe_hash=True)
class Item:
    """An open invoice or credit note of a customer.

    :param invoice: ``residual`` is below zero for a credit note
    :param due: due date
    :param mention: log-likelihood ratio of what the texts say of it
    :param mentioned: the words for it, empty when nothing is said
    """

    invoice: Invoice
    due: date | None = None
    mention: float = 0.0
    mentioned: tuple[Reason, ...] = ()


@dataclass(slots=True)
class Customer:
    """A customer who may have paid.

    :param names: his names in the books
    :param open: his open items, oldest first
    :param closed: invoices of his that are paid, as far as they matter here
    :param accounts: number of accounts known to have paid for him
    :param account_share: share of the payments from the payer's account that were for
        him, 0–1
    :param name_share: the same for payments under the payer's name
    :param namesakes: customers that share the payer's words with him, himself included
    :param kin: customers that share one word with the payer's name and him, 0 when too
        many to count
    :param delay: mean days from due date to payment, None when unknown
    :param mention: log-likelihood ratio of what the texts say of him
    :param mentioned: the words for it
    """

    partner_id: int
    names: tuple[str, ...] = ()
    open: list[Item] = field(default_factory=list)
    closed: list[Item] = field(default_factory=list)
    accounts: int = 0
    account_share: float = 0.0
    name_share: float = 0.0
    namesakes: int = 1
    kin: int = 0
    delay: float | None = None
    mention: float = 0.0
    mentioned: tuple[Reason, ...] = ()


@dataclass(slots=True)
class Scene:
    """What is known around one payment.

    :param open_count: open invoices of the company
    :param sharing: those of them with just the paid amount
    :param customers: all who may have paid
    :param account_known: the payer's account paid for some customer before
    :param account_total: number of payments it made
    :param account_unseen: share of these that were for customers beyond those listed
    :param namesakes: customers who bear the payer's name
    :param fees: amounts in minor units by which an invoice grows when it is reminded
    """

    open_count: int
    sharing: int
    customers: Sequence[Customer]
    account_known: bool = False
    account_total: int = 0
    account_unseen: float = 0.0
    namesakes: int = 0
    fees: tuple[int, ...] = ()


@dataclass(slots=True)
class Explained:
    """One explanation of a payment: who pays what.

    :param shares: minor units by invoice; empty for something that is not open
    :param value: log of its joint weight
    :param parts: the evidence in words, with its weights
    :param is_whole: the amount fits what it settles to the last digit
    :param distance: edits between the paid and the issued reference, -1 when the
        reference took no part
    :param is_named: the texts name what it settles
    :param closed: the paid invoice that it pays again
    :param telling: what name, account, reference and texts say of the customer, in nats
    """

    customer: Customer | None
    shares: tuple[tuple[Invoice, int], ...]
    value: float
    parts: tuple[Reason, ...] = ()
    is_whole: bool = False
    distance: int = -1
    is_named: bool = False
    closed: Invoice | None = None
    telling: float = 0.0
    probability: float = 0.0
