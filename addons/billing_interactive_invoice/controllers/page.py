import base64
import hashlib
import json
import re
import secrets
from urllib.parse import urlencode

from markupsafe import Markup

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request
from odoo.tools.json import scriptsafe

from odoo.addons.billing_base.controllers import portal

from ..core import colour, visitor_rights
from ..core.page import FormState, Page, personalise
from ..core.section import digest, ordered

#: How the page is told that a script asks, which takes its answer as JSON.
SCRIPT = "kvitt"
#: What a form carries besides what was typed.
_NOT_TYPED = {"csrf_token", "access_token", "lang", "nonce"}
_NONCE = re.compile(r"[A-Za-z0-9_-]{8,64}")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")


class InvoicePage(portal.PortalAccount):
    """The page of one invoice that Kvitt draws itself, from ``<html>`` on.

    Sections are drawn one by one, so that the same code makes the whole page and what
    a page that is open asks for. What customers do is a form that works without
    scripts; see :meth:`_billing_page_action`.
    """

    # === ROUTES === #

    @http.route()
    def portal_my_invoice_detail(
        self, invoice_id, access_token=None, report_type=None, download=False, **kw
    ):
        """Override of `account`: the page of a sale document is ours."""
        request.update_context(billing_page=True)
        response = super().portal_my_invoice_detail(
            invoice_id,
            access_token=access_token,
            report_type=report_type,
            download=download,
            **kw,
        )
        move_sudo = response.is_qweb and response.qcontext.get("billing_page_move")
        if not move_sudo:
            return response
        visit = response.qcontext.get("billing_visit_token")
        return self._billing_page_response(
            move_sudo, access_token, visit_token=visit, said=kw.get("said")
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/live",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
    )
    def billing_page_live(
        self, invoice_id, access_token=None, have=None, lang=None, **kw
    ):
        """Return those sections of the page that are not as the visitor has them.

        :param str have: JSON object, digest by code of the section
        :param str lang: code of the language of the page
        """
        self._billing_use_lang(lang)
        try:
            move_sudo, visitor = self._billing_open_page(invoice_id, access_token)
        except (AccessError, MissingError) as error:
            return self._billing_json({"gone": getattr(error, "code", "unknown")}, 410)
        page = self._billing_page(move_sudo, access_token)
        return self._billing_json(
            self._billing_live_payload(move_sudo, visitor, page, _read_have(have))
        )

    def _invoice_get_page_view_values(self, invoice, access_token, **kwargs):
        """Override of `account`: our page needs none of what Odoo's own is drawn from.

        Whoever wants Odoo's own page of a sale document, for its payment form, calls
        this without ``billing_page`` in the context of the invoice.
        """
        if invoice.env.context.get("billing_page") and invoice._billing_has_page():
            return {"billing_page_move": invoice}
        return super()._invoice_get_page_view_values(invoice, access_token, **kwargs)

    # === ACCESS === #

    def _billing_open_page(self, invoice_id, access_token):
        """Return the invoice and who looks at it.

        :return: the invoice in superuser mode, in its company; and the visitor
        :rtype: tuple[account.move, core.visitor_rights.Visitor]
        :raises AccessError: it is not for this visitor; ``LinkError`` says why
        :raises MissingError: there is no such invoice with a page of ours
        """
        move_sudo = self._document_check_access(
            "account.move", invoice_id, access_token
        )
        if not move_sudo._billing_has_page():
            raise MissingError(request.env._("There is no such invoice."))
        move_sudo = move_sudo.with_company(move_sudo.company_id)
        return move_sudo, self._billing_visitor(move_sudo, access_token)

    def _billing_visitor(self, invoice_sudo, access_token):
        """Return who looks at an invoice that :meth:`_document_check_access` opened.

        :rtype: core.visitor_rights.Visitor
        """
        user = request.env.user
        customer_sudo = invoice_sudo.commercial_partner_id
        own = not user._is_public() and (
            user.partner_id.sudo().commercial_partner_id == customer_sudo
        )
        if user._is_internal() and not own:
            return visitor_rights.Visitor(
                visitor_rights.STAFF, partner_id=customer_sudo.id, user_id=user.id
            )
        if not user._is_public() and (
            own or invoice_sudo.with_user(user).has_access("read")
        ):
            return visitor_rights.Visitor(
                visitor_rights.PORTAL,
                partner_id=customer_sudo.id,
                user_id=user.id,
                is_own=own,
            )
        link_sudo = request.env["billing.link"]._find(access_token)
        return visitor_rights.Visitor(
            visitor_rights.LINK,
            link_id=link_sudo.id or None,
            partner_id=customer_sudo.id,
            elevated_until=self._billing_elevated_until(invoice_sudo),
        )

    def _billing_elevated_until(self, invoice_sudo):
        """Return until when this browser has proved to be the customer's.

        Extend it where codes are checked.

        :return: naive UTC, later than now; None when it has not
        :rtype: datetime.datetime | None
        """
        return None

    def _billing_step_up_url(self, invoice_sudo, visitor, right, page):
        """Return where a visitor proves to be the customer; extend it.

        :param str right: what they want to do, of ``core.visitor_rights.RIGHTS``
        :param core.page.Page page: where they come from
        :rtype: str
        """
        target = page.url()
        return f"/web/login?{urlencode({'redirect': target})}"

    def _billing_page_limited(self, invoice_sudo, visitor, action):
        """Return why a form is not taken now; extend it to limit them.

        :param str action: last part of the address the form was sent to
        :return: what the customer is told; empty when it is taken
        :rtype: str
        """
        return ""

    # === ACTIONS === #

    def _billing_page_action(self, invoice_id, access_token, *, right, section, run):
        """Do what a form on the page asks for, once, and answer.

        :param int invoice_id: id of the invoice
        :param str access_token: what opened the page
        :param str right: needed, of ``core.visitor_rights.RIGHTS``
        :param str section: code of the section the form stands in
        :param run: called with the invoice, in superuser mode, and the visitor; returns
            the sentence that confirms it, or nothing when what changed says so itself;
            an ``UserError`` is shown beside the form
        """
        access_token = _text(access_token)
        self._billing_use_lang(_text(request.params.get("lang")))
        try:
            move_sudo, visitor = self._billing_open_page(invoice_id, access_token)
        except portal.LinkError as error:
            if _wants_json():
                return self._billing_json({"gone": error.code}, 410)
            return self._billing_link_notice(error.code, error.link)
        except (AccessError, MissingError):
            if _wants_json():
                return self._billing_json({"gone": "unknown"}, 410)
            return request.redirect("/my")
        page = self._billing_page(move_sudo, access_token)
        action = request.httprequest.path.rstrip("/").rsplit("/", 1)[-1]
        if not visitor.may(right):
            return self._billing_refuse(move_sudo, visitor, right, page)
        limited = self._billing_page_limited(move_sudo, visitor, action)
        if limited:
            return self._billing_sent_back(
                move_sudo, visitor, page, action, limited, 429
            )
        nonce = _text(request.params.get("nonce"))
        if not _NONCE.fullmatch(nonce):
            nonce = secrets.token_urlsafe(12)
        submissions = request.env["billing.page.submission"].sudo()
        try:
            with request.env.cr.savepoint():
                submission_sudo, first = submissions._begin(move_sudo, nonce, section)
                if first:
                    submission_sudo.said = run(move_sudo, visitor) or False
        except UserError as error:
            return self._billing_sent_back(
                move_sudo, visitor, page, action, str(error), 422
            )
        if _wants_json():
            payload = self._billing_live_payload(
                move_sudo, visitor, page, _read_have(_text(request.params.get("have")))
            )
            return self._billing_json({"said": submission_sudo.said or "", **payload})
        return request.redirect(
            page.url(section=section, said=submission_sudo._code()), code=303
        )

    def _billing_refuse(self, move_sudo, visitor, right, page):
        """Answer a form that needs more than this visitor may do."""
        if not visitor.can_step_up(right):
            # Staff look on: their own screens are where they do things.
            message = request.env._("You see the customer's page and cannot change it.")
            if _wants_json():
                return self._billing_json({"error": message}, 403)
            return request.redirect(page.url(), code=303)
        url = self._billing_step_up_url(move_sudo, visitor, right, page)
        if _wants_json():
            return self._billing_json({"location": url}, 403)
        return request.redirect(url, code=303)

    def _billing_sent_back(self, move_sudo, visitor, page, action, message, status):
        """Show a form again, with what is wrong and what was typed."""
        if _wants_json():
            return self._billing_json({"error": message}, status)
        typed = {
            name: value
            for name, value in request.params.items()
            if name not in _NOT_TYPED and isinstance(value, str)
        }
        return self._billing_page_response(
            move_sudo,
            page.access_token,
            visitor=visitor,
            form=FormState(action, message, typed),
            status=status,
        )

    # === DRAWING === #

    def _billing_use_lang(self, code):
        """Go on in the language of the page that asks, when there is such a one."""
        lang = request.env["ir.http"].get_nearest_lang(code)
        if lang:
            request.update_context(lang=lang)

    def _billing_page(self, move_sudo, access_token):
        """Return the addresses of an invoice's page in the present language.

        :rtype: core.page.Page
        """
        default = request.env["ir.http"]._get_default_lang()
        lang = request.env["res.lang"]._get_data(code=request.env.lang or default.code)
        return Page(
            move_sudo.id,
            prefix="" if lang.code == default.code else f"/{lang.url_code}",
            lang=lang.code,
            access_token=access_token or "",
        )

    def _billing_draw_sections(self, move_sudo, visitor, page, form=None):
        """Draw all sections of the page.

        :return: html of each by code, in order, as everybody with the same facts and
            the same link gets it
        :rtype: dict[str, str]
        """
        qweb = request.env["ir.qweb"]
        values = {
            "move": move_sudo,
            "visitor": visitor,
            "page": page,
            "form": form or FormState(),
        }

        def draw(template, **more):
            return qweb._render(template, {**values, **more})

        return {
            section.code: str(
                draw(section.template, draw=draw, section=section, **section.values)
            ).strip()
            for section in ordered(move_sudo._billing_page_sections(visitor))
        }

    def _billing_live_payload(self, move_sudo, visitor, page, have):
        """Return what an open page needs to be as a new one would be.

        :param dict have: digest by code of the section
        :return: what JSON can hold
        :rtype: dict
        """
        drawn = self._billing_draw_sections(move_sudo, visitor, page)
        sections = {}
        for code, html in drawn.items():
            mark = digest(html)
            if have.get(code) != mark:
                sections[code] = {
                    "digest": mark,
                    "html": personalise(html, request.csrf_token(), _nonces()),
                }
        return {
            "sections": sections,
            "order": list(drawn),
            "title": self._billing_page_title(move_sudo),
        }

    def _billing_page_title(self, move_sudo):
        """Return the title of the page."""
        return f"{move_sudo.name} | {move_sudo.company_id.name}"

    def _billing_page_response(
        self,
        move_sudo,
        access_token,
        *,
        visitor=None,
        visit_token=None,
        said=None,
        form=None,
        status=200,
    ):
        """Return the whole page of an invoice.

        :param str visit_token: of the visit that this is, when it is noted
        :param str said: code of the form whose answer is told
        :param core.page.FormState form: one that was refused just now
        """
        move_sudo = move_sudo.with_company(move_sudo.company_id)
        visitor = visitor or self._billing_visitor(move_sudo, access_token)
        page = self._billing_page(move_sudo, access_token)
        drawn = self._billing_draw_sections(move_sudo, visitor, page, form)
        submission_sudo = request.env["billing.page.submission"]._find(move_sudo, said)
        sections = [
            {
                "code": code,
                "digest": digest(html),
                "html": Markup(personalise(html, request.csrf_token(), _nonces())),
            }
            for code, html in drawn.items()
        ]
        return self._billing_render_page(
            "billing_interactive_invoice.page",
            {
                "move": move_sudo,
                "visitor": visitor,
                "page": page,
                "sections": sections,
                "said": submission_sudo.said,
                # Above all of them, when its own is not there any more.
                "said_section": submission_sudo.section in drawn
                and submission_sudo.section,
                "data": {
                    "live": page.url("live", lang=page.lang),
                    "lang": page.lang,
                    "visitor": visitor.kind,
                    **(
                        {"visit": f"/my/invoices/visit/{visit_token}"}
                        if visit_token
                        else {}
                    ),
                    **move_sudo._billing_page_data(visitor),
                },
                "words": move_sudo._billing_page_words(),
                "title": self._billing_page_title(move_sudo),
                "company": move_sudo.company_id,
                "visit_token": visit_token,
            },
            status=status,
        )

    def _billing_render_page(self, template, values, status=200):
        """Return a page in the frame of ours: style sheet, script, strict headers.

        :param str template: calls ``billing_interactive_invoice.page_layout``
        :param dict values: for it; ``company`` (in superuser mode, may be empty),
            ``title`` and ``page`` (or none) at least
        """
        qweb = request.env["ir.qweb"]
        links = qweb._get_asset_links(
            "billing_interactive_invoice.page", debug=request.session.debug
        )
        company_sudo = values.get("company")
        chosen = company_sudo._billing_page_colour() if company_sudo else None
        kept = {link: qweb._billing_page_styles(link) for link in links}
        # On a slow line a style sheet of its own costs as long as the page did.
        style = "".join([*kept.values(), colour.style_sheet(chosen) if chosen else ""])
        values = {
            "data": {},
            "page": None,
            **self._billing_frame_values(company_sudo, values.get("page")),
            **values,
            "style": Markup(style),
            "styles": [
                link for link in links if link.endswith(".css") and not kept[link]
            ],
            "scripts": [link for link in links if link.endswith(".js")],
            "words": scriptsafe.dumps(values.get("words", {})),
        }
        response = request.render(template, values, status=status)
        response.headers.update(self._billing_page_headers(style))
        return response

    def _billing_frame_values(self, company_sudo, page):
        """Return what the head, the header and the footer of a page are drawn from.

        :param company_sudo: whose page it is; may be empty
        :param core.page.Page page: of an invoice, or None
        :rtype: dict
        """
        langs = request.env["res.lang"]._get_frontend().values()
        target = Page(page.invoice_id, page.prefix).url() if page else "/my/invoices"
        return {
            "company": company_sudo,
            "langs": sorted(langs, key=lambda lang: lang.name),
            # «Swedish / Svenska»: who needs it looks for the second.
            "langs_shown": {
                lang.code: lang.name.rpartition(" / ")[2] for lang in langs
            },
            "sign_in_url": f"/web/login?{urlencode({'redirect': target})}",
        }

    def _billing_page_headers(self, style=""):
        """Return the headers of everything the page is made of.

        :param str style: the one style element that the page may have
        :rtype: dict[str, str]
        """
        hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        styles = f"'self' 'sha256-{hashed}'" if style else "'self'"
        host = request.httprequest.host
        # Not every browser counts websockets of the same host as «self».
        sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
        return {
            "Cache-Control": "private, no-store",
            "Content-Security-Policy": (
                f"default-src 'none'; script-src 'self'; style-src {styles}; "
                f"img-src 'self' data:; connect-src 'self'{sockets}; font-src 'self'; "
                "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            ),
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "X-Robots-Tag": "noindex, nofollow, noarchive",
        }

    def _billing_json(self, payload, status=200):
        """Return an answer for the script of the page."""
        return request.make_json_response(
            payload, headers=self._billing_page_headers(), status=status
        )


def _wants_json():
    """Whether the script of the page asks."""
    return request.httprequest.headers.get("X-Requested-With") == SCRIPT


def _text(value):
    """Return a field of a form as text; somebody may send a file under its name."""
    return value if isinstance(value, str) else ""


def _nonces():
    """Yield values that no form had before."""
    while True:
        yield secrets.token_urlsafe(12)


def _read_have(text):
    """Return the digests a page says it has; none when they cannot be read."""
    try:
        have = json.loads(text or "{}")
    except ValueError:
        return {}
    return have if isinstance(have, dict) else {}
