"""The text alternative of an e-mail, made of its HTML.

People who read with their ears, or in a terminal, get the same words in the same order:
paragraphs as paragraphs, list entries with a dash, links with their address behind.
"""

import html
import re

_SKIPPED = re.compile(
    r"<!--.*?-->|<(style|script|head|title)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^>]*)>")
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f]+")
_TOKEN = re.compile(r"(/my/invoices/\d+)\?access_token=[\w-]+")

_PARAGRAPHS = frozenset(
    ("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote")
)
_LINES = frozenset(("div", "tr", "li", "section", "header", "footer", "dt", "dd"))


def plain(markup: str) -> str:
    """Return the words of an HTML text, laid out with line breaks alone.

    :param markup: HTML, a whole document or a piece of one
    """
    markup = _SKIPPED.sub("", str(markup))
    out: list[str] = []
    links: list[tuple[str, int]] = []
    position = 0
    for tag in _TAG.finditer(markup):
        _write(out, markup[position : tag.start()])
        position = tag.end()
        closing, name, attributes = tag.group(1), tag.group(2).lower(), tag.group(3)
        if name == "br":
            out.append("\n")
        elif name == "li" and not closing:
            _break(out, 1)
            out.append("- ")
        elif name in _PARAGRAPHS:
            _break(out, 2)
        elif name in _LINES:
            _break(out, 1)
        elif name in ("td", "th") and closing:
            out.append(" ")
        elif name == "a" and not closing:
            found = _HREF.search(attributes)
            address = html.unescape(found[1] or found[2] or "") if found else ""
            links.append((address, len(out)))
        elif name == "a" and links:
            address, start = links.pop()
            words = "".join(out[start:]).strip()
            if address.startswith(("http://", "https://")) and address != words:
                out[start:] = [f"{words}: {address}" if words else address]
    _write(out, markup[position:])
    lines = [line.strip() for line in "".join(out).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def without_tokens(text: str) -> str:
    """Return ``text`` with its personal links made harmless.

    They open for whoever holds them, and count who does. What staff read shows the
    plain address of the page instead.
    """
    return _TOKEN.sub(r"\1", text)


def _write(out: list[str], piece: str) -> None:
    words = _SPACES.sub(" ", html.unescape(piece))
    if words.strip(" "):
        out.append(words)
    elif words and out and not out[-1].endswith(("\n", " ")):
        out.append(" ")


def _break(out: list[str], lines: int) -> None:
    """End the line, and leave an empty one where a paragraph ends."""
    if not out:
        return
    there = 0
    for piece in reversed(out):
        stripped = piece.rstrip(" ")
        there += len(stripped) - len(stripped.rstrip("\n"))
        if stripped.strip("\n"):
            break
    out.append("\n" * max(lines - there, 0))
