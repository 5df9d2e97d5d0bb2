import re
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

from odoo import fields, http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from odoo.addons.billing_base.controllers.portal import LinkError

from ..core import one_time_code, visitor_rights
from ..models.billing_page_code import IDENTITY
from .page import InvoicePage

#: Where the browser's session, which is kept on the server, holds who it proved to be.
ELEVATED = "billing_page_elevated"
#: Customers one browser may have proved to be at the same time.
MOST_CUSTOMERS = 5
#: Section of the page in which a right is used.
SECTION_OF = {
    visitor_rights.CONTACT: "contact",
    visitor_rights.OTHER_INVOICES: "other_invoices",
    visitor_rights.DIRECT_DEBIT: "cards",
}
_SECTION = re.compile(r"[a-z_]{1,30}")


class CodePage(InvoicePage):
    """Proving to be the customer, for who came by a link: a code, or signing in."""

    # === ROUTES === #

    @http.route(
        "/my/invoices/<int:invoice_id>/code",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def billing_code(self, invoice_id, access_token=None, then=None, **kw):
        """Show how to prove to be the customer.

        :param str then: code of the section to go to afterwards
        """
        return self._billing_with_code(
            invoice_id, access_token, then, self._billing_code_page
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/code_send",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def billing_code_send(
        self, invoice_id, access_token=None, then=None, point=None, **kw
    ):
        """Send a code to one of the customer's contact points.

        :param str point: id of the contact point
        """

        def send(move_sudo, page, then):
            if not self._billing_may_send_code(move_sudo):
                return self._billing_code_page(
                    move_sudo,
                    page,
                    then,
                    error=request.env._(
                        "We have sent several codes already. Please use the newest, or "
                        "try again in ten minutes."
                    ),
                    status=429,
                )
            try:
                move_sudo._billing_prove_send(_read_id(point), _session_binding())
            except UserError as error:
                return self._billing_code_page(
                    move_sudo, page, then, error=str(error), status=422
                )
            return request.redirect(page.url("code", then=then), code=303)

        return self._billing_with_code(invoice_id, access_token, then, send)

    @http.route(
        "/my/invoices/<int:invoice_id>/code_check",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def billing_code_check(
        self, invoice_id, access_token=None, then=None, code=None, **kw
    ):
        """Let in who has the code.

        :param str code: as it was typed
        """

        def check(move_sudo, page, then):
            if not self._billing_may_try_code(move_sudo):
                return self._billing_code_page(
                    move_sudo,
                    page,
                    then,
                    error=request.env._(
                        "Too many codes were tried. Please wait ten minutes."
                    ),
                    status=429,
                )
            try:
                move_sudo._billing_prove_try(_session_binding(), code)
            except UserError as error:
                return self._billing_code_page(
                    move_sudo, page, then, error=str(error), status=422
                )
            _elevate(move_sudo)
            return request.redirect(page.url(section=then), code=303)

        return self._billing_with_code(invoice_id, access_token, then, check)

    # === ACCESS === #

    def _billing_elevated_until(self, invoice_sudo):
        """Override: a code was given in this browser, for this customer."""
        until = (request.session.get(ELEVATED) or {}).get(_customer_key(invoice_sudo))
        until = until and datetime.fromisoformat(until)
        return until if until and until > fields.Datetime.now() else None

    def _billing_step_up_url(self, invoice_sudo, visitor, right, page):
        """Override: by a one-time code too."""
        return page.url("code", then=SECTION_OF.get(right, ""))

    def _billing_page_limited(self, invoice_sudo, visitor, action):
        """Override: no program sends forms all day."""
        limited = super()._billing_page_limited(invoice_sudo, visitor, action)
        if limited:
            return limited
        limits = request.env["billing.page.limit"]
        files = request.httprequest.files.values()
        for scope in (
            ["action", "upload"] if any(file for file in files) else ["action"]
        ):
            if not limits._take(
                scope, address=request.httprequest.remote_addr, subject=visitor.key
            ):
                return request.env._("That was a lot at once. Please wait ten minutes.")
        return None

    # === HELPERS === #

    def _billing_may_send_code(self, move_sudo):
        """Return whether one more code may go to this customer."""
        return request.env["billing.page.limit"]._take(
            "code_send",
            address=request.httprequest.remote_addr,
            subject=f"customer:{_customer_key(move_sudo)}",
        )

    def _billing_may_try_code(self, move_sudo):
        """Return whether one more code of this customer may be tried."""
        return request.env["billing.page.limit"]._take(
            "code_try",
            address=request.httprequest.remote_addr,
            subject=f"customer:{_customer_key(move_sudo)}",
        )

    def _billing_with_code(self, invoice_id, access_token, then, run):
        """Answer a request of who came by a link and has not proved who they are.

        :param run: called with the invoice in superuser mode, its page, and the section
            to go to afterwards; returns the answer
        """
        self._billing_use_lang(request.params.get("lang"))
        try:
            move_sudo, visitor = self._billing_open_page(invoice_id, access_token)
        except LinkError as error:
            return self._billing_link_notice(error.code, error.link)
        except (AccessError, MissingError):
            return request.redirect("/my")
        page = self._billing_page(move_sudo, access_token)
        is_section = isinstance(then, str) and _SECTION.fullmatch(then)
        then = then if is_section else ""
        if visitor.kind != visitor_rights.LINK or visitor.is_known:
            # Nothing to prove: signed in, or done. Staff prove nothing here.
            return request.redirect(page.url(section=then), code=303)
        # In the language of the page, as everything the customer gets.
        move_sudo = move_sudo.with_context(lang=request.env.lang)
        return run(move_sudo, page, then)

    def _billing_code_page(self, move_sudo, page, then, error=None, status=200):
        """Return the page on which a code is asked for and given."""
        waiting_sudo = request.env["billing.page.code"]._find_waiting(
            move_sudo, IDENTITY, _session_binding()
        )
        labels = request.env["billing.event"]._get_channel_labels()
        points = [
            {
                "id": point.id,
                "label": labels.get(point.channel, point.channel),
                "masked": one_time_code.mask(point.channel, point.address),
                "last": point == waiting_sudo.point_id,
            }
            for point in move_sudo._billing_code_points()
        ]
        # Who signs in needs no token, and it gets into no address of Odoo's.
        own_page = replace(page, access_token="")
        sign_in = urlencode({"redirect": own_page.url(section=then)})
        return self._billing_render_page(
            "billing_interactive_invoice.code_page",
            {
                "title": request.env._("Confirm that it is you"),
                "company": move_sudo.company_id,
                "page": page,
                "then": then,
                "points": points,
                "waiting": next((point for point in points if point["last"]), None),
                "error": error,
                "sign_in": f"/web/login?{sign_in}",
                "digits": one_time_code.DIGITS,
                "minutes": int(one_time_code.LIFETIME.total_seconds() // 60),
            },
            status=status,
        )


def _elevate(move_sudo):
    """Note in the browser's session that it is the customer's, for a while."""
    until = fields.Datetime.now() + one_time_code.ELEVATION
    elevated = {
        key: kept
        for key, kept in (request.session.get(ELEVATED) or {}).items()
        if datetime.fromisoformat(kept) > fields.Datetime.now()
    }
    elevated.pop(_customer_key(move_sudo), None)
    newest = list(elevated.items())[-(MOST_CUSTOMERS - 1) :]
    request.session[ELEVATED] = {
        **dict(newest),
        _customer_key(move_sudo): until.isoformat(timespec="seconds"),
    }
    # Whoever may have planted the present one in this browser has nothing of it.
    request.session.should_rotate = True


def _customer_key(move_sudo):
    """Return what stands for a customer of a company: customers may be shared."""
    return f"{move_sudo.company_id.id}:{move_sudo.commercial_partner_id.id}"


def _session_binding():
    """Return what codes that were asked for in this browser are bound to."""
    return request.env["billing.page.code"]._bind(f"session:{request.session.sid}")


def _read_id(text):
    """Return an id as a form sends it, 0 when it is none."""
    text = text if isinstance(text, str) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
