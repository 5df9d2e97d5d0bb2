import base64

from odoo import http
from odoo.http import request
from odoo.tools import consteq

from odoo.addons.billing_base.controllers.link import DOT
from odoo.addons.billing_base.core import visitor

#: A transparent picture of one pixel.
PICTURE = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


class EmailSeenController(http.Controller):
    """The invisible picture in e-mails to customers who agreed to it."""

    @http.route(
        "/billing/email/seen/<int:attempt_id>/<string:token>.gif",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
        sitemap=False,
    )
    def email_seen(self, attempt_id, token, **_parameters):
        """Note that a program showed an e-mail; answer with the picture in any case.

        :param int attempt_id: of the message
        :param str token: what the e-mail's own address holds
        """
        attempt_sudo = (
            request.env["billing.distribution.attempt"]
            .sudo()
            .browse(attempt_id)
            .exists()
        )
        if attempt_sudo and consteq(attempt_sudo._get_pixel_token(), token):
            headers = request.httprequest.headers
            device = visitor.device(headers.get("User-Agent", ""))
            attempt_sudo._pixel_shown(
                visitor.confirm_picture(
                    visitor.Verdict(visitor.UNKNOWN, "unclear", device), headers
                )
            )
        return request.make_response(
            DOT,
            [("Content-Type", "image/gif"), ("Cache-Control", "private, no-store")],
        )
