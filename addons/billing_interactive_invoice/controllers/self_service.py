from odoo import http
from odoo.http import request

from ..core.typed import read_amount, read_day
from ..core.visitor_rights import SELF_SERVICE
from .page import InvoicePage


class SelfServicePage(InvoicePage):
    """What customers arrange by themselves: forms of the section «help»."""

    @http.route(
        "/my/invoices/<int:invoice_id>/defer",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def billing_defer(self, invoice_id, access_token=None, day=None, **kw):
        """Move the due date, or ask to.

        :param str day: the new due date, as it was typed
        """
        return self._billing_help_action(
            invoice_id,
            access_token,
            lambda move_sudo, visitor: move_sudo._billing_defer(
                visitor, read_day(_text(day))
            ),
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/split",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def billing_split(self, invoice_id, access_token=None, parts=None, **kw):
        """Pay in parts, or ask to.

        :param str parts: number of parts
        """
        return self._billing_help_action(
            invoice_id,
            access_token,
            lambda move_sudo, visitor: move_sudo._billing_split(
                visitor, _read_number(parts)
            ),
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/promise",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def billing_promise(self, invoice_id, access_token=None, day=None, **kw):
        """Promise to pay.

        :param str day: by when, as it was typed
        """
        return self._billing_help_action(
            invoice_id,
            access_token,
            lambda move_sudo, visitor: move_sudo._billing_promise(
                visitor, read_day(_text(day))
            ),
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/paid",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def billing_paid(self, invoice_id, access_token=None, day=None, amount=None, **kw):
        """Report a payment.

        :param str day: when, as it was typed
        :param str amount: as it was typed
        """
        files = request.httprequest.files.getlist("files")
        return self._billing_help_action(
            invoice_id,
            access_token,
            lambda move_sudo, visitor: move_sudo._billing_claim(
                visitor, read_day(_text(day)), _read_amount(move_sudo, amount), files
            ),
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/dispute",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def billing_dispute(
        self,
        invoice_id,
        access_token=None,
        reason=None,
        extent=None,
        amount=None,
        text=None,
        **kw,
    ):
        """Object to the invoice.

        :param str reason: code of what is wrong
        :param str extent: ``part`` when only ``amount`` is wrong
        :param str amount: as it was typed
        :param str text: in the customer's words
        """
        files = request.httprequest.files.getlist("files")

        def run(move_sudo, visitor):
            part = None
            if extent == "part":
                part = _read_amount(move_sudo, amount) or 0
            return move_sudo._billing_dispute(
                visitor, _text(reason), _text(text), part, files
            )

        return self._billing_help_action(invoice_id, access_token, run)

    @http.route(
        "/my/invoices/<int:invoice_id>/withdraw",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def billing_withdraw(self, invoice_id, access_token=None, **kw):
        """Take back what was asked for, reported or objected to."""
        number = _read_number(kw.get("request"))
        return self._billing_help_action(
            invoice_id,
            access_token,
            lambda move_sudo, visitor: move_sudo._billing_withdraw(visitor, number),
        )

    # === HELPERS === #

    def _billing_help_action(self, invoice_id, access_token, run):
        return self._billing_page_action(
            invoice_id, access_token, right=SELF_SERVICE, section="help", run=run
        )


def _text(value):
    """Return what was typed into a field; nothing when a file came in its place."""
    return value if isinstance(value, str) else ""


def _read_number(value):
    """Return the whole number somebody sent, or None when it is none."""
    text = _text(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _read_amount(move_sudo, value):
    """Return an amount of the invoice in minor units, or None when it is none."""
    return read_amount(_text(value), 10**move_sudo.currency_id.decimal_places)
