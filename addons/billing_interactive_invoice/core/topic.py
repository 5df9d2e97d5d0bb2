"""What a message is about, by the words in it."""

import re
import unicodedata
from collections.abc import Mapping

#: Longest part of a message that is looked at; nobody comes to the point later.
MAX_TEXT = 20_000

_SEPARATOR = re.compile(r"[,;\n\r]+")


def words(text: str) -> list[str]:
    """Return the words and phrases that somebody wrote down, each once.

    :param text: separated by commas, semicolons or line ends
    """
    found = (_folded(" ".join(part.split())) for part in _SEPARATOR.split(text or ""))
    return list(dict.fromkeys(word for word in found if word.strip("* ")))


def matching(message: str, rules: Mapping[int, str]) -> set[int]:
    """Return the topics that a message is about.

    A word counts where it stands by itself, in whatever case. With ``*`` at its end it
    also counts as the beginning of a longer one, as there are many in our languages:
    ``purr*`` finds «purregebyr».

    :param message: plain text, in any language
    :param rules: words of each topic, as :func:`words` reads them
    :return: keys of ``rules``
    """
    text = " ".join(_folded(message[:MAX_TEXT]).split())
    return {key for key, rule in rules.items() if _finds(rule, text)}


def _finds(rule, text):
    parts = [
        re.escape(word.rstrip("*")) + (r"\w*" if word.endswith("*") else "")
        for word in words(rule)
    ]
    return bool(parts) and bool(re.search(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", text))


def _folded(text):
    return unicodedata.normalize("NFC", (text or "").casefold())
