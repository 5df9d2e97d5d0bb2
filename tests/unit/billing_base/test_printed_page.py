"""Pages to print hold all they need; the letterhead numbers them."""

import re

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core import printed_page
from odoo.addons.billing_base.core.printed_page import Paper

A4 = Paper(210, 297, 52, 0, 32, 0, 52)
CSS = """@import url("https://elsewhere.example/x.css");
@font-face{font-family:'Lato';font-weight:400;src:url(/f/lato.eot);
 src:url("/f/lato.woff") format("woff"),url(/f/lato.ttf) format("truetype")}
@font-face{font-family:"Unused";src:url(/f/unused.woff) format("woff")}
@font-face{font-family:Far;src:url(https://elsewhere.example/far.woff) format("woff")}
body{font-family:Lato,Far,sans-serif;background:url(/img/back.png)}
p{background:url(/img/gone.png)} i{background:url(data:image/png;base64,AA==)}"""
FILES = {
    "/web/assets/1/x.css": (CSS.encode(), "text/css"),
    "/f/lato.woff": (b"woff", "font/woff"),
    "/f/lato.ttf": (b"ttf", "font/ttf"),
    "/f/unused.woff": (b"no", "font/woff"),
    "/img/back.png": (b"back", "image/png"),
    "/img/logo.png": (b"logo", "image/png"),
}
PAGE = """<!DOCTYPE html><html><head><base href="https://here.example"/>
<link rel="stylesheet" href="/web/assets/1/x.css"/><link rel="icon" href="/i.ico"/>
<script src="/s.js"></script><script>go()</script></head>
<body><img src="/img/logo.png"/><img src="https://elsewhere.example/spy.gif"/>
<p style="background:url(/img/back.png)">Tøkst</p></body></html>"""


def page_of(parts, container):
    inner = "".join(parts)
    return (
        '<!DOCTYPE html><html style="height: 0;"><head><style>x{}</style></head>'
        f'<body class="o_body_pdf container" onload="subst()">'
        f'<div id="{container}">{inner}</div></body></html>'
    )


HEADERS = page_of(
    ['<div class="header">First</div>', '<div class="header">Second</div>'],
    printed_page.HEADERS,
)
FOOTERS = page_of(
    [
        '<div class="footer">F1 <span class="page"/>/<span class="topage"/></div>',
        '<div class="footer">F2 <span class="page">9</span> of '
        '<b class="x topage"><i>9</i></b></div>',
    ],
    printed_page.FOOTERS,
)


class TestSelfContained:
    def test_nothing_is_left_to_fetch(self):
        html = printed_page.self_contained(PAGE, FILES.get)
        addresses = re.findall(r"""(?:src|href)="([^"]*)|url\(["']?([^"')]*)""", html)
        for address in filter(None, (a or b for a, b in addresses)):
            assert address.startswith("data:"), address
        assert "elsewhere" not in html
        assert "<script" not in html
        assert "Tøkst" in html

    def test_fonts_that_are_asked_for_are_inside_in_their_best_form(self):
        html = printed_page.self_contained(PAGE, FILES.get)
        assert html.count("@font-face") == 1
        assert 'url("data:font/woff;base64,d29mZg==") format("woff")' in html
        assert "font-weight:400" in html

    def test_scripts_of_the_page_stay_where_an_engine_needs_them(self):
        html = printed_page.self_contained(PAGE, FILES.get, scripts=True)
        assert "go()" in html
        assert "/s.js" not in html

    def test_own_rules_come_last(self):
        html = printed_page.self_contained(PAGE, FILES.get, "p{color:red}")
        assert html.rindex("p{color:red}") > html.rindex("@font-face")

    def test_what_is_remembered_is_the_same(self):
        memory = {}
        first = printed_page.self_contained(PAGE, FILES.get, memory=memory)
        files = dict(FILES)
        files.pop("/f/lato.woff")
        assert printed_page.self_contained(PAGE, files.get, memory=memory) == first
        assert printed_page.self_contained(PAGE, files.get) != first

    @given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))))
    def test_words_survive(self, text):
        root = lxml.html.fragment_fromstring("<p/>")
        root.text = text
        body = lxml.html.tostring(root, encoding="unicode")
        html = printed_page.self_contained(
            f"<html><body>{body}</body></html>", dict().get
        )
        assert lxml.html.document_fromstring(html).xpath("string(//p)") == text


class TestLetterhead:
    def sheets(self, index, pages, header=HEADERS, footer=FOOTERS):
        html = printed_page.letterhead(header, footer, index, A4, pages)
        root = lxml.html.document_fromstring(html)
        return [
            " ".join(sheet.text_content().split())
            for sheet in root.xpath("//div[@class='kvitt-sheet']")
        ]

    def test_each_document_has_its_own_with_its_numbers(self):
        assert self.sheets(0, 2) == ["FirstF1 1/2", "FirstF1 2/2"]
        assert self.sheets(1, 1) == ["SecondF2 1 of 1"]

    def test_a_document_without_either_has_none(self):
        assert printed_page.letterhead(HEADERS, FOOTERS, 2, A4, 1) == ""

    def test_layout_classes_stay_and_scripts_of_loading_do_not(self):
        html = printed_page.letterhead(HEADERS, FOOTERS, 0, A4, 1)
        assert html.count("o_body_pdf container") == 2
        assert "onload" not in html

    @given(st.integers(1, 60))
    def test_as_many_sheets_as_pages(self, pages):
        sheets = self.sheets(0, pages)
        assert len(sheets) == pages
        assert sheets[-1].endswith(f"{pages}/{pages}")


class TestPaper:
    @pytest.mark.parametrize(
        ("dpi", "shrink", "scale"),
        [(90, True, 0.91), (90, False, 1.138), (96, True, 0.8), (96, False, 1.0)],
    )
    def test_the_size_of_type_is_odoo_s(self, dpi, shrink, scale):
        paper = Paper(210, 297, 52, 0, 32, 0, 52, dpi=dpi, shrink=shrink)
        assert paper.scale == pytest.approx(scale, abs=0.001)

    @given(st.integers(0, 10000), st.booleans())
    def test_a_browser_can_always_do_it(self, dpi, shrink):
        paper = Paper(210, 297, 52, 0, 32, 0, 52, dpi=dpi, shrink=shrink)
        assert 0.1 <= paper.scale <= 2
