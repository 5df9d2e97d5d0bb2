"""A printed page that needs nothing from outside, and the letterhead laid over it.

Odoo makes three web pages of a report: body, headers and footers. A patched
wkhtmltopdf puts them together; other engines print the body and a letterhead (header
and footer of every page, with its number) apart, and one is laid over the other.
All lengths are in millimetres unless they say otherwise.
"""

import base64
import copy
import re
from collections.abc import Callable
from dataclasses import dataclass

import lxml.html

#: Answers an address with its bytes and media type, None when it is not ours.
Loader = Callable[[str], tuple[bytes, str] | None]

#: What WebKit multiplies the width of a sheet by before it lays a page out, in its
#: own printing and in wkhtmltopdf's «smart shrinking».
WEBKIT_SHRINK = 1.25
#: What wkhtmltopdf without the patches prints at, whatever it is told; measured.
UNPATCHED_SCALE = 0.768
#: Dots of a CSS pixel per inch.
CSS_DPI = 96.0
#: What a browser can scale a page by.
SCALE_LIMITS = (0.1, 2.0)

HEADERS = "minimal_layout_report_headers"
FOOTERS = "minimal_layout_report_footers"

#: Fonts in the order of preference; the others are legacy.
_FONT_FORMATS = {
    "woff2": "font/woff2",
    "woff": "font/woff",
    "truetype": "font/ttf",
    "opentype": "font/otf",
}
#: Addresses of what never changes: they name a checksum of it.
_LASTING = "/web/assets/"
#: Odoo's pages are as wide as the paper; on a screen they would be a column.
_FULL_WIDTH = ".container{max-width:none}"
_FONT_FACE = re.compile(r"@font-face\s*\{([^}]*)\}", re.IGNORECASE)
_IMPORT = re.compile(r"@import\b[^;]*;", re.IGNORECASE)
_FAMILY = re.compile(r"font-family\s*:\s*([^;]+)", re.IGNORECASE)
_FONT_NAMES = re.compile(r"\bfont(?:-family)?\s*:\s*([^;}]+)", re.IGNORECASE)
_SOURCE = re.compile(
    r"""url\(\s*["']?([^"')]+)["']?\s*\)\s*(?:format\(\s*["']?(\w+)["']?\s*\))?""",
    re.IGNORECASE,
)
_URL = re.compile(r"""url\(\s*(["']?)(?!data:|#)([^"')]+)\1\s*\)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Paper:
    """The sheet a report is printed on, as the paper format of Odoo describes it.

    :param header_spacing: from the top of the header to the top of the body
    :param dpi: what wkhtmltopdf is told; decides the size of the type
    :param shrink: whether the page is shrunk as wkhtmltopdf does by default
    :param header_line: whether a line parts header and body
    :param fixed_scale: for an engine that goes by nothing it is told, what it scales by
    """

    width: float
    height: float
    top: float
    right: float
    bottom: float
    left: float
    header_spacing: float
    dpi: int = 90
    shrink: bool = True
    header_line: bool = False
    fixed_scale: float = 0.0

    @property
    def scale(self) -> float:
        """Return how large a CSS pixel gets, against a 96th of an inch.

        This is what Odoo's own call makes of the paper format: the page is zoomed by
        96 / dpi and printed at so many dots per inch, after smart shrinking.
        """
        if self.fixed_scale:
            return self.fixed_scale
        scale = (CSS_DPI / (self.dpi or CSS_DPI)) ** 2
        if self.shrink:
            scale /= WEBKIT_SHRINK
        return min(max(scale, SCALE_LIMITS[0]), SCALE_LIMITS[1])


def self_contained(
    html: str, load: Loader, style: str = "", scripts=False, memory=None
) -> str:
    """Return a page with its style sheets, pictures and fonts inside.

    What ``load`` does not know is left out: a document is made of what the house has,
    and is not held up by, or told to, anybody else.

    :param html: a whole page
    :param load: answers the addresses in it
    :param style: further rules, the last to be heard
    :param scripts: whether scripts stay in (those inside the page; others never do)
    :param memory: keeps style sheets whose address changes with their content from
        page to page; a mutable mapping
    """
    root = _parse(html)
    memory = {} if memory is None else memory
    sheets, addresses = [], {}
    for link in root.xpath("//link[@href]"):
        if link.get("rel") == "stylesheet":
            answer = load(link.get("href"))
            if answer:
                node = link.makeelement("style")
                node.text = answer[0].decode("utf-8", "replace")
                link.addprevious(node)
                sheets.append(node)
                if link.get("href").startswith(_LASTING):
                    addresses[node] = link.get("href")
        link.drop_tree()
    for script in root.xpath("//script"):
        if not scripts or script.get("src"):
            script.drop_tree()
    sheets += [node for node in root.xpath("//style[text()]") if node not in sheets]
    if not scripts or style:
        node = root.makeelement("style")
        node.text = ("" if scripts else _FULL_WIDTH) + style
        root.head.append(node)
        sheets.append(node)
    styled = root.xpath("//*[@style]")
    families = families_in(" ".join(node.get("style") for node in styled))
    for node in sheets:
        families |= _remembered(
            memory, addresses.get(node), lambda node=node: families_in(node.text)
        )
    for node in sheets:
        address = addresses.get(node)
        node.text = _remembered(
            memory,
            address and (address, families),
            lambda node=node: style_inside(node.text, load, families),
        )
    for node in styled:
        if "url(" in node.get("style"):
            node.set("style", style_inside(node.get("style"), load, families))
    for image in root.xpath("//img[@src]"):
        if not image.get("src").startswith("data:"):
            image.set("src", _data_address(load(image.get("src"))) or "data:,")
    for node in root.xpath("//base"):
        node.drop_tree()
    return _serialise(root)


def _remembered(memory, key, make):
    """Return what ``make`` makes, once for each key; always anew without one."""
    if key is None:
        return make()
    value = memory.get(key)
    if value is None:
        value = memory[key] = make()
    return value


def families_in(css: str) -> frozenset[str]:
    """Return the families that rules ask for, those only declared left out."""
    rules = _FONT_FACE.sub("", css)
    names = set()
    for match in _FONT_NAMES.finditer(rules):
        for part in match.group(1).split(","):
            name = part.strip().strip("\"'").lower()
            # The shorthand names the family last, after size and style.
            names |= {name, name.rsplit(" ", 1)[-1].strip("\"'")}
    return frozenset(names)


def style_inside(css: str, load: Loader, families: frozenset[str]) -> str:
    """Return a style sheet with its fonts and pictures inside.

    Faces of families that nobody asks for, faces of other houses' servers and imports
    are left out.
    """
    css = _IMPORT.sub("", css)
    css = _FONT_FACE.sub(lambda match: _face(match, load, families), css)

    def picture(match):
        address = _data_address(load(match.group(2)))
        return f'url("{address}")' if address else "none"

    return _URL.sub(picture, css)


def _face(match, load, families):
    body = match.group(1)
    family = _FAMILY.search(body)
    if not family or family.group(1).strip().strip("\"'").lower() not in families:
        return ""
    sources = {
        (source.group(2) or "").lower(): source.group(1)
        for source in _SOURCE.finditer(body)
    }
    for kind, media_type in _FONT_FORMATS.items():
        answer = load(sources[kind]) if kind in sources else None
        if answer:
            address = _data_address((answer[0], media_type))
            rest = ";".join(
                part
                for part in body.split(";")
                if part.strip()
                and not part.strip().lower().startswith("src")
                # A data address of a legacy source may have held the semicolon.
                and ":" in part
            )
            return f'@font-face{{{rest};src:url("{address}") format("{kind}")}}'
    return ""


def letterhead(header: str, footer: str, index: int, paper: Paper, pages: int) -> str:
    """Return a page of as many sheets, each with its header, footer and number.

    :param header: Odoo's page of all headers, self-contained
    :param footer: Odoo's page of all footers, self-contained
    :param index: which document's header and footer
    :param pages: how many pages the body has
    :return: "" when the document has neither header nor footer
    """
    sheet_root = _parse(header or footer)
    parts = {
        "head": _child(header, HEADERS, index),
        "foot": _child(footer, FOOTERS, index),
    }
    if not any(part is not None for part in parts.values()) and not paper.header_line:
        return ""
    body = sheet_root.body
    classes = body.get("class") or ""
    for child in list(body):
        body.remove(child)
    body.text = None
    for attribute in ("class", "onload", "style"):
        body.attrib.pop(attribute, None)
    sheet_root.attrib.pop("style", None)
    node = sheet_root.makeelement("style")
    node.text = _letterhead_style(paper)
    sheet_root.head.append(node)
    for number in range(1, pages + 1):
        sheet = lxml.html.Element("div", {"class": "kvitt-sheet"})
        for place, part in parts.items():
            if part is None:
                continue
            frame = lxml.html.Element("div", {"class": f"kvitt-{place}"})
            inner = lxml.html.Element("div", {"class": classes})
            copied = copy.deepcopy(part)
            copied.tail = None
            _number(copied, number, pages)
            inner.append(copied)
            frame.append(inner)
            sheet.append(frame)
        if paper.header_line:
            sheet.append(lxml.html.Element("div", {"class": "kvitt-line"}))
        body.append(sheet)
    return _serialise(sheet_root)


def _letterhead_style(paper):
    """Return where things are on a sheet, in millimetres before scaling."""
    scale = paper.scale
    head = max(paper.top - paper.header_spacing, 0) / scale
    # A hair less than the paper, so that rounding never makes another sheet.
    height = paper.height / scale - 0.2
    foot = (paper.height - paper.bottom) / scale
    left, right = paper.left / scale, paper.right / scale
    return (
        "html,body{margin:0;padding:0;height:auto;background:none}"
        f".kvitt-sheet{{position:relative;height:{height:.3f}mm;overflow:hidden;"
        "page-break-after:always}"
        ".kvitt-sheet:last-child{page-break-after:auto}"
        f".kvitt-head,.kvitt-foot,.kvitt-line{{position:absolute;left:{left:.3f}mm;"
        f"right:{right:.3f}mm}}"
        f".kvitt-head{{top:{head:.3f}mm}}.kvitt-foot{{top:{foot:.3f}mm}}"
        f".kvitt-line{{top:{paper.top / scale:.3f}mm;border-top:1px solid #000}}"
    )


def _child(html, container_id, index):
    """Return the part of one document in Odoo's page of all headers or footers."""
    if not html:
        return None
    found = _parse(html).xpath("//*[@id=$id]", id=container_id)
    children = list(found[0]) if found else []
    return children[index] if index < len(children) else None


def _number(part, number, pages):
    """Put the page's number, and how many there are, where the layout wants them."""
    for name, value in (("page", number), ("topage", pages)):
        for node in part.xpath(
            "descendant-or-self::*[contains(concat(' ', normalize-space(@class), ' '),"
            " $name)]",
            name=f" {name} ",
        ):
            for child in list(node):
                node.remove(child)
            node.text = str(value)


def _data_address(answer):
    if not answer:
        return ""
    data, media_type = answer
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _parse(html):
    root = lxml.html.document_fromstring(html)
    if root.find("head") is None:
        root.insert(0, lxml.html.Element("head"))
    return root


def _serialise(root):
    for node in root.xpath("//meta[@charset]"):
        node.drop_tree()
    root.head.insert(0, lxml.html.Element("meta", {"charset": "utf-8"}))
    return lxml.html.tostring(root, encoding="unicode", doctype="<!DOCTYPE html>")
