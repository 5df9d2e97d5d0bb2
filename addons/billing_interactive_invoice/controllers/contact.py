from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..core.visitor_rights import CONTACT
from ..models.account_move_contact import CONSENTS
from .code import CodePage, _read_id


class ContactPage(CodePage):
    """How the customer is reached: forms of the section «contact»."""

    @http.route(
        [
            "/my/invoices/<int:invoice_id>/contact_email",
            "/my/invoices/<int:invoice_id>/contact_sms",
        ],
        type="http",
        auth="public",
        methods=["POST"],
    )
    def billing_contact_ask(
        self, invoice_id, access_token=None, point=None, address=None, **kw
    ):
        """Send a code to a new address.

        :param str point: id of the contact point it replaces, if any
        :param str address: as the customer wrote it
        """
        channel = request.httprequest.path.rstrip("/").rpartition("_")[2]

        def ask(move_sudo, visitor):
            if not self._billing_may_send_code(move_sudo):
                raise UserError(
                    request.env._(
                        "We have sent several codes already. Please use the newest, or "
                        "try again in ten minutes."
                    )
                )
            return move_sudo._billing_contact_ask(
                visitor, channel, _read_id(point) or None, address
            )

        return self._billing_contact_action(invoice_id, access_token, ask)

    @http.route(
        "/my/invoices/<int:invoice_id>/contact_verify",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def billing_contact_verify(self, invoice_id, access_token=None, code=None, **kw):
        """Use a new address, whose code the customer has.

        :param str code: as it was typed
        """

        def verify(move_sudo, visitor):
            if not self._billing_may_try_code(move_sudo):
                raise UserError(
                    request.env._("Too many codes were tried. Please wait ten minutes.")
                )
            return move_sudo._billing_contact_verify(visitor, code)

        return self._billing_contact_action(invoice_id, access_token, verify)

    @http.route(
        "/my/invoices/<int:invoice_id>/contact_prefer",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def billing_contact_prefer(self, invoice_id, access_token=None, point=None, **kw):
        """Reach the customer somewhere first.

        :param str point: id of the contact point
        """
        return self._billing_contact_action(
            invoice_id,
            access_token,
            lambda move_sudo, visitor: move_sudo._billing_contact_prefer(
                visitor, _read_id(point)
            ),
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/contact_consent",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def billing_contact_consent(self, invoice_id, access_token=None, **kw):
        """Note what may be sent where: a tick box for each, named by contact point."""
        form = request.httprequest.form
        shown = {_read_id(text) for text in form.getlist("point")}
        wanted = {
            (point_id, name)
            for point_id in shown
            for name in CONSENTS
            if form.get(f"{name}-{point_id}")
        }
        return self._billing_contact_action(
            invoice_id,
            access_token,
            lambda move_sudo, visitor: move_sudo._billing_contact_consent(
                visitor, shown, wanted
            ),
        )

    def _billing_contact_action(self, invoice_id, access_token, run):
        return self._billing_page_action(
            invoice_id, access_token, right=CONTACT, section="contact", run=run
        )
