from odoo import SUPERUSER_ID, http
from odoo.exceptions import AccessError, MissingError
from odoo.http import request

from odoo.addons.account.controllers import portal

from ..core import visitor

#: HTTP status of the page that says why a link opens nothing.
STATUSES = {
    "unknown": 404,
    "draft": 409,
    "expired": 410,
    "revoked": 410,
    "throttled": 429,
    "sent": 200,
}


class LinkError(AccessError):
    """A token that opens nothing.

    :param str code: why, of :data:`STATUSES`
    :param link: the personal link it belongs to, or None
    """

    def __init__(self, code, link=None):
        super().__init__(request.env._("This link does not open the invoice."))
        self.code = code
        self.link = link


class PortalAccount(portal.PortalAccount):
    """The page of an invoice, for those who come by a personal link."""

    @http.route()
    def portal_my_invoice_detail(
        self, invoice_id, access_token=None, report_type=None, download=False, **kw
    ):
        """Override of `account`: say what is wrong with a link, and note who came."""
        try:
            invoice_sudo = self._document_check_access(
                "account.move", invoice_id, access_token
            )
        except LinkError as error:
            return self._billing_link_notice(error.code, error.link)
        except (AccessError, MissingError):
            return request.redirect("/my")
        link_sudo = request.env["billing.link"]._find(access_token)
        visit_sudo = self._billing_note_visit(invoice_sudo, link_sudo, report_type)
        response = super().portal_my_invoice_detail(
            invoice_id,
            access_token=access_token,
            report_type=report_type,
            download=download,
            **kw,
        )
        if visit_sudo and response.is_qweb and visit_sudo.verdict != visitor.STAFF:
            response.qcontext["billing_visit_token"] = visit_sudo._get_token()
        if access_token:
            _keep_private(response)
        return response

    @http.route(
        "/my/invoices/<int:invoice_id>/new_link",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def billing_new_link(self, invoice_id, access_token=None, **kw):
        """Send a new link to whom an expired one was sent; tells nobody where to."""
        try:
            self._document_check_access("account.move", invoice_id, access_token)
        except LinkError as error:
            if error.code != "expired":
                return self._billing_link_notice(error.code, error.link)
            error.link._renew()
            return self._billing_link_notice("sent", error.link)
        except (AccessError, MissingError):
            return request.redirect("/my")
        # It works after all.
        return request.redirect(
            f"/my/invoices/{invoice_id}?access_token={access_token}"
        )

    def _document_check_access(self, model_name, document_id, access_token=None):
        """Override of `portal`: personal links open their invoice too.

        :raises LinkError: the token opens nothing; one that never did counts as a guess
        """
        if model_name != "account.move" or not access_token:
            return super()._document_check_access(
                model_name, document_id, access_token=access_token
            )
        guesses = request.env["billing.link.guess"]
        address = request.httprequest.remote_addr
        if guesses._is_throttled(address):
            # Nothing is looked up by the token, so that guessing gets nobody further.
            # Who is signed in sees their own invoices all the same.
            try:
                return super()._document_check_access(model_name, document_id)
            except (AccessError, MissingError):
                raise LinkError("throttled") from None
        link_sudo = request.env["billing.link"]._find(access_token)
        if link_sudo.move_id.id != document_id:
            link_sudo = link_sudo.browse()
        if link_sudo and not link_sudo._get_trouble():
            move = request.env["account.move"].with_user(SUPERUSER_ID)
            return move.browse(document_id).with_context(
                billing_link_tokens={document_id: access_token}
            )
        try:
            return super()._document_check_access(
                model_name,
                document_id,
                # Core can only compare what is ASCII.
                access_token=access_token.isascii() and access_token,
            )
        except (AccessError, MissingError):
            if link_sudo:
                raise LinkError(link_sudo._get_trouble(), link_sudo) from None
            # The same answer whether there is such an invoice or not.
            guesses._note(address)
            raise LinkError("unknown") from None

    # === HELPERS === #

    def _billing_note_visit(self, invoice_sudo, link_sudo, report_type):
        """Note who came to the page.

        :return: the visit, when the page can report more of it
        :rtype: billing.link.visit
        """
        visits_sudo = request.env["billing.link.visit"].sudo()
        if not invoice_sudo.is_sale_document():
            return visits_sudo
        http_request = request.httprequest
        if report_type:
            # The document that the page shows loads by itself, a download does not.
            if link_sudo and report_type != "html":
                visits_sudo._acted(link_sudo, http_request.method, http_request.headers)
            return visits_sudo
        user = request.env.user
        verdict = visitor.judge(
            http_request.method,
            http_request.headers,
            signed_in=not user._is_public(),
            staff=user._is_internal(),
        )
        return visits_sudo._record(invoice_sudo, link_sudo, verdict)

    def _billing_link_notice(self, code, link_sudo=None):
        """Return the page that says why a link opens nothing, and what to do next.

        It shows nothing of the invoice.

        :param str code: of :data:`STATUSES`
        :param link_sudo: the link, when it is one
        """
        if link_sudo:
            company_sudo = link_sudo.company_id
        else:
            # Which of several it is, nobody may learn from a wrong link.
            company_sudo = request.env["res.company"].sudo().search([], limit=2)
            if len(company_sudo) > 1:
                company_sudo = company_sudo.browse()
        response = request.render(
            "billing_base.link_notice",
            {
                "code": code,
                "company_sudo": company_sudo,
                "invoice_id": link_sudo.move_id.id if link_sudo else False,
                "token": link_sudo and request.params.get("access_token"),
                "minutes": request.env["billing.link.guess"]._window_minutes(),
            },
            status=STATUSES[code],
        )
        _keep_private(response)
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; img-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        if code == "throttled":
            response.headers["Retry-After"] = str(
                request.env["billing.link.guess"]._window_minutes() * 60
            )
        return response


def _keep_private(response):
    """Let nobody along the way keep the page or learn its address."""
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
