from odoo import http
from odoo.http import request

from odoo.addons.mail.controllers.attachment import AttachmentController
from odoo.addons.portal.controllers.portal_thread import PortalChatter

from ..core import token as core_token


class LinkChatter(PortalChatter):
    """The conversation on the page of an invoice, for who came by a personal link.

    Core knows the one token of the invoice, which never expires, and compares with that
    in many places. So a personal link that opens the invoice is exchanged for it here,
    on the server; the visitor never gets to see it.
    """

    @http.route()
    def portal_chatter_init(self, thread_model, thread_id, **kwargs):
        """Override of `portal`: accept personal links."""
        kwargs = _exchange(thread_model, thread_id, kwargs)
        return super().portal_chatter_init(thread_model, thread_id, **kwargs)

    @http.route()
    def portal_message_fetch(self, thread_model, thread_id, fetch_params=None, **kw):
        """Override of `portal`: accept personal links."""
        kw = _exchange(thread_model, thread_id, kw)
        return super().portal_message_fetch(thread_model, thread_id, fetch_params, **kw)

    @http.route()
    def mail_message_post(
        self, thread_model, thread_id, post_data, context=None, **kwargs
    ):
        """Override of `mail`: accept personal links."""
        kwargs = _exchange(thread_model, thread_id, kwargs)
        return super().mail_message_post(
            thread_model, thread_id, post_data, context, **kwargs
        )

    @http.route()
    def portal_avatar(
        self,
        res_id=None,
        height=50,
        width=50,
        access_token=None,
        _hash=None,
        pid=None,
    ):
        """Override of `portal`: accept personal links."""
        if core_token.looks_like(access_token):
            message_sudo = request.env["mail.message"].sudo().browse(int(res_id))
            message_sudo = message_sudo.exists()
            access_token = _exchange(
                message_sudo.model, message_sudo.res_id, {"token": access_token}
            ).get("token")
        return super().portal_avatar(res_id, height, width, access_token, _hash, pid)


class LinkAttachment(AttachmentController):
    """Files in the conversation, for who came by a personal link."""

    @http.route()
    def mail_attachment_upload(
        self, ufile, thread_id, thread_model, is_pending=False, **kwargs
    ):
        """Override of `mail`: accept personal links."""
        kwargs = _exchange(thread_model, thread_id, kwargs)
        return super().mail_attachment_upload(
            ufile, thread_id, thread_model, is_pending, **kwargs
        )


def _exchange(model, res_id, values):
    """Return ``values`` with the token of the invoice in place of a personal link's.

    A token that opens nothing is left out, and counts as a guess; where too many came
    from, none is looked up.
    """
    token = values.get("token")
    if model != "account.move" or not core_token.looks_like(token):
        return values
    values = {name: value for name, value in values.items() if name != "token"}
    guesses = request.env["billing.link.guess"]
    address = request.httprequest.remote_addr
    if guesses._is_throttled(address):
        return values
    link_sudo = request.env["billing.link"]._find(token)
    if link_sudo.move_id.id != int(res_id):
        guesses._note(address)
        return values
    if link_sudo._get_trouble():
        return values
    return {**values, "token": link_sudo.move_id._portal_ensure_token()}
