"""The invented people, firms and services of the two demo companies.

Nobody in here exists: places are made up, mail addresses are in the domains kept for
documentation, account numbers begin with 9999, which no bank has, organisation
numbers are from the series for test data. Swedish telephone numbers are from the
series the regulator keeps for fiction; Norway has none, so the Norwegian ones follow
the example number of the numbering library.
"""

from dataclasses import dataclass

#: What customers subscribe to: P power, B broadband, F faster broadband.
#: One line each: name | street | postcode and town | services
NORWEGIANS = """
Kari Nordmann | Fjellveien 12 | 6899 Lysvik | PB
Ola Nordmann | Fjellveien 12 | 6899 Lysvik | F
Åse Sæther | Strandgata 3 | 6899 Lysvik | P
Bjørn Sæther | Strandgata 3 | 6899 Lysvik | B
Øyvind Ødegård | Ødegårdsvegen 41 | 6898 Åsfjord | PB
Turid Ødegård | Ødegårdsvegen 41 | 6898 Åsfjord | B
Håkon Løken | Løkenlia 7 | 6899 Lysvik | PB
Sigrid Løken | Løkenlia 7 | 6899 Lysvik | B
Anne Hansen | Skolebakken 2 | 6899 Lysvik | PB
Anne Hansen | Kirkevegen 18 | 6897 Nordby | PB
Per Olsen | Nedre Brygge 5 | 6899 Lysvik | P
Per Olsen | Granstien 22 | 6898 Åsfjord | B
Jan Johansen | Myrvegen 9 | 6899 Lysvik | PB
Jan Johansen | Myrvegen 19 | 6899 Lysvik | PB
Lars Andersen | Solsida 4 | 6897 Nordby | PB
Lars Anderssen | Solsida 14 | 6897 Nordby | PB
Ingrid Bråten | Bråtevegen 1 | 6898 Åsfjord | P
Marit Haugen | Haugtun 6 | 6899 Lysvik | PB
Knut Haugen | Haugtun 6 | 6899 Lysvik | F
Solveig Hagen | Hageby allé 11 | 6899 Lysvik | B
Terje Moen | Moavegen 33 | 6898 Åsfjord | PB
Berit Bakken | Bakkehaugen 8 | 6899 Lysvik | P
Rune Strand | Strandgata 27 | 6899 Lysvik | F
Kjersti Lunde | Lundeskogen 15 | 6897 Nordby | PB
Geir Tveit | Tveitagrenda 3 | 6898 Åsfjord | P
Åshild Fjeld | Fjellveien 40 | 6899 Lysvik | PB
Sæbjørn Åsheim | Åsheimlia 2 | 6898 Åsfjord | PB
Tone Myhre | Myrvegen 28 | 6899 Lysvik | B
Svein Solbakken | Solbakken 1 | 6899 Lysvik | PB
Hilde Rønning | Rønningen 17 | 6897 Nordby | PB
Odd Vik | Vikastranda 9 | 6899 Lysvik | P
Elin Skår | Skårsvegen 5 | 6898 Åsfjord | B
Frode Dahl | Dalebotn 12 | 6899 Lysvik | PB
Gunnhild Nygård | Nygårdsgata 21 | 6899 Lysvik | P
Magnus Grønli | Grønlia 6 | 6897 Nordby | F
Ragnhild Engebretsen | Kirkevegen 3 | 6897 Nordby | PB
Stian Karlsen | Nedre Brygge 14 | 6899 Lysvik | PB
Guro Kristiansen | Skolebakken 20 | 6899 Lysvik | B
Eirik Berg | Bergstien 10 | 6898 Åsfjord | PB
Ødger Ålien | Ålivegen 2 | 6898 Åsfjord | P
Mona Pedersen | Granstien 4 | 6898 Åsfjord | PB
Jørn Nilsen | Havnegata 8 | 6899 Lysvik | PB
Synnøve Jensen | Havnegata 10 | 6899 Lysvik | B
Leif-Arne Østbø | Østbølia 31 | 6897 Nordby | PB
Anne-Grethe Bø Hansen | Bøvegen 7 | 6897 Nordby | PB
Nils Larsen | Solsida 30 | 6897 Nordby | P
Karin Larsen | Solsida 30 | 6897 Nordby | B
Thuy Nguyen | Nedre Brygge 2 | 6899 Lysvik | PB
Amina Yusuf | Skolebakken 11 | 6899 Lysvik | PB
Piotr Kowalski | Havnegata 31 | 6899 Lysvik | F
Oddny Sørensen | Lundeskogen 2 | 6897 Nordby | P
Arne Øverland | Øverlandsvegen 5 | 6898 Åsfjord | PB
Liv Håland | Hålandsbakken 16 | 6898 Åsfjord | B
Tor Inge Aas | Moavegen 4 | 6898 Åsfjord | PB
Ellen Ås | Moavegen 6 | 6898 Åsfjord | PB
Kåre Brekke | Brekkelia 13 | 6899 Lysvik | P
Wenche Brekke | Brekkelia 13 | 6899 Lysvik | B
Even Stenersen | Bergstien 25 | 6898 Åsfjord | PB
Maria Gundersen | Grønlia 18 | 6897 Nordby | PB
Henrik Foss | Fossevegen 1 | 6897 Nordby | PB
Solbakken borettslag | Solbakken 10 | 6899 Lysvik | PF
Fjordgløtt borettslag | Strandgata 60 | 6899 Lysvik | PF
Sameiet Brygga 7 | Nedre Brygge 7 | 6899 Lysvik | P
Lysvik Bakeri AS | Torget 2 | 6899 Lysvik | PF
Ødegård Rør og Varme AS | Industrivegen 4 | 6898 Åsfjord | PB
Nordby Regnskap AS | Torget 5 | 6899 Lysvik | PF
Kystfisk AS | Kaivegen 1 | 6899 Lysvik | PF
Åsfjord Barnehage SA | Barnehagevegen 3 | 6898 Åsfjord | PB
Håndverkerhuset Strand | Havnegata 2 | 6899 Lysvik | P
Nordby Grendahus | Kirkevegen 1 | 6897 Nordby | PB
"""

SWEDES = """
Anna Andersson | Storgatan 4 | 999 10 Ljusvik | PB
Erik Andersson | Storgatan 4 | 999 10 Ljusvik | B
Åke Sjöström | Hamngatan 12 | 999 10 Ljusvik | PB
Birgitta Öberg | Björkvägen 7 | 999 11 Åby strand | PB
Göran Lindqvist | Kyrkbacken 3 | 999 10 Ljusvik | P
Märta Lindkvist | Kyrkbacken 13 | 999 10 Ljusvik | PB
Lars Johansson | Skolvägen 21 | 999 11 Åby strand | B
Lars Johansson | Skolvägen 2 | 999 11 Åby strand | PB
Elsa Nyström | Rönnstigen 9 | 999 10 Ljusvik | F
Oskar Hägg | Granliden 5 | 999 11 Åby strand | PB
Ingegerd Åström | Sjövägen 30 | 999 10 Ljusvik | P
Fatima Hassan | Hamngatan 2 | 999 10 Ljusvik | PB
Nils Söderberg | Söderängen 16 | 999 11 Åby strand | PB
Karin Söderberg | Söderängen 16 | 999 11 Åby strand | B
BRF Sjöutsikten | Sjövägen 1 | 999 10 Ljusvik | PF
Ljusviks Bageri AB | Torget 1 | 999 10 Ljusvik | PF
Åby Plåt och Bygg AB | Verkstadsgatan 8 | 999 11 Åby strand | PB
"""

#: Names with one of these words are organisations.
ORGANISATION_WORDS = frozenset(
    "AB AS SA BRF borettslag Sameiet Grendahus Håndverkerhuset".split()
)


@dataclass(frozen=True)
class Market:
    """One demo company and the world it works in.

    :param key: in the external ids of the records
    :param chart: code of the chart of accounts; its module is ``l10n_<chart>``
    :param accounts: (journal name, journal code, account number); the first goes to
        the bank journal of the chart
    :param scheme: values of the reference scheme of the sales journal
    :param texts: product names and line texts by service
    :param prices: without VAT, in the company's currency; power from low to high
    :param phones: numbers for customers, ``{}`` counts up from ``first_phone``
    """

    key: str
    chart: str
    country: str
    currency: str
    lang: str
    tz: str
    company: dict
    accounts: tuple
    scheme: dict
    customers: str
    months: tuple
    texts: dict
    prices: dict
    mail_domain: str
    phones: str
    first_phone: int


NORWAY = Market(
    key="no",
    chart="no",
    country="NO",
    currency="NOK",
    lang="nb_NO",
    tz="Europe/Oslo",
    company={
        "name": "Fjordlys AS",
        "street": "Kraftverksvegen 1",
        "zip": "6899",
        "city": "Lysvik",
        "email": "kundeservice@fjordlys.example.com",
        "website": "https://fjordlys.example.com",
        "phone": "+47 406 12 300",
        "vat": "NO312026112MVA",
        "company_registry": "312026112",
    },
    accounts=(
        ("Bank", None, "15035149098"),
        ("OCR giro", "OCR", "99991042764"),
    ),
    scheme={
        "name": "KID 7+7",
        "algorithm": "mod10",
        "customer_length": 7,
        "serial_length": 7,
    },
    customers=NORWEGIANS,
    months=(
        "januar februar mars april mai juni "
        "juli august september oktober november desember"
    ).split(),
    texts={
        "power": "Strøm spotpris",
        "grid": "Nettleie energiledd",
        "power_fee": "Fastbeløp strøm og nettleie",
        "broadband": "Bredbånd 500/500",
        "fast": "Bredbånd 1000/1000",
        "visit": "Montørbesøk, timer",
        "period": "{text} {month} {year} ({first:%d.%m.%Y}–{last:%d.%m.%Y})",
        "meter": "{period}, måler {meter}",
    },
    prices={
        "power": (0.62, 1.48),
        "grid": 0.42,
        "power_fee": 172.00,
        "broadband": 479.20,
        "fast": 639.20,
        "visit": 948.00,
    },
    mail_domain="example.com",
    phones="+47 406 {:05d}",
    first_phone=12301,
)

SWEDEN = Market(
    key="se",
    chart="se",
    country="SE",
    currency="SEK",
    lang="sv_SE",
    tz="Europe/Stockholm",
    company={
        "name": "Fjordljus AB",
        "street": "Kraftgatan 2",
        "zip": "999 10",
        "city": "Ljusvik",
        "email": "kundtjanst@fjordljus.example.org",
        "website": "https://fjordljus.example.org",
        "phone": "+46 8 465 004 50",
        "vat": "SE559999123801",
        "company_registry": "559999-1238",
    },
    accounts=(
        ("Bank", None, "SE4550000000058398257466"),
        ("Bankgiro", "BG", "991-2346"),
    ),
    scheme={
        "name": "OCR 7+7",
        "algorithm": "ocr_length",
        "customer_length": 7,
        "serial_length": 7,
    },
    customers=SWEDES,
    months=(
        "januari februari mars april maj juni "
        "juli augusti september oktober november december"
    ).split(),
    texts={
        "power": "El rörligt pris",
        "grid": "Elnät överföring",
        "power_fee": "Fast avgift el och elnät",
        "broadband": "Bredband 500/500",
        "fast": "Bredband 1000/1000",
        "visit": "Montörsbesök, timmar",
        "period": "{text} {month} {year} ({first:%Y-%m-%d}–{last:%Y-%m-%d})",
        "meter": "{period}, mätare {meter}",
    },
    prices={
        "power": (0.48, 1.22),
        "grid": 0.36,
        "power_fee": 148.00,
        "broadband": 359.20,
        "fast": 479.20,
        "visit": 796.00,
    },
    mail_domain="example.org",
    phones="+46 70 174 0{:03d}",
    first_phone=605,
)

MARKETS = (NORWAY, SWEDEN)
