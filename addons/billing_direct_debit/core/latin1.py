"""Text in records of ISO-8859-1, where a name can hold any letter there is."""

import re
import unicodedata

#: Everything that may not stand in a record: control characters, and what ISO-8859-1
#: has no place for.
UNPRINTABLE = re.compile("[^ -~\xa0-\xff]")

# What stays as it is: all but blanks and hyphens that only look like nothing.
_FITS = re.compile("[ -~\xa1-\xac\xae-\xff]*")

# Letters and signs that fall apart into nothing usable on their own: the Sámi
# languages' among them.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u2018\u2019\u201a\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u2033", '"'),
        **dict.fromkeys("\xa0\u2007\u2009\u202f\t\r\n", " "),
        "\xad": None,
        "\u2022": "-",
        "\u20ac": "EUR",
        "\u0110": "D",
        "\u0111": "d",
        "\u0131": "i",
        "\u0141": "L",
        "\u0142": "l",
        "\u014a": "N",
        "\u014b": "n",
        "\u0152": "OE",
        "\u0153": "oe",
        "\u0166": "T",
        "\u0167": "t",
    }
)


def fit(text, width=None):
    """Text as it can stand in a field.

    Letters that ISO-8859-1 lacks lose their accent, other characters become ``?``;
    blanks at the end go.

    :param str text: anything
    :param int width: of the field, in characters; None when it does not matter
    :return: at most ``width`` printable characters of ISO-8859-1
    :rtype: str
    """
    if _FITS.fullmatch(text):
        return text[:width].rstrip()
    text = unicodedata.normalize("NFC", text.translate(_PLAIN))
    if UNPRINTABLE.search(text):
        text = UNPRINTABLE.sub(_nearest, text)
    return text[:width].rstrip()


def _nearest(match):
    char = match[0]
    if unicodedata.category(char) in ("Cc", "Cf", "Mn"):
        return ""
    plain = unicodedata.normalize("NFKD", char).translate(_PLAIN)
    plain = "".join(part for part in plain if not unicodedata.combining(part))
    return "?" if not plain or UNPRINTABLE.search(plain) else plain
