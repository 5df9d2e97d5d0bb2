from odoo import http
from odoo.http import request

from .page import InvoicePage

#: What people type from an invoice is not longer.
MAX_LENGTH = 64


class CheckPage(InvoicePage):
    """«Is this invoice real?», for whoever holds one."""

    @http.route(
        "/invoice/check",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def billing_check(self, **kw):
        """Ask for what stands on the invoice."""
        return self._billing_check_page()

    @http.route(
        "/invoice/check/answer",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def billing_check_answer(self, reference="", amount="", account="", **kw):
        """Say whether an invoice is ours, and nothing else.

        :param str reference: KID, OCR or other payment reference, as typed
        :param str amount: as typed
        :param str account: to be paid to, as typed; may be empty
        """
        self._billing_use_lang(request.params.get("lang"))
        typed = {
            name: value[:MAX_LENGTH]
            for name, value in (
                ("reference", reference),
                ("amount", amount),
                ("account", account),
            )
            if isinstance(value, str)
        }
        if not (typed.get("reference") and typed.get("amount")):
            return self._billing_check_page(typed, "empty", status=422)
        limits = request.env["billing.page.limit"]
        if not limits._take("check", address=request.httprequest.remote_addr):
            return self._billing_check_page(typed, "limited", status=429)
        answer = request.env["account.move"]._billing_check_genuine(
            reference, amount, account
        )
        return self._billing_check_page(typed, answer)

    def _billing_check_page(self, typed=None, answer=None, status=200):
        """Return the page with its form, and the answer to it.

        :param dict typed: what was typed, by name of the field
        :param str answer: of ``_billing_check_genuine``, ``empty`` or ``limited``
        """
        companies_sudo = request.env["res.company"].sudo().search([], limit=2)
        return self._billing_render_page(
            "billing_interactive_invoice.check_page",
            {
                "title": request.env._("Is this invoice real?"),
                # Which of several it is of, nobody may learn.
                "company": companies_sudo
                if len(companies_sudo) == 1
                else companies_sudo.browse(),
                "page": None,
                "typed": typed or {},
                "answer": answer,
                "lang": request.env.lang,
            },
            status=status,
        )
