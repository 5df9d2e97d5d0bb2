import base64

from odoo import http
from odoo.http import request

from ..core import visitor

#: The smallest picture there is: one transparent dot.
DOT = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


class LinkController(http.Controller):
    """What the page of an invoice reports of the visit it is open in."""

    @http.route(
        "/my/invoices/visit/<string:token>",
        type="http",
        auth="public",
        methods=["POST"],
        # The page signs for it, and all it can do is say that it is being looked at.
        csrf=False,
        save_session=False,
    )
    def visit(self, token, ms="0", touched="0", automated="0", **kw):
        """Note what a script on the page saw of its visitor.

        :param str token: of the visit, from the page
        :param str ms: milliseconds for which the page was in view
        :param str touched: «1» when it was used
        :param str automated: «1» when a program drives the browser
        """
        visit_sudo = request.env["billing.link.visit"]._find(token)
        if visit_sudo:
            sign = visitor.Sign(
                visible_ms=int(ms) if ms.isdecimal() and len(ms) < 10 else 0,
                touched=touched == "1",
                automated=automated == "1",
            )
            visit_sudo._set_verdict(visitor.confirm(visit_sudo._get_verdict(), sign))
        return request.make_response("", status=204)

    @http.route(
        "/my/invoices/visit/<string:token>/seen.gif",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
    )
    def picture(self, token, **kw):
        """Note that a browser without scripts shows the page.

        :param str token: of the visit, from the page
        """
        visit_sudo = request.env["billing.link.visit"]._find(token)
        if visit_sudo:
            visit_sudo._set_verdict(
                visitor.confirm_picture(
                    visit_sudo._get_verdict(), request.httprequest.headers
                )
            )
        return request.make_response(
            DOT,
            headers=[
                ("Content-Type", "image/gif"),
                ("Cache-Control", "private, no-store"),
            ],
        )
