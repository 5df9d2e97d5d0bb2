from odoo import http
from odoo.http import request

from .page import InvoicePage


class ConversationPage(InvoicePage):
    """What customers write on the page of an invoice."""

    @http.route(
        "/my/invoices/<int:invoice_id>/say",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def billing_say(self, invoice_id, access_token=None, text="", **kw):
        """Post what a customer wrote, with the files that came along.

        :param str text: what they wrote
        """
        files = request.httprequest.files.getlist("files")

        def run(move_sudo, visitor):
            # What was written stands there, and says so itself.
            move_sudo._billing_customer_says(visitor, text, files)

        return self._billing_page_action(
            invoice_id, access_token, right="chat", section="conversation", run=run
        )
