from odoo.http import request

from odoo.addons.billing_direct_debit.controllers.direct_debit import (
    BEGIN,
    DirectDebitPage,
)
from odoo.addons.billing_direct_debit.models.account_move_signup import SIGNUP
from odoo.addons.billing_interactive_invoice.controllers.code import CodePage
from odoo.addons.billing_interactive_invoice.core.visitor_rights import (
    DIRECT_DEBIT,
    SELF_SERVICE,
)


class InvoiceDirectDebitPage(CodePage, DirectDebitPage):
    """Direct debit in the frame of the interactive invoice, with its visitors.

    Who came by a link begins in Norway as they are: the bank finds out who it is, and
    the paper invoice would let them do the same. All else asks for a code or a login.
    """

    # === WHAT PAGES DIFFER IN === #

    def _billing_debit_open(self, invoice_id, access_token):
        """Override: in the language of the page that asks."""
        lang = request.params.get("lang")
        self._billing_use_lang(lang if isinstance(lang, str) else "")
        return super()._billing_debit_open(invoice_id, access_token)

    def _billing_debit_may(self, move_sudo, access_token, want):
        """Override: by the rights of the visitor."""
        if not move_sudo._billing_has_page():
            return super()._billing_debit_may(move_sudo, access_token, want)
        visitor = self._billing_visitor(move_sudo, access_token)
        right = SELF_SERVICE if want == BEGIN else DIRECT_DEBIT
        if visitor.may(right):
            return True
        return False if visitor.can_step_up(right) else None

    def _billing_debit_step_up_url(self, move_sudo, access_token):
        """Override: a code, and back."""
        if not move_sudo._billing_has_page():
            return super()._billing_debit_step_up_url(move_sudo, access_token)
        page = self._billing_page(move_sudo, access_token)
        return page.url("code", then=SIGNUP)

    def _billing_debit_limited(self, move_sudo, access_token):
        """Override: like all forms of the page."""
        visitor = self._billing_visitor(move_sudo, access_token)
        return self._billing_page_limited(move_sudo, visitor, SIGNUP) or ""

    def _billing_debit_render(self, move_sudo, access_token, values, status=200):
        """Override: in the frame of the page."""
        if not move_sudo._billing_has_page():
            return super()._billing_debit_render(
                move_sudo, access_token, values, status
            )
        return self._billing_render_page(
            "billing_direct_debit_interactive_invoice.direct_debit_page",
            {
                **values,
                "csrf": request.csrf_token(),
                "page": self._billing_page(move_sudo, access_token),
            },
            status=status,
        )

    def _billing_with_code(self, invoice_id, access_token, then, run):
        """Override: who proved it for direct debit goes on with that."""
        response = super()._billing_with_code(invoice_id, access_token, then, run)
        if then == SIGNUP and response.status_code == 303:
            address, _hash, section = response.headers["Location"].partition("#")
            if section == SIGNUP:
                path, query, rest = address.partition("?")
                response.headers["Location"] = f"{path}/{SIGNUP}{query}{rest}"
        return response
