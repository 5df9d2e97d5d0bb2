"""What was said, arranged and announced in the two demo companies.

Texts are in the language of the company; customers are numbers in its list.
"""

from dataclasses import dataclass

#: Days ago, who writes («customer», «staff»), and what.
Talk = tuple[tuple[int, str, str], ...]


@dataclass(frozen=True)
class Told:
    """One company's demo.

    :param talks: by customer, what was written on the newest invoice
    :param arranged: by customer, what was arranged or reported about it: the kind, and
        for an objection its reason and text
    :param banners: values of ``billing.message``; ``translations`` by language
    """

    talks: dict[int, Talk]
    arranged: dict[int, tuple[str, ...]]
    banners: tuple[dict, ...]


NORWAY = Told(
    talks={
        1: (
            (3, "customer", "Hei! Hvorfor er nettleien høyere enn i fjor?"),
            (
                3,
                "staff",
                "Hei, Kari. Energileddet gikk opp fra nyttår. Under «Hva den gjelder» "
                "ser du hvor mye av økningen som er pris, og hvor mye som er forbruk.",
            ),
            (2, "customer", "Takk, da forstår jeg."),
        ),
        5: ((1, "customer", "Kan jeg få betale denne etter lønning, den 15.?"),),
        7: (
            (4, "customer", "Bredbåndet var nede i to dager. Får jeg noe tilbake?"),
            (
                4,
                "staff",
                "Ja, det var en feil hos oss. Du får 60 kroner trukket fra på neste "
                "faktura.",
            ),
        ),
        9: ((0, "customer", "Jeg har flyttet. Skal jeg fortsatt betale denne?"),),
        13: (
            (6, "customer", "Hvor finner jeg måleren? Den er ikke i sikringsskapet."),
        ),
    },
    arranged={
        18: ("promise",),
        24: ("split",),
        26: ("dispute", "usage", "Måleren er byttet, og dere har brukt gammel stand."),
        29: ("claim",),
        33: ("dispute", "delivery", "Montøren kom aldri."),
    },
    banners=(
        {
            "kind": "notice_waiting",
            "title": "Mange skriver til oss denne uken",
            "body": "Det kan ta litt lenger tid enn vanlig å få svar. Det du kan "
            "ordne selv, finner du under «Trenger du hjelp?».",
            "translations": {
                "en_US": {
                    "title": "Many write to us this week",
                    "body": "An answer may take a little longer than usual. What you "
                    "can settle yourself stands under «Need help?».",
                },
            },
        },
        {
            "kind": "tip_saving",
            "title": "Kaldt i vente",
            "body": "Senker du innetemperaturen med én grad, bruker du omtrent fem "
            "prosent mindre strøm til oppvarming.",
            "questions": (
                (
                    "Hvor mye er det for meg?",
                    "Se søylene over: den høyeste måneden i fjor vinter er et godt "
                    "anslag på hva oppvarmingen koster.",
                ),
            ),
            "translations": {
                "en_US": {
                    "title": "Cold days ahead",
                    "body": "One degree less indoors takes about five percent off what "
                    "heating needs.",
                    "questions": (
                        (
                            "How much is that for me?",
                            "See the bars above: the highest month of last winter is "
                            "a good guess at what heating costs.",
                        ),
                    ),
                },
            },
        },
    ),
)

SWEDEN = Told(
    talks={
        1: (
            (5, "customer", "Hej! Gäller fakturan även garaget?"),
            (
                5,
                "staff",
                "Hej Anna! Ja, garaget sitter på samma mätare som huset.",
            ),
        ),
        3: ((1, "customer", "Jag har betalat, men det syns inte här."),),
    },
    arranged={
        5: ("promise",),
        8: ("split",),
        12: ("dispute", "amount", "Priset är inte det som står i avtalet."),
    },
    banners=(
        {
            "kind": "tip_my_page",
            "title": "Logga in och se alla fakturor",
            "body": "På Min sida ser du allt vi har skickat, och hur mycket du har "
            "kvar att betala.",
            "translations": {
                "en_US": {
                    "title": "Sign in and see all invoices",
                    "body": "There you find all we have sent, and what is left to pay.",
                },
            },
        },
    ),
)

TOLD = {"no": NORWAY, "se": SWEDEN}
#: Customer service is there: weekdays, hours.
OPENING_HOURS = tuple((str(weekday), 8.0, 16.0) for weekday in range(5))
#: Minutes that customers waited for the latest answers.
WAITS = (12, 25, 31, 18, 44, 22)
