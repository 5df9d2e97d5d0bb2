"""Invoices are printed for real and looked at."""

import re
from unittest.mock import patch

import pypdfium2
import pytest
from PIL import ImageChops

from odoo import Command
from odoo.exceptions import UserError
from odoo.fields import Date

from odoo.addons.base.models import ir_actions_report as core_report
from odoo.addons.billing_base.printing import chromium

from ...common import KvittAccountCase

REPORT = "account.account_invoices"
#: Dots per millimetre of the pictures.
DOTS = 4
TOP, BOTTOM, WIDTH, HEIGHT = 52, 265, 210, 297


class PrintingCase(KvittAccountCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, force_report_rendering=True))
        cls.company = cls.env.company
        cls.company.external_report_layout_id = cls.env.ref(
            "web.external_layout_standard"
        )
        cls.company.report_footer = "<p>Org.nr 999 999 999 MVA</p>"
        cls.env["res.lang"]._activate_lang("nb_NO")
        cls.env["res.lang"]._activate_lang("sv_SE")
        cls.reports = cls.env["ir.actions.report"].with_company(cls.company)

    @classmethod
    def create_invoice(cls, lines=3, lang="nb_NO"):
        partner = cls.env["res.partner"].create(
            {
                "name": "Kari Nordmann",
                "lang": lang,
                "street": "Storgata 1",
                "zip": "0155",
                "city": "Oslo",
                "country_id": cls.env.ref("base.no").id,
            }
        )
        move = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": Date.to_date("2026-11-22"),
                "invoice_line_ids": [
                    Command.create({"name": f"Line {n}", "price_unit": 100})
                    for n in range(lines)
                ],
            }
        )
        move.action_post()
        return move

    def set_engine(self, engine):
        self.env["ir.config_parameter"].set_param("billing_base.pdf_engine", engine)

    def render(self, moves):
        pdf, kind = self.reports._render_qweb_pdf(REPORT, moves.ids)
        self.assertEqual(kind, "pdf")
        return pypdfium2.PdfDocument(pdf)

    def text(self, page):
        return " ".join(page.get_textpage().get_text_range().split())

    def picture(self, page):
        return page.render(scale=DOTS * 25.4 / 72).to_pil().convert("L")

    def ink(self, page, top, bottom):
        """Return the share of dark dots in a strip of a page, in mm from its top."""
        strip = self.picture(page).crop((0, top * DOTS, WIDTH * DOTS, bottom * DOTS))
        return sum(strip.histogram()[:160]) / (strip.width * strip.height)

    def assertLetterhead(self, document):
        """Every page has the same header and footer, and white between the parts."""
        heads = [
            self.picture(page).crop((0, 0, WIDTH * DOTS, (TOP - 5) * DOTS))
            for page in document
        ]
        for number, page in enumerate(document, 1):
            self.assertEqual(
                tuple(round(points / 72 * 25.4) for points in page.get_size()),
                (WIDTH, HEIGHT),
            )
            self.assertGreater(self.ink(page, 0, TOP), 0.002, "a header")
            self.assertGreater(self.ink(page, TOP, BOTTOM), 0.002, "a body")
            self.assertGreater(self.ink(page, BOTTOM, HEIGHT), 0.0005, "a footer")
            self.assertFalse(
                ImageChops.difference(heads[0], heads[number - 1]).getbbox(),
                "the same header on every page",
            )


class TestChromium(PrintingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Its absence is a hole in the tests, not a reason to pass over them.
        assert chromium.binary(), "Chromium is needed for this test"

    def setUp(self):
        super().setUp()
        self.set_engine("chromium")

    def test_a_page_has_header_footer_and_number(self):
        document = self.render(self.create_invoice())
        self.assertEqual(len(document), 1)
        self.assertLetterhead(document)
        text = self.text(document[0])
        self.assertIn(self.company.name, text)
        self.assertIn("Org.nr 999 999 999 MVA", text)
        self.assertRegex(text, r"1 ?/ ?1")

    def test_three_pages_in_both_languages(self):
        for lang, word in (("nb_NO", "Faktura"), ("sv_SE", "Faktura")):
            with self.subTest(lang):
                document = self.render(self.create_invoice(45, lang))
                self.assertEqual(len(document), 3)
                self.assertLetterhead(document)
                for number, page in enumerate(document, 1):
                    text = self.text(page)
                    self.assertRegex(text, rf"\b{number} ?/ ?3\b")
                    self.assertIn(self.company.name, text)
                self.assertIn(word, self.text(document[0]))
                # No line is lost or printed twice where pages meet.
                lines = re.findall(r"Line (\d+)", " ".join(map(self.text, document)))
                self.assertEqual(sorted(map(int, lines)), list(range(45)))

    @pytest.mark.nightly
    def test_the_company_s_own_typeface_is_inside(self):
        pdf, _kind = self.reports._render_qweb_pdf(REPORT, self.create_invoice().ids)
        self.assertIn(b"Lato", pdf)

    @pytest.mark.nightly
    def test_several_invoices_are_documents_of_their_own(self):
        moves = self.create_invoice(3) | self.create_invoice(45)
        streams = self.reports._render_qweb_pdf_prepare_streams(
            REPORT, {"report_type": "pdf"}, res_ids=moves.ids
        )
        pages = [
            [self.text(page) for page in pypdfium2.PdfDocument(s["stream"].getvalue())]
            for s in streams.values()
        ]
        self.assertEqual(list(streams), moves.ids)
        self.assertEqual([len(texts) for texts in pages], [1, 3])
        self.assertIn(moves[0].name, pages[0][0])
        self.assertRegex(pages[1][2], r"\b3 ?/ ?3\b")

    @pytest.mark.nightly
    def test_odoo_s_batch_of_invoices_gets_a_pdf_each(self):
        moves = self.create_invoice(3) | self.create_invoice(45)
        self.env["account.move.send"]._generate_and_send_invoices(
            moves, sending_methods=[]
        )
        sizes = [
            len(pypdfium2.PdfDocument(move.invoice_pdf_report_id.raw)) for move in moves
        ]
        self.assertEqual(sizes, [1, 3])

    @pytest.mark.nightly
    def test_a_report_of_all_records_stays_one_document(self):
        self.assertTrue(
            self.reports._billing_prints_apart(
                self.env.ref(REPORT).id,
                tuple((self.create_invoice() | self.create_invoice()).ids),
            )
        )
        labels = self.env["ir.actions.report"].create(
            {
                "name": "All in one",
                "model": "res.partner",
                "report_name": "billing_base.test_all_in_one",
            }
        )
        self.env["ir.ui.view"].create(
            {
                "type": "qweb",
                "key": "billing_base.test_all_in_one",
                "arch": """<t t-call="web.html_container"><div class="article">
                    <p t-foreach="docs" t-as="doc" t-out="doc.name"/></div></t>""",
            }
        )
        partners = self.env["res.partner"].create([{"name": "One"}, {"name": "Two"}])
        self.assertFalse(
            self.reports._billing_prints_apart(labels.id, tuple(partners.ids))
        )
        pdf, _kind = self.reports._render_qweb_pdf(labels, partners.ids)
        document = pypdfium2.PdfDocument(pdf)
        self.assertEqual(len(document), 1)
        self.assertIn("One Two", self.text(document[0]))

    @pytest.mark.nightly
    def test_a_browser_that_was_ended_is_replaced(self):
        move = self.create_invoice()
        self.render(move)
        chromium._shared._browser._process.kill()
        chromium._shared._browser._process.wait()
        self.assertEqual(len(self.render(move)), 1)

    def test_a_browser_that_does_not_start_is_told(self):
        chromium.close()
        with (
            patch.object(chromium, "binary", lambda: "/bin/false"),
            self.assertRaises(UserError),
            self.assertLogs("odoo.addons.billing_base", "ERROR"),
        ):
            self.render(self.create_invoice())

    def test_nothing_is_fetched_and_no_file_is_read(self):
        page = """<html><body><p>Text</p>
            <img src="file:///etc/passwd"/><iframe src="file:///etc/passwd"></iframe>
            <script>document.body.innerText = "changed"</script></body></html>"""
        pdf = chromium.printed(lambda print_page: print_page(page, {}))
        self.assertEqual(self.text(pypdfium2.PdfDocument(pdf)[0]), "Text")


@pytest.mark.nightly
class TestUnpatched(PrintingCase):
    """The last resort: wkhtmltopdf as distributions build it, and no Chromium."""

    def setUp(self):
        super().setUp()
        self.set_engine("webkit")

    def test_three_pages_have_header_footer_and_number(self):
        info = core_report._wkhtml()
        assert info.state == "ok", "wkhtmltopdf is needed for this test"
        document = self.render(self.create_invoice(60))
        self.assertEqual(len(document), 3)
        self.assertLetterhead(document)
        # It draws its letters: numbers differ where pages do.
        numbers = [
            self.picture(page).crop((0, BOTTOM * DOTS, WIDTH * DOTS, HEIGHT * DOTS))
            for page in document
        ]
        for first, second in zip(numbers, numbers[1:], strict=False):
            self.assertTrue(ImageChops.difference(first, second).getbbox())


class TestPatched(PrintingCase):
    """A patched wkhtmltopdf gets all that Odoo gives it, with nothing to fetch."""

    def test_it_is_called_as_by_odoo_with_pages_that_hold_everything(self):
        self.set_engine("wkhtmltopdf")
        calls = []

        def run(args):
            bodies = [arg for arg in args if "report.body.tmp" in arg]
            header = args[args.index("--header-html") + 1]
            with open(bodies[0]) as body, open(header) as head:
                calls.append((args, len(bodies), body.read(), head.read()))
            with open(args[-1], "wb") as pdf:
                pdf.write(b"%PDF-1.4")
            return type("Done", (), {"stderr": "", "returncode": 0})

        moves = self.create_invoice() | self.create_invoice()
        with patch.object(core_report, "_run_wkhtmltopdf", run):
            self.reports._render_qweb_pdf_prepare_streams(
                REPORT, {"report_type": "pdf"}, res_ids=moves.ids
            )
        self.assertEqual([count for _args, count, *_html in calls], [1, 1])
        for args, _count, body, head in calls:
            self.assertEqual(args[args.index("--javascript-delay") + 1], "0")
            self.assertNotIn("<link", body)
            self.assertIn("@font-face", body)
            self.assertIn("subst()", head)
            self.assertFalse(re.search(r"""(src|href)=["']/""", body + head))

    def test_a_delay_that_somebody_set_is_kept(self):
        self.env["ir.config_parameter"].set_param("report.print_delay", "200")
        args = self.reports._build_wkhtmltopdf_args(
            self.company.paperformat_id, landscape=False
        )
        self.assertEqual(args[args.index("--javascript-delay") + 1], "200")

    def test_patches_decide_which_engine_prints(self):
        self.set_engine("")
        info = core_report._wkhtml()
        for patched, browser, engine in (
            (True, "/usr/bin/chromium", "wkhtmltopdf"),
            (False, "/usr/bin/chromium", "chromium"),
            (False, None, "webkit"),
        ):
            with (
                patch(
                    "odoo.addons.billing_base.models.ir_actions_report._wkhtml",
                    lambda patched=patched: info._replace(is_patched_qt=patched),
                ),
                patch.object(chromium, "binary", lambda browser=browser: browser),
            ):
                self.assertEqual(self.reports._billing_pdf_engine(), engine)
