import contextlib
from urllib.parse import urlencode

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from odoo.addons.billing_base.controllers import portal


class ChargePage(portal.PortalAccount):
    """What customers say against a fee, from the page of the invoice."""

    @http.route(
        "/my/invoices/<int:invoice_id>/object_to_fee",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def billing_object_to_fee(self, invoice_id, access_token=None, text=None, **kw):
        """Take an objection; the page says what happens next.

        :param str access_token: what opened the page
        :param str text: in the customer's words
        """
        try:
            move_sudo = self._document_check_access(
                "account.move", invoice_id, access_token
            )
        except portal.LinkError as error:
            return self._billing_link_notice(error.code, error.link)
        except (AccessError, MissingError):
            return request.redirect("/my")
        claim_sudo = move_sudo.billing_claim_id or move_sudo
        own = request.env.user.partner_id.commercial_partner_id
        is_staff = (
            request.env.user._is_internal() and own != claim_sudo.commercial_partner_id
        )
        if not is_staff:
            # Staff look on: their own screens are where they do things. The form asks
            # for a text, and of a fee that has gone meanwhile the page says so.
            with contextlib.suppress(UserError):
                request.env["billing.charge.objection"]._object(
                    claim_sudo, text if isinstance(text, str) else ""
                )
        default = request.env["ir.http"]._get_default_lang()
        lang = request.env["res.lang"]._get_data(code=request.env.lang or default.code)
        prefix = "" if lang.code == default.code else f"/{lang.url_code}"
        query = f"?{urlencode({'access_token': access_token})}" if access_token else ""
        return request.redirect(
            f"{prefix}/my/invoices/{invoice_id}{query}#about_fee", code=303
        )
