import logging

from odoo import http
from odoo.http import request

from ..adapters.delivery_provider import ReportError
from ..models.res_company_provider import PROVIDER_CHANNELS

_logger = logging.getLogger(__name__)


class ProviderReportController(http.Controller):
    """Where operators of eFaktura and mailboxes tell what became of messages."""

    @http.route(
        "/billing/provider/report/<string:channel>/<int:company_id>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        sitemap=False,
    )
    def provider_report(self, channel, company_id, **_parameters):
        """Take in reports; their authenticity is the provider class's business.

        :param str channel: code of the channel
        :param int company_id: whose messages they are about
        :return: 200 for whatever is authentic, 400 unreadable, 403 not authentic
        """
        company_sudo = request.env["res.company"].sudo().browse(company_id).exists()
        if channel not in PROVIDER_CHANNELS or not company_sudo:
            return request.make_response("Forbidden", status=403)
        model = request.env[f"billing.channel.{channel}"].sudo()
        try:
            model.with_company(company_sudo)._receive_reports(
                company_sudo,
                request.httprequest.get_data(),
                request.httprequest.headers,
            )
        except ReportError as error:
            _logger.info(
                "A report on %s from %s: %s",
                channel,
                request.httprequest.remote_addr,
                error,
            )
            return request.make_response(str(error), status=error.status)
        return request.make_response("OK", [("Content-Type", "text/plain")])
