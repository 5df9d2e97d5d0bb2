"""What was reminded of, forgiven and objected to in the two demo companies.

Texts are in the language of the company; customers are numbers in its list.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fees:
    """One company's demo.

    :param policy: code of the shipped policy that is active
    :param other: code of the one it is compared with
    :param forgotten: customers with an old bill for a visit that nobody paid, and how
        many months ago it was
    :param late: how many other late customers have had letters
    :param agency: values of the collection agency
    :param clause: of the terms that fees are agreed by, empty where the law asks none
    :param questions: what customers wrote after a fee
    :param objection: what one of them objects
    :param note: of staff who dropped a fee
    :param rejected: why the agency gave one claim back
    """

    policy: str
    other: str
    forgotten: tuple[tuple[int, int], ...]
    late: int
    agency: dict
    clause: str
    questions: tuple[str, ...]
    objection: str
    note: str
    rejected: str


NORWAY = Fees(
    policy="no_standard",
    other="no_demand",
    forgotten=((20, 3), (34, 3), (41, 3), (52, 2), (58, 2), (67, 2)),
    late=14,
    agency={
        "name": "Sanden Inkasso",
        "contact": "+47 406 12 399",
        "customer_number": "4711",
        "is_tryout": True,
    },
    clause="",
    questions=(
        "Hei! Jeg betalte jo dagen etter forfall. Må jeg betale gebyret?",
        "Hvorfor har jeg fått purregebyr?",
    ),
    objection="Jeg fikk aldri fakturaen, bare purringen.",
    note="Ringte og avtalte ny betalingsdag",
    rejected="Skyldneren er flyttet til ukjent adresse",
)

SWEDEN = Fees(
    policy="se_standard",
    other="se_standard",
    forgotten=((5, 3), (11, 2)),
    late=6,
    agency={
        "name": "Sandens Inkasso",
        "contact": "+46 8 465 004 99",
        "customer_number": "815",
        "is_tryout": True,
    },
    clause="Allmänna villkor 2025, punkt 7.3",
    questions=("Hej! Jag betalade några dagar för sent. Behövs avgiften?",),
    objection="Fakturan gick till min gamla adress.",
    note="Ringde, låg på sjukhus",
    rejected="Gäldenären har flyttat utan känd adress",
)

FEES = {"no": NORWAY, "se": SWEDEN}
#: Days of the week on which reminders were sent: Monday and Thursday.
SENT_ON = (0, 3)
#: Years for which those customers have been there who are loyal.
LOYAL_YEARS = 3
#: Days ago that claims were handed over.
HANDED_OVER = 14
