"""Invented names and words for payers and their messages."""

FIRST_NAMES = (
    "Kari Ola Ingrid Per Anne Lars Marit Bjørn Solveig Knut Åse Jan Liv Terje Berit "
    "Øyvind Sigrid Håkon Turid Rune Kjersti Geir Åshild Sæbjørn Tone Svein Hilde Odd "
    "Elin Frode Gunnhild Magnus Ragnhild Stian Guro Eirik Ødger Mona Jørn Synnøve"
).split()

LAST_NAMES = (
    "Hansen Johansen Olsen Larsen Andersen Pedersen Nilsen Kristiansen Jensen Karlsen "
    "Berg Haugen Hagen Bråten Sæther Ødegård Lunde Strand Moen Bakken Løken Åsheim "
    "Grønli Nygård Fjeld Tveit Myhre Solbakken Engebretsen Rønning Dahl Vik Skår"
).split()

#: Last words that mark a name as an organisation's, which has no family.
ORGANISATIONS = frozenset(
    "AB AS ASA BA BRF DA ENK HB KB NUF SA BORETTSLAG FÖRENING SAMEIE STIFTELSE".split()
)

#: Texts of payments that name no invoice.
IDLE_WORDS = {
    "NO": ("", "", "Betaling", "strøm", "Regning", "faktura", "Takk", "november"),
    "SE": ("", "", "Betalning", "el", "Räkning", "faktura", "Tack", "november"),
}

#: Texts around a reference; ``{}`` is the reference.
REFERENCE_TEXTS = {
    "NO": (
        "Betaling KID {} takk",
        "KID {}",
        "strøm KID:{}",
        "faktura november, kid {} mvh",
        "Gjelder {} for hytta",
    ),
    "SE": (
        "Betalning OCR {} tack",
        "OCR {}",
        "el OCR:{}",
        "faktura november, ocr {} mvh",
        "Avser {} stugan",
    ),
}

#: Texts around an invoice number.
INVOICE_TEXTS = {
    "NO": ("{}", "Faktura {}", "fakturanr {}", "fakt. {} takk", "Betaling av {}"),
    "SE": ("{}", "Faktura {}", "fakturanr {}", "fakt. {} tack", "Betalning av {}"),
}

#: Texts around a number that has nothing to do with any invoice.
UNRELATED_TEXTS = {
    "NO": ("{}", "Lodd {}", "medlem {}", "ordre {}", "hytte {}"),
    "SE": ("{}", "Lott {}", "medlem {}", "order {}", "stuga {}"),
}
