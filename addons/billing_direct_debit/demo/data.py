"""Who has direct debit in the two demo companies, and how their debits went.

Customers are numbers in the company's list; days are counted back from today, so that
negative ones are still to come. Accounts and personal numbers are nobody's: the
clearing number is no bank's, and the birthdays are of the year 1890.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class SignUp:
    """One customer's mandate.

    :param customer: number in the list
    :param days: days ago that it was signed
    :param origin: how, as in ``billing.mandate``
    :param fate: ``active``; ``draft`` or ``sent``: the bank does not know yet, or has
        not answered; ``rejected``; ``payer`` or ``bank``: ended by whom
    """

    customer: int
    days: int
    origin: str = "page"
    fate: str = "active"


@dataclass(frozen=True)
class Debit:
    """One invoice that is, or was to be, drawn.

    :param customer: number in the list
    :param days: days ago that it was due
    :param became: ``paid``; ``again``: failed for want of money, and paid by the second
        try; ``asked``: failed, and the customer was asked to pay another way;
        ``paid_self``: the same, and the customer did; ``back``: taken back by the
        customer; ``out``: with the bank; ``batched``: in a file that waits for
        approval; ``planned``
    :param reason: why it failed, of ``core.failure``
    :param code: of the bank
    """

    customer: int
    days: int
    became: str = "paid"
    reason: str = ""
    code: str = ""


@dataclass(frozen=True)
class Debits:
    """One company's demo.

    :param journal: where the money comes in, as in the external ids of journals
    :param agreement: values of the agreement with the bank
    :param answer_delay: days between sign-up and the bank's word
    """

    journal: str
    agreement: dict
    answer_delay: int
    signups: tuple[SignUp, ...]
    debits: tuple[Debit, ...]
    campaign: str


def _sign_ups(text):
    """Return the sign-ups of a table: customer, days ago, origin, fate."""
    return tuple(
        SignUp(int(customer), int(days), *rest)
        for customer, days, *rest in (line.split() for line in text.strip().split("\n"))
    )


def _debits(text):
    """Return the debits of a table: customer, days ago, what became of it, why."""
    return tuple(
        Debit(int(customer), int(days), *rest)
        for customer, days, *rest in (line.split() for line in text.strip().split("\n"))
    )


NORWAY = Debits(
    journal="OCR",
    agreement={
        "name": "AvtaleGiro",
        "scheme": "avtalegiro",
        "account_number": "99991042764",
        "sender_number": "00990001",
        # Stands in for the scheme's page; answers while the agreement is a test.
        "signup_address": "/billing/demo/agreement",
        "is_test": True,
    },
    answer_delay=1,
    signups=_sign_ups(
        """
        11 163 bank
        12 155 internet_bank
        17 148 internet_bank
        18 141 page payer
        19 127 page
        21 116 internet_bank
        24 108 page
        25 101 page
        26  94 page bank
        28  88 internet_bank
        31  80 page
        32  73 page
        33  66 page
        38  60 page
        42  52 page
        46  45 internet_bank
        48  38 page
        53  33 page
        60  27 page
        61  24 internet_bank
        65  19 page
        66  15 page
        68  12 page
        70   9 page
        59   6 page
        55   4 page
        51   2 page
        """
    ),
    debits=_debits(
        """
        11 66 paid
        11 36 paid
        12 66 paid
        12 36 paid
        17 66 again not_paid
        17 36 paid
        19 65 paid
        19 35 paid
        21 65 paid_self limit
        21 35 paid
        24 36 paid
        25 36 paid
        28 35 again not_paid
        31 35 paid
        32 35 paid_self not_paid
        33 35 back
        38 11 asked not_paid
        42 11 asked stopped
        46 -3 out
        48 -3 out
        53 -3 out
        11 -8 batched
        12 -8 batched
        17 -8 batched
        60 -8 batched
        24 -23 planned
        61 -23 planned
        """
    ),
    campaign="De som ofte betaler sent",
)

SWEDEN = Debits(
    journal="BG",
    agreement={
        "name": "Autogiro",
        "scheme": "autogiro",
        "bankgiro_number": "9912346",
        "customer_number": "990815",
        "is_test": True,
        "identification": "demo",
        "has_page_signup": True,
        "has_bank_signup": True,
        "has_bankgiro_signup": True,
        "has_bank_retries": True,
    },
    answer_delay=3,
    signups=_sign_ups(
        """
        1 138 internet_bank
        3 109 page
        4  82 page
        6  75 page payer
        8  61 page
        9  48 internet_bank
        12 33 page
        13 20 page
        10 12 page rejected
        14  5 page sent
        2   1 page draft
        """
    ),
    debits=_debits(
        """
        1 65 paid
        1 35 paid
        3 65 again funds 1
        3 35 paid
        4 35 paid
        8 35 paid_self no_account 2
        9 12 asked stopped 03
        4 -2 out
        12 -3 batched
        1 -3 batched
        3 -24 planned
        """
    ),
    campaign="De som ofta betalar sent",
)

DEBITS = {"no": NORWAY, "se": SWEDEN}
#: Days from the failure of a debit to the next try, or to the customer's own payment.
UNTIL_MONEY = 9
#: A clearing number of no bank.
CLEARING = "9999"
#: What the bank knows mandates by whose customers nobody knows here.
STRANGERS = ("00000550000017", "00000560000016")
