"""Invented people, companies and what they write: names as banks pass them on.

Names are drawn with Zipf's law, so that a large book has many namesakes: of 750,000
customers some three hundred share the most usual name.
"""

from bisect import bisect
from itertools import accumulate
from random import Random

_FIRST = {
    "NO": (
        "Jan Anne Per Inger Bjørn Kari Ole Marit Lars Ingrid Kjell Liv Knut Eva Arne"
        " Anna Svein Berit Thomas Astrid Hans Bjørg Geir Hilde Tor Marianne Morten"
        " Solveig Terje Randi Odd Bente Erik Elisabeth Martin Tone John Gerd Andreas"
        " Nina Anders Kristin Rune Åse Trond Wenche Tore Ellen Daniel Heidi Jon Turid"
        " Kristian Maria Harald Silje Olav Ida Stian Camilla Magnus Hanne Gunnar"
        " Elin Rolf Grete Øyvind Monica Espen Ragnhild Helge Sissel Fredrik Gro"
        " Steinar Unni Leif Mona Einar Laila Nils Lise Eirik Julie Alexander Aud"
        " Jonas Reidun Håkon Else Frode Hege Sverre Torill Øystein Vigdis Kåre Åshild"
        " Sondre Synnøve Vidar Jorunn Roger Eli Jørn Guri Ødger Sæbjørn Trygve Gunvor"
        " Mohammed Fatima Aleksander Kasia Piotr Amina Ali Thi Truls Oddny Sigurd"
        " Torbjørg Bård Gunn Kjetil Nora Emma Jakob Oskar Sofie Aksel Ella Lucas"
    ).split(),
    "SE": (
        "Lars Anna Mikael Eva Anders Maria Johan Karin Per Sara Erik Kristina Karl"
        " Lena Peter Emma Thomas Kerstin Jan Marie Daniel Ingrid Fredrik Malin Hans"
        " Jenny Andreas Birgitta Mats Linda Stefan Annika Bengt Susanne Bo Elin"
        " Göran Åsa Magnus Ulla Niklas Gunilla Jonas Margareta Björn Hanna Åke Ebba"
        " Leif Helena Gustav Märta Håkan Sofia Sven Agneta Ulf Camilla Jörgen Gun"
    ).split(),
}
_LAST = {
    "NO": (
        "Hansen Johansen Olsen Larsen Andersen Pedersen Nilsen Kristiansen Jensen"
        " Karlsen Johnsen Pettersen Eriksen Berg Haugen Hagen Johannessen Andreassen"
        " Jacobsen Dahl Jørgensen Henriksen Lund Halvorsen Sørensen Jakobsen Moen"
        " Gundersen Iversen Strand Solberg Svendsen Eide Knutsen Martinsen Paulsen"
        " Bakken Kristoffersen Mathisen Lie Amundsen Nguyen Rasmussen Lunde Solheim"
        " Berge Moe Nygård Bakke Kristensen Fredriksen Holm Lien Hauge Christensen"
        " Ali Ahmed Khan Ødegård Sæther Åsen Løken Bråten Ås Vik Næss Tveit"
    ).split(),
    "SE": (
        "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson"
        " Svensson Gustafsson Pettersson Jonsson Jansson Hansson Bengtsson Jönsson"
        " Lindberg Jakobsson Magnusson Olofsson Lindström Lindqvist Lindgren Berg"
        " Axelsson Bergström Lundberg Lind Lundgren Lundqvist Mattsson Berglund"
        " Sjöberg Wallin Engström Öberg Åkesson Håkansson Nyström Holmgren"
    ).split(),
}
# Rarer surnames are put together like farm names and Swedish names in two parts.
_PARTS = {
    "NO": (
        "Hag Sol Nord Øst Vest Sør Berg Li Gran Bjørk Furu Elv Foss Myr Grav Kveld"
        " Løv Rønn Skog Stein Sæter Tun Øvre Nedre Kirke Prest Brek Haug Åker Fjell"
        " Lang Stor Lille Kvern Selje Torp Hov Vang Rød Hol".split(),
        "bakken heim land stad rud mo vik nes dal lid seth eng haug gård ås sund vold"
        " bø tveit li skog sletten strand fjord bråten løkken stuen myr moen rødåsen"
        "".split(),
    ),
    "SE": (
        "Berg Lind Sand Ek Al Norr Söder Öst Väster Ny Holm Sjö Hag Gran Björk Ström"
        " Lund Wik Hed Åker Fors Hall Lön Rosen Sten Stor Äng Löv".split(),
        "ström gren kvist man blad dahl berg lund stedt mark bäck vall feldt ander"
        " hammar ros stjerna qvist".split(),
    ),
}
_TRADES = (
    "Elektro Bygg Rør Transport Eiendom Data Regnskap Maskin Frisør Tannlege Bakeri"
    " Invest Consulting Anlegg Handel Foto Bilverksted Design Marina Gårdsdrift"
).split()
_LEGAL = {"NO": ("AS", "AS", "AS", "ANS", "ENK", "SA"), "SE": ("AB", "AB", "HB")}


class _Zipf:
    """Draws the first of its items most often, by their rank."""

    def __init__(self, items):
        self.items = items
        self.sums = list(accumulate(1 / (rank + 10) for rank in range(len(items))))

    def draw(self, rng: Random) -> str:
        return self.items[bisect(self.sums, rng.random() * self.sums[-1])]


def _surnames(country):
    heads, tails = _PARTS[country]
    made = [head + tail for head in heads for tail in tails]
    Random(country).shuffle(made)
    return [*_LAST[country], *made]


_FIRST_NAMES = {country: _Zipf(names) for country, names in _FIRST.items()}
_LAST_NAMES = {country: _Zipf(_surnames(country)) for country in _LAST}


def country(rng: Random) -> str:
    """Where a customer's name comes from: three in four Norwegian, else Swedish."""
    return "NO" if rng.random() < 0.75 else "SE"


def first_name(rng: Random, where: str) -> str:
    return _FIRST_NAMES[where].draw(rng)


def surname(rng: Random, where: str) -> str:
    return _LAST_NAMES[where].draw(rng)


def person(rng: Random, last: str = "") -> str:
    """A person's full name; a fifth have a middle name.

    :param last: surname; drawn when empty
    """
    where = country(rng)
    words = [first_name(rng, where)]
    chance = rng.random()
    if chance < 0.08:
        words.append(first_name(rng, where))
    elif chance < 0.20:
        words.append(surname(rng, where))
    words.append(last or surname(rng, where))
    return " ".join(words)


def company(rng: Random) -> str:
    """A company's name."""
    where = country(rng)
    name = surname(rng, where)
    return f"{name} {rng.choice(_TRADES)} {rng.choice(_LEGAL[where])}"


def association(rng: Random) -> str:
    """Somebody who pays for many: housing cooperative, employer, guardian."""
    where = country(rng)
    name = surname(rng, where)
    if where == "SE":
        return f"Brf {name}"
    return rng.choice((f"{name} Borettslag", f"{name} Kommune", f"{name} Drift AS"))


# === NAMES AS BANKS PASS THEM ON === #

_DIGRAPHS = str.maketrans(
    {"æ": "ae", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe",
     "Æ": "Ae", "Ø": "Oe", "Å": "Aa", "Ä": "Ae", "Ö": "Oe"}
)  # fmt: skip
_BARE = str.maketrans("æøåäöÆØÅÄÖ", "aoaaoAOAAO")
_LOST = str.maketrans("æøåäöÆØÅÄÖ", "?" * 10)


def to_ascii(name: str, rng: Random) -> str:
    """A name without Nordic letters, in one of the usual ways."""
    chance = rng.random()
    table = _DIGRAPHS if chance < 0.5 else _BARE if chance < 0.9 else _LOST
    return name.translate(table)


def as_written(name: str, rng: Random, is_company: bool) -> str:
    """A customer's own name as it comes with a payment.

    Of persons 55 % come as registered, 12 % in capitals, 8 % turned round, 8 % in
    ASCII, 8 % with a middle name more or less, 3 % with initials, 3 % with a «c/o», 2 %
    with a typo, 1 % cut at ten to fourteen characters.
    """
    chance = rng.random()
    if chance < 0.55:
        return name
    if chance < 0.67:
        return name.upper()
    if is_company:
        return _company_written(name, rng)
    words = name.split()
    if chance < 0.75:
        turned = f"{words[-1]}, {' '.join(words[:-1])}"
        return turned if rng.random() < 0.5 else turned.replace(",", "").upper()
    if chance < 0.83:
        return to_ascii(name, rng)
    if chance < 0.91:
        if len(words) > 2:
            return f"{words[0]} {words[-1]}"
        return f"{words[0]} {first_name(rng, 'NO')} {words[-1]}"
    if chance < 0.94:
        dot = rng.choice((".", ""))
        heads = " ".join(word[0] + dot for word in words[:-1])
        return f"{heads} {words[-1]}"
    if chance < 0.97:
        return f"{name} c/o {person(rng)}"
    if chance < 0.99:
        return typo(name, rng)
    return name[: rng.randint(10, 14)]


def _company_written(name: str, rng: Random) -> str:
    chance = rng.random()
    if chance < 0.4:
        return name.rpartition(" ")[0]
    if chance < 0.7:
        return to_ascii(name, rng)
    if chance < 0.9:
        return f"{name} avd. {rng.choice(('Oslo', 'Bergen', 'Göteborg', 'Nord'))}"
    return typo(name, rng)


def typo(name: str, rng: Random) -> str:
    """A name with one letter wrong, missing or doubled."""
    at = rng.randrange(1, len(name))
    chance = rng.random()
    if chance < 0.4:
        return name[:at] + rng.choice("aeinrst") + name[at + 1 :]
    if chance < 0.7:
        return name[:at] + name[at + 1 :]
    return name[:at] + name[at - 1] + name[at:]


def relative(name: str, rng: Random) -> str:
    """Somebody of the same family name; now and then both of them together."""
    last = name.rpartition(" ")[2]
    other = f"{first_name(rng, country(rng))} {last}"
    if rng.random() < 0.15:
        return f"{other} og {name}"
    return other


# === TEXTS === #

#: Messages that name nothing.
IDLE = (
    "", "", "", "", "Betaling", "strøm", "Regning", "faktura", "Takk", "november",
    "Giro", "Overføring", "Nettbank", "el räkning", "faktura nov 2026", "fast avtale",
    "betalning", "husleie og strøm", "purring", "Vipps",
)  # fmt: skip
#: Around a reference.
REFERENCE = (
    "Betaling KID {} takk", "KID {}", "KID: {}", "strøm KID:{}", "kid {} mvh {name}",
    "Gjelder {} for hytta", "OCR {}", "el OCR:{}", "faktura 11/2026 kid {}", "{}",
    "Faktura forfall 20.11.2026 KID-nr {}", "Avser {} stugan", "kidnr.{}",
    "betaling av strøm {name} {}", "Ref {} konto 1503 51 49098", "{} strøm oktober",
    "tlf 22334455 KID {}",
)  # fmt: skip
#: Around an invoice number.
INVOICE = (
    "{}", "{}", "Faktura {}", "fakturanr {}", "fakt. {} takk", "Betaling av {}",
    "Faktura nr. {}", "fakt.nr.{}", "faktura: {} mvh {name}", "INVOICE {}",
    "regning {} strøm", "f.nr {}", "Fakturanummer {}",
)  # fmt: skip
#: Around a number that has nothing to do with any invoice.
UNRELATED = (
    "{}", "Lodd {}", "medlem {}", "ordre {}", "hytte {}", "medlemsnr {}",
    "dugnad 2026 {}", "kontrakt {}", "Lott {}", "bestilling {}",
)  # fmt: skip
#: Around a customer number.
CUSTOMER = ("kundenr {}", "Kunde {}", "kundenummer {}", "knr. {}", "kundnr {}")
#: Around the number of a meter or installation.
METER = ("måler {}", "målernr {}", "målepunkt {}", "anleggsnr {}", "anl. {}")
#: Around a phone number.
PHONE = ("tlf {}", "{}", "mob. {}", "Telefon {}", "ring {} ved spørsmål")


def text(rng: Random, table, value: str = "", name: str = "") -> str:
    """One of the texts, filled in."""
    return rng.choice(table).replace("{name}", name).replace("{}", value)


def grouped(digits: str, rng: Random) -> str:
    """A reference as people write it, most often in one piece."""
    chance = rng.random()
    if chance < 0.6:
        return digits
    size = rng.choice((3, 4, 5))
    groups = [digits[at : at + size] for at in range(0, len(digits), size)]
    return rng.choice((" ", " ", ".", "-", "\u00a0")).join(groups)


def artefacts(digits: str, rng: Random) -> str:
    """Digits as copied out of a picture or a PDF: O, l, I, full-width digits."""
    chance = rng.random()
    if chance < 0.3:
        return "".join(chr(ord(char) + 0xFEE0) for char in digits)
    swaps = {"0": "O", "1": rng.choice("lI")}
    return "".join(swaps.get(char, char) for char in digits)


def invoice_writing(prefix: str, number: int, rng: Random) -> str:
    """A number such as INV/2026/00105 in one of the ways people write it."""
    year = prefix.strip("/").rpartition("/")[2]
    whole = f"{prefix}{number:05d}"
    return rng.choice(
        (
            whole, whole, whole, whole, whole.lower(), whole.replace("/", " "),
            whole.replace("/", "-"), whole.replace("/", ""), f"{year}/{number:05d}",
            f"{year} {number}", f"{year}-{number:05d}", f"{number:05d}", f"{number}",
            f"{year}{number:05d}",
        )
    )  # fmt: skip
