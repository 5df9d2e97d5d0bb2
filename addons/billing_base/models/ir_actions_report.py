import logging
import mimetypes
import re
from dataclasses import replace
from urllib.parse import parse_qs, unquote, urlsplit

from odoo import api, models, tools
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.tools.lru import LRU
from odoo.tools.misc import file_open
from odoo.tools.pdf import merge_pdf

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ..core import printed_page
from ..printing import chromium, overlay

_logger = logging.getLogger(__name__)

#: Engines, as the configuration parameter ``billing_base.pdf_engine`` names them.
#: ``wkhtmltopdf`` prints everything by itself and needs the patched Qt for header,
#: footer and page numbers; ``chromium`` and ``webkit`` (wkhtmltopdf unpatched) print
#: body and letterhead apart.
ENGINES = ("wkhtmltopdf", "chromium", "webkit")
MM_PER_INCH = 25.4
POINTS_PER_INCH = 72

#: Style sheets that a worker keeps ready for each database.
STYLES_KEPT = 30
_memories = {}

_IMAGE_PATH = re.compile(
    r"^/web/(?:image|content)/"
    r"(?:(?P<model>[a-z_]+\.[a-z_.]+)/(?P<model_id>\d+)/(?P<field>\w+)"
    r"|(?P<id>\d+)(?:-[^/]*)?"
    r"|(?P<xmlid>\w+\.\w+))"
    r"(?:/(?P<width>\d+)x(?P<height>\d+))?(?:/[^/]*)?$"
)
_BARCODE_PATH = re.compile(r"^/report/barcode(?:/(?P<type>[^/]+)/(?P<value>.+))?$")
_STATIC_PATH = re.compile(r"^/(?P<path>\w+/static/.+)$")


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    # === ENGINE === #

    @api.model
    def _billing_pdf_engine(self):
        """Return which engine prints here.

        A patched wkhtmltopdf does all that Odoo asks of it. Without the patches it
        prints neither header nor footer nor page number, nor several documents: then
        Chromium prints where it is installed. An administrator decides otherwise with
        the configuration parameter ``billing_base.pdf_engine``.

        :return: one of :data:`ENGINES`
        :rtype: str
        """
        chosen = (
            self.env["ir.config_parameter"].sudo().get_param("billing_base.pdf_engine")
        )
        if chosen in ENGINES:
            return chosen
        info = _wkhtml()
        if info.is_patched_qt:
            return "wkhtmltopdf"
        return "chromium" if chromium.binary() else "webkit"

    @api.model
    def get_wkhtmltopdf_state(self):
        """Override of `base`: what is needed for printing is another engine's."""
        if self._billing_pdf_engine() == "chromium" and chromium.binary():
            return "ok"
        return super().get_wkhtmltopdf_state()

    @api.model
    def _build_wkhtmltopdf_args(
        self,
        paperformat_id,
        landscape,
        specific_paperformat_args=None,
        set_viewport_size=False,
    ):
        """Override of `base`: no waiting for what is in the page already."""
        args = super()._build_wkhtmltopdf_args(
            paperformat_id,
            landscape,
            specific_paperformat_args=specific_paperformat_args,
            set_viewport_size=set_viewport_size,
        )
        parameters_sudo = self.env["ir.config_parameter"].sudo()
        if not parameters_sudo.get_param("report.print_delay"):
            args[args.index("--javascript-delay") + 1] = "0"
        return args

    # === ONE DOCUMENT AT A TIME === #

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        """Override of `base`: every document is printed by itself.

        Odoo prints all of them at once and cuts the result where it thinks that one
        ends. Printed apart, a document is exactly its own pages, numbered from one.
        """
        if not res_ids or len(res_ids) == 1 or len(set(res_ids)) != len(res_ids):
            return super()._render_qweb_pdf_prepare_streams(
                report_ref, data, res_ids=res_ids
            )
        report_sudo = self._get_report(report_ref)
        if not self._billing_prints_apart(report_sudo.id, tuple(res_ids[:2])):
            return super()._render_qweb_pdf_prepare_streams(
                report_ref, data, res_ids=res_ids
            )
        streams = {}
        for res_id in res_ids:
            streams.update(
                super()._render_qweb_pdf_prepare_streams(
                    report_ref, dict(data or {}), res_ids=[res_id]
                )
            )
        return streams

    @tools.ormcache("report_id", cache="templates")
    def _billing_prints_apart(self, report_id, res_ids):
        """Whether a report makes a document of its own for each record.

        Asked of what its template makes of two of them; labels and lists make one of
        all. Kept as long as templates are.

        :param int report_id: the report
        :param tuple res_ids: records to try it with
        :rtype: bool
        """
        report_sudo = self.env["ir.actions.report"].sudo().browse(report_id)
        html = self._render_qweb_html(
            report_sudo, list(res_ids), data={"report_type": "pdf", "debug": False}
        )[0]
        _bodies, found, *_rest = report_sudo._prepare_html(
            html, report_model=report_sudo.model
        )
        return sorted(found, key=lambda res_id: res_id or 0) == sorted(res_ids)

    # === PRINTING === #

    @api.model
    def _run_wkhtmltopdf(
        self,
        bodies,
        report_ref=False,
        header=None,
        footer=None,
        landscape=False,
        specific_paperformat_args=None,
        set_viewport_size=False,
    ):
        """Override of `base`: header, footer and page numbers with every engine.

        Pages get all they need put inside, so that printing works without a web server
        (command line, scheduled jobs) and with a single worker.
        """
        engine = self._billing_pdf_engine()
        report = self._get_report(report_ref) if report_ref else self
        paper = self._billing_paper(
            report.get_paperformat(), landscape, specific_paperformat_args or {}
        )
        if engine == "webkit":
            paper = replace(paper, fixed_scale=printed_page.UNPATCHED_SCALE)
        style = self._billing_page_style(report, paper)
        load = self._billing_loader()
        memory = _memories.setdefault(self.env.cr.dbname, LRU(STYLES_KEPT))
        patched = engine == "wkhtmltopdf"
        bodies = [
            printed_page.self_contained(str(body), load, style, patched, memory)
            for body in bodies
        ]
        header = header and printed_page.self_contained(
            str(header), load, style, patched, memory
        )
        footer = footer and printed_page.self_contained(
            str(footer), load, style, patched, memory
        )
        if patched:
            return super()._run_wkhtmltopdf(
                bodies,
                report_ref=report_ref,
                header=header,
                footer=footer,
                landscape=landscape,
                specific_paperformat_args=specific_paperformat_args,
                set_viewport_size=set_viewport_size,
            )

        if engine == "chromium":

            def documents(print_page):
                return self._billing_print_documents(
                    paper, bodies, header, footer, print_page
                )

            try:
                printed = chromium.printed(
                    lambda print_html: documents(
                        lambda html, margins: print_html(
                            html, self._billing_chromium_paper(paper, margins)
                        )
                    )
                )
            except chromium.ChromiumError as error:
                _logger.exception("Chromium could not print")
                raise UserError(
                    self.env._("The document could not be printed: %s", error)
                ) from error
        else:
            core_run = super()._run_wkhtmltopdf

            def print_page(html, margins):
                args = dict(specific_paperformat_args or {})
                if not margins:
                    args.update(
                        {"data-report-margin-top": 0, "data-report-margin-bottom": 0}
                    )
                return core_run(
                    [html],
                    report_ref=report_ref,
                    landscape=landscape,
                    specific_paperformat_args=args,
                    set_viewport_size=set_viewport_size,
                )

            printed = self._billing_print_documents(
                paper,
                bodies,
                header,
                footer,
                print_page,
                # This engine paints the ground of its sheets white.
                strips=tuple(
                    side / MM_PER_INCH * POINTS_PER_INCH
                    for side in (paper.top, paper.bottom)
                ),
            )
        return printed[0] if len(printed) == 1 else merge_pdf(printed)

    @api.model
    def _billing_print_documents(
        self, paper, bodies, header, footer, print_page, strips=None
    ):
        """Print documents with an engine that knows of no header and footer.

        :param paper: ``core.printed_page.Paper``
        :param list bodies: one page for each document
        :param str header: Odoo's page of all headers
        :param str footer: Odoo's page of all footers
        :param print_page: takes a page and whether it keeps the margins above and
            below; returns a PDF
        :param strips: see ``printing.overlay.lay_over``
        :rtype: list[bytes]
        """
        documents = []
        for index, body in enumerate(bodies):
            document = print_page(body, True)
            letterhead = printed_page.letterhead(
                header, footer, index, paper, overlay.page_count(document)
            )
            if letterhead:
                document = overlay.lay_over(
                    document, print_page(letterhead, False), strips
                )
            documents.append(document)
        return documents

    @api.model
    def _billing_paper(self, paperformat, landscape, overrides):
        """Return the sheet that a report is printed on.

        :param paperformat: ``report.paperformat``
        :param landscape: what the caller asks for; None = as the format says
        :param dict overrides: ``data-report-…`` attributes of the template
        :rtype: core.printed_page.Paper
        """
        if landscape is None:
            landscape = overrides.get("data-report-landscape")
        turned = landscape or paperformat.orientation == "Landscape"
        # Computed without regard to the orientation.
        sides = sorted((paperformat.print_page_width, paperformat.print_page_height))
        if paperformat.format == "custom" and not turned:
            sides = (paperformat.print_page_width, paperformat.print_page_height)
        elif turned:
            sides.reverse()

        def number(name, default):
            return float(overrides.get(f"data-report-{name}") or default)

        def length(name, default):
            value = overrides.get(f"data-report-{name}")
            return float(default if value is None else value)

        return printed_page.Paper(
            width=sides[0],
            height=sides[1],
            top=length("margin-top", paperformat.margin_top),
            right=paperformat.margin_right,
            bottom=length("margin-bottom", paperformat.margin_bottom),
            left=paperformat.margin_left,
            header_spacing=length("header-spacing", paperformat.header_spacing),
            dpi=int(number("dpi", paperformat.dpi)),
            shrink=not paperformat.disable_shrinking,
            header_line=paperformat.header_line,
        )

    @api.model
    def _billing_chromium_paper(self, paper, margins):
        """Return what Chromium is told of the sheet, in inches.

        :param paper: ``core.printed_page.Paper``
        :param bool margins: whether there are margins above and below
        :rtype: dict
        """
        values = {"paperWidth": paper.width, "paperHeight": paper.height}
        values.update(
            marginTop=paper.top if margins else 0,
            marginBottom=paper.bottom if margins else 0,
            marginLeft=paper.left if margins else 0,
            marginRight=paper.right if margins else 0,
        )
        return {
            **{name: value / MM_PER_INCH for name, value in values.items()},
            "scale": paper.scale,
            "generateTaggedPDF": margins,
        }

    @api.model
    def _billing_page_style(self, report, paper):
        """Return further rules of the pages of a report; addons extend it.

        :param report: the ``ir.actions.report``, as superuser
        :param paper: ``core.printed_page.Paper``; lengths on paper are divided by its
            ``scale``
        :rtype: str
        """
        return ""

    # === WHAT PAGES ARE MADE OF === #

    @api.model
    def _billing_loader(self):
        """Return what answers the addresses in pages from the house's own store.

        Style sheets, static files, pictures and bar codes, with the rights of the user
        who prints.

        :rtype: Callable[[str], tuple[bytes, str] | None]
        """
        known = {}
        own = urlsplit(self._get_report_url()).netloc

        def load(address):
            if address not in known:
                known[address] = self._billing_load(address, own)
            return known[address]

        return load

    @api.model
    def _billing_load(self, address, own):
        """Return content and media type of what is at an address of our own.

        :param str address: whole or from the root
        :param str own: host and port of this server
        :return: None when it is somebody else's, is not there or may not be read
        :rtype: tuple[bytes, str] | None
        """
        parts = urlsplit(address)
        if parts.scheme not in ("", "http", "https") or parts.netloc not in ("", own):
            return None
        path = unquote(parts.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        try:
            if path.startswith("/web/assets/"):
                return self._billing_load_bundle(path)
            if match := _STATIC_PATH.match(path):
                return self._billing_load_static(match["path"])
            if path in ("/web/image", "/web/content"):
                return self._billing_load_field(query, query)
            if match := _IMAGE_PATH.match(path):
                return self._billing_load_field(match.groupdict(), query)
            if match := _BARCODE_PATH.match(path):
                values = {**query, **{k: v for k, v in match.groupdict().items() if v}}
                code = self.barcode(values.pop("type"), values.pop("value"), **values)
                return code, "image/png"
        except (
            AccessError,
            KeyError,
            MissingError,
            OSError,
            UserError,
            ValidationError,
            ValueError,
        ) as error:
            _logger.info("A page to print asks for %s: %s", address, error)
        return None

    @api.model
    def _billing_load_bundle(self, path):
        attachments_sudo = self.env["ir.attachment"].sudo()
        attachment_sudo = attachments_sudo.search(
            [
                ("url", "=", path),
                ("public", "=", True),
                ("res_model", "=", "ir.ui.view"),
            ],
            limit=1,
        )
        if not attachment_sudo:
            _root, _web, _assets, _unique, filename = path.split("/", 4)
            name, rtl, kind, autoprefix = self.env["ir.asset"]._parse_bundle_name(
                filename, False
            )
            if kind != "css":
                return None
            attachment_sudo = (
                self.env["ir.qweb"]
                .sudo()
                ._get_asset_bundle(name, js=False, rtl=rtl, autoprefix=autoprefix)
                .css()
            )
        return attachment_sudo.raw, "text/css"

    @api.model
    def _billing_load_static(self, path):
        with file_open(path, "rb") as file:
            data = file.read()
        return data, mimetypes.guess_type(path)[0] or "application/octet-stream"

    @api.model
    def _billing_load_field(self, names, query):
        record = self.env["ir.binary"]._find_record(
            names.get("xmlid") or None,
            names.get("model") or "ir.attachment",
            int(names.get("model_id") or names.get("id") or 0) or None,
            query.get("access_token"),
            field=names.get("field") or "raw",
        )
        stream = self.env["ir.binary"]._get_image_stream_from(
            record,
            names.get("field") or "raw",
            width=int(names.get("width") or query.get("width") or 0),
            height=int(names.get("height") or query.get("height") or 0),
        )
        return stream.read(), stream.mimetype or "image/png"
