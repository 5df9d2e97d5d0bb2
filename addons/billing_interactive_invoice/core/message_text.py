"""The words of a message, without whatever else an e-mail brings along.

Messages are shown to customers as plain text: no mark-up of others reaches the page, so
there is nothing in it to run, load or imitate. What a mail program quoted of earlier
messages is left out, and so are signatures.
"""

import re

from lxml import etree, html

#: Longest text of one message that is shown.
MAX_LENGTH = 20_000

#: Stand for the borders of blocks and paragraphs while the text is put together; they
#: are control characters, so that no message can hold them.
_BLOCK, _PARAGRAPH = "\x02", "\x03"
_SKIPPED = {"script", "style", "head", "title", "template", "noscript", "object"}
_BLOCKS = {
    "address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "fieldset",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul",
}  # fmt: skip
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
)
_LINK = re.compile(r"https?://[^\s<>\"'()]+[^\s<>\"'().,;:!?]")
#: «On … wrote:», as mail programs in our languages put above what they quote.
_QUOTE_HEAD = re.compile(
    r"^(?:on .{5,200} wrote"
    r"|den .{0,60}\d.{3,80} skrev.{0,200}"
    r"|(?:man|tir|tis|ons|tor|fre|lør|lör|søn|sön|mån)\w*\.? .{5,200} skrev.{0,200}"
    r"|.{0,80}<[^>\n]{3,80}> (?:skrev|wrote).{0,200}"
    r"):\s*$",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"^-{2,}\s*(original message|opprinnelig melding|ursprungligt meddelande|"
    r"originalmeddelande|videresendt melding|forwarded message)\s*-{2,}$",
    re.IGNORECASE,
)


def plain(body: str) -> str:
    """Return the text of a message.

    :param body: HTML as it was stored, or any text
    :return: lines, with an empty one between paragraphs; no control characters
    """
    if not (body or "").strip():
        return ""
    try:
        root = html.fragment_fromstring(_CONTROL.sub("", body), create_parent="div")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return ""
    text = re.sub(
        rf"[{_BLOCK}\s]*{_PARAGRAPH}[{_BLOCK}{_PARAGRAPH}\s]*", "\n\n", _collect(root)
    )
    text = re.sub(rf"\n?[ {_BLOCK}]*{_BLOCK}[ {_BLOCK}]*", "\n", text)
    lines = [" ".join(line.split()) for line in text.split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(_without_quote(lines))).strip()
    if len(text) > MAX_LENGTH:
        text = text[: MAX_LENGTH - 1].rstrip() + "…"
    return text


def pieces(text: str) -> list[tuple[str, bool]]:
    """Return ``text`` cut where addresses of web pages begin and end.

    :return: (piece, whether it is an address), which put together are ``text``
    """
    result = []
    end = 0
    for match in _LINK.finditer(text):
        if match.start() > end:
            result.append((text[end : match.start()], False))
        result.append((match[0], True))
        end = match.end()
    if end < len(text):
        result.append((text[end:], False))
    return result


def preview(text: str, length: int = 120) -> str:
    """Return the beginning of ``text`` in one line.

    :param length: characters, not fewer than two
    """
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def _collect(root):
    """Return the text of ``root`` with :data:`_BLOCK` and :data:`_PARAGRAPH` in it.

    Without recursion: how deep the elements of an e-mail go is up to who wrote it.
    """
    parts = []
    pre_depth = 0
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start":
            pre_depth += _is_preformatted(element)
            if element.tag in _SKIPPED or element.get("data-o-mail-quote"):
                walk.skip_subtree()
                continue
            if element.tag == "br":
                parts.append("\n")
            elif element.tag in _BLOCKS:
                parts.append(_BLOCK)
            parts.append(_words(element.text, pre_depth))
            continue
        if event == "end":
            pre_depth -= _is_preformatted(element)
            if element.tag == "p":
                parts.append(_PARAGRAPH)
            elif element.tag in _BLOCKS:
                parts.append(_BLOCK)
            elif element.tag in ("td", "th"):
                parts.append(" ")
        if element is not root:
            parts.append(_words(element.tail, pre_depth))
    return "".join(parts)


def _is_preformatted(element):
    return element.tag == "pre" or "pre" in (element.get("style") or "")


def _words(text, pre_depth):
    if not text:
        return ""
    return text if pre_depth else re.sub(r"\s+", " ", text)


def _without_quote(lines):
    """Return ``lines`` up to where an earlier message begins."""
    kept = []
    for line in lines:
        if kept and (_QUOTE_HEAD.match(line) or _ORIGINAL.match(line)):
            break
        if not line.startswith(">"):
            kept.append(line)
    return kept
