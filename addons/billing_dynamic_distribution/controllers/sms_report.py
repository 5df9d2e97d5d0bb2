import logging

from odoo import http
from odoo.http import request

_logger = logging.getLogger(__name__)


class SmsReportController(http.Controller):
    """Where SMS gateways tell what became of a message."""

    @http.route(
        "/billing/sms/report/<string:key>",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        csrf=False,
        save_session=False,
        sitemap=False,
    )
    def sms_report(
        self, key, secret="", status="", reply="", reference="", **_parameters
    ):
        """Take in a delivery report.

        :param str key: of the attempt, or of Odoo's own SMS
        :param str secret: what the address handed to the gateway held
        :param str status: Kannel's number for what happened
        :param str reply: words of the SMS centre
        :param str reference: the centre's number of the message
        :return: 200 for whatever is authentic, known or not, so that a gateway does not
            repeat it for ever; 403 else
        """
        reports = request.env["billing.sms.report"]
        if not reports._is_authentic(key, secret):
            _logger.info(
                "A delivery report with a wrong secret from %s",
                request.httprequest.remote_addr,
            )
            return request.make_response("Forbidden", status=403)
        reports._receive(key, status, reply, reference)
        return request.make_response("OK", [("Content-Type", "text/plain")])
