from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.http import request

from odoo.addons.billing_base.controllers import portal
from odoo.addons.billing_base.controllers.link import DOT
from odoo.addons.billing_base.core import visitor as base_visitor

from ..core import visitor_rights
from ..models.account_move_messages import PREVIEW
from ..models.billing_message_reading import CLICKED, CLOSED, SHOWN
from .page import InvoicePage

#: Seconds for which a browser keeps the picture of a message.
PICTURE_KEPT = 24 * 3600


class MessagePage(InvoicePage):
    """What customers do with the company's messages on the page of an invoice."""

    # === ROUTES OF THE PAGE === #

    @http.route()
    def portal_my_invoice_detail(self, invoice_id, **kw):
        """Override: staff see the page as it would be with a message."""
        _use_preview(kw)
        return super().portal_my_invoice_detail(invoice_id, **kw)

    @http.route()
    def billing_page_live(self, invoice_id, **kw):
        """Override: the page that staff preview a message on stays so."""
        _use_preview(kw)
        return super().billing_page_live(invoice_id, **kw)

    # === ROUTES OF A MESSAGE === #

    @http.route(
        "/my/invoices/<int:invoice_id>/close_message",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def billing_close_message(
        self, invoice_id, access_token=None, message_id="", section="messages", **kw
    ):
        """Show a message to this customer no more.

        :param str message_id: id of the ``billing.message``
        :param str section: of the page, where the message stood
        """

        def close(move_sudo, visitor):
            closed_id = _read_id(message_id)
            if closed_id:
                move_sudo._billing_note_message(visitor, closed_id, CLOSED)

        return self._billing_page_action(
            invoice_id,
            access_token,
            right=visitor_rights.SELF_SERVICE,
            section="notice" if section == "notice" else "messages",
            run=close,
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/message/<int:message_id>/<any(shown,clicked):what>",
        type="http",
        auth="public",
        methods=["POST"],
        save_session=False,
    )
    def billing_message_note(
        self, invoice_id, message_id, what, access_token=None, **kw
    ):
        """Count that a message was in view, or that its button was used."""
        self._billing_use_lang(kw.get("lang"))
        if not _tells_as_machine():
            self._billing_count_message(invoice_id, access_token, message_id, what)
        return request.make_response("", status=204)

    @http.route(
        "/my/invoices/<int:invoice_id>/message/<int:message_id>/seen.gif",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
    )
    def billing_message_dot(self, invoice_id, message_id, access_token=None, **kw):
        """Count that a browser without scripts shows a message."""
        if _loads_as_person():
            self._billing_count_message(invoice_id, access_token, message_id, SHOWN)
        return request.make_response(
            DOT,
            headers=[
                ("Content-Type", "image/gif"),
                ("Cache-Control", "private, no-store"),
            ],
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/message/<int:message_id>/<any(button,link):which>",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
    )
    def billing_message_follow(
        self, invoice_id, message_id, which, access_token=None, **kw
    ):
        """Go where a button or link of a message leads, and count it."""
        try:
            move_sudo, visitor = self._billing_open_page(invoice_id, access_token)
        except portal.LinkError as error:
            return self._billing_link_notice(error.code, error.link)
        except (AccessError, MissingError):
            return request.redirect("/my")
        page = self._billing_page(move_sudo, access_token)
        message_sudo = move_sudo._billing_shown_message(visitor, message_id)
        target = message_sudo and message_sudo._target(which)
        if not target:
            return request.redirect(page.url(), code=303)
        if not _follows_as_machine():
            move_sudo._billing_note_message(visitor, message_id, CLICKED)
        if target.startswith("#"):
            return request.redirect(page.url(section=target[1:]), code=303)
        # Staff wrote the address, and it was checked when they did.
        return request.redirect(target, code=303, local=False)

    @http.route(
        "/my/invoices/<int:invoice_id>/message/<int:message_id>/picture",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
    )
    def billing_message_picture(self, invoice_id, message_id, access_token=None, **kw):
        """Return the picture of a message."""
        _use_preview(kw)
        try:
            move_sudo, visitor = self._billing_open_page(invoice_id, access_token)
        except (AccessError, MissingError):
            return request.make_response("", status=404)
        message_sudo = move_sudo._billing_shown_message(visitor, message_id)
        if not message_sudo or not message_sudo._has_picture():
            return request.make_response("", status=404)
        stream = request.env["ir.binary"]._get_image_stream_from(
            message_sudo, "picture"
        )
        response = stream.get_response()
        response.headers["Cache-Control"] = f"private, max-age={PICTURE_KEPT}"
        return response

    # === HELPERS === #

    def _billing_count_message(self, invoice_id, access_token, message_id, what):
        """Count what became of a message, for who may see the page."""
        try:
            move_sudo, visitor = self._billing_open_page(invoice_id, access_token)
        except (AccessError, MissingError):
            return
        move_sudo._billing_note_message(visitor, message_id, what)


def _use_preview(params):
    """Draw the page with the message that ``preview_message`` names, for staff."""
    message_id = _read_id(params.get("preview_message"))
    if message_id and request.env.user._is_internal():
        request.update_context(**{PREVIEW: message_id})


def _read_id(value):
    """Return the id that somebody sent, or None when it is none."""
    # Whatever is sent as a file is no text.
    if not isinstance(value, str) or not value.isascii() or not value.isdecimal():
        return None
    return int(value) if len(value) < 10 else None


def _asks_as_machine(headers):
    """Whether what asks gives itself away as a machine: a scanner, a prefetch."""
    user = request.env.user
    verdict = base_visitor.judge(
        request.httprequest.method,
        headers,
        signed_in=not user._is_public(),
        staff=user._is_internal(),
    )
    return verdict.who == base_visitor.MACHINE


def _follows_as_machine():
    """Whether a machine follows a link on the page."""
    return _asks_as_machine(request.httprequest.headers)


def _tells_as_machine():
    """Whether the script that tells something runs in a machine."""
    # What a script sends is no page, so only the name of the browser says something.
    agent = request.httprequest.headers.get("User-Agent", "")
    return _asks_as_machine({"User-Agent": agent, "Accept": "text/html"})


def _loads_as_person():
    """Whether the picture is loaded as browsers load what they show."""
    unknown = base_visitor.Verdict(base_visitor.UNKNOWN, "unclear", base_visitor.OTHER)
    verdict = base_visitor.confirm_picture(unknown, request.httprequest.headers)
    return verdict.who == base_visitor.PERSON
