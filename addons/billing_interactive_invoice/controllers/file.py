from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.http import request

from odoo.addons.billing_base.controllers.portal import LinkError

from .page import InvoicePage

#: A file is saved, never shown: should a browser show it all the same, nothing in it
#: runs, loads, or belongs to our address.
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


class FilePage(InvoicePage):
    """Files of the page, such as those of the conversation."""

    @http.route(
        "/my/invoices/<int:invoice_id>/file/<int:file_id>",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
    )
    def billing_file(self, invoice_id, file_id, access_token=None, **kw):
        """Return a file to save, when the visitor may have it."""
        try:
            move_sudo, visitor = self._billing_open_page(invoice_id, access_token)
        except LinkError as error:
            return self._billing_link_notice(error.code, error.link)
        except (AccessError, MissingError):
            return request.redirect("/my")
        file_sudo = move_sudo._billing_page_file(visitor, file_id)
        if not file_sudo or file_sudo.type != "binary":
            # The same answer whether there is such a file or not.
            raise request.not_found()
        stream = request.env["ir.binary"].sudo()._get_stream_from(file_sudo)
        response = stream.get_response(
            as_attachment=True, immutable=False, content_security_policy=POLICY
        )
        response.headers.update(
            {
                **self._billing_page_headers(),
                "Content-Security-Policy": POLICY,
                "Cross-Origin-Resource-Policy": "same-origin",
            }
        )
        return response
