from odoo import http
from odoo.http import request


class OfferController(http.Controller):
    """Where customers say that they want no offers, without signing in."""

    @http.route(
        "/billing/offers/<int:offer_id>/<string:token>",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        website=True,
        sitemap=False,
        # The token in the address signs for it, and all it can do is say no.
        csrf=False,
        save_session=False,
    )
    def billing_decline_offers(self, offer_id, token, **kw):
        """Ask whether offers should stop, and stop them once that is confirmed.

        A link alone must not do it: machines open the links of messages.

        :param int offer_id: of the ``billing.debit.offer``
        :param str token: of the message
        """
        offer_sudo = request.env["billing.debit.offer"]._find(offer_id, token)
        if not offer_sudo:
            raise request.not_found()
        if request.httprequest.method == "POST":
            offer_sudo._decline()
        response = request.render(
            "billing_direct_debit.decline_offers_page",
            {
                "company_sudo": offer_sudo.company_id,
                "is_done": bool(offer_sudo.partner_id.billing_debit_no_offers_on),
                "scheme": offer_sudo._scheme_name(),
            },
        )
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; img-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "private, no-store"
        return response
