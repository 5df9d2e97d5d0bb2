from odoo import http
from odoo.http import request

from ..core import waiver as core


class FeesPage(http.Controller):
    """When a fee is charged and when it is dropped, for everybody to read."""

    @http.route(
        ["/billing/fees", "/billing/fees/<int:company_id>"],
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def billing_fees(self, company_id=None, **kw):
        """Show the criteria of one company; of several, let the customer choose.

        :param int company_id: whose; of others than those with a page nothing is told
        """
        companies_sudo = (
            request.env["res.company"].sudo().search([])._billing_with_fee_page()
        )
        if company_id:
            companies_sudo = companies_sudo.filtered(lambda one: one.id == company_id)
        if not companies_sudo:
            raise request.not_found()
        company_sudo = companies_sudo if len(companies_sudo) == 1 else None
        response = request.render(
            "billing_fee_policy.fees_page",
            {
                "companies_sudo": companies_sudo,
                "company_sudo": company_sudo,
                "langs": self._billing_langs(company_id),
                **(self._billing_fees_values(company_sudo) if company_sudo else {}),
            },
        )
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; img-src 'self'; "
            "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
        return response

    # === HELPERS === #

    def _billing_fees_values(self, company_sudo):
        """Return what the page tells of a company."""
        company_sudo = company_sudo.with_company(company_sudo)
        today = company_sudo._billing_today()
        rules_sudo = (
            request.env["billing.waiver.rule"]
            .with_company(company_sudo)
            ._for(company_sudo)
            .filtered(
                lambda rule: (
                    rule.is_published
                    and rule.criteria
                    and (rule.is_objective or not company_sudo.billing_waiver_objective)
                )
            )
        )
        count = company_sudo.billing_waiver_customer_count
        amount = company_sudo.billing_waiver_customer_amount
        is_capped = bool(
            company_sudo.billing_waiver_month_amount
            and not company_sudo.billing_waiver_objective
        )
        return {
            "rules_sudo": rules_sudo,
            "has_keep": core.KEEP in rules_sudo.mapped("effect"),
            "limited_sudo": rules_sudo.filtered(
                lambda rule: (
                    rule.is_goodwill
                    and rule.effect == core.FORGIVE
                    and (count or amount or is_capped)
                )
            ),
            "goodwill_capped": is_capped,
            "goodwill_count": count,
            "goodwill_amount": amount and company_sudo.currency_id.format(amount),
            "fee": company_sudo._billing_ordinary_fee(today),
            "today": today,
        }

    def _billing_langs(self, company_id):
        """Return the languages to read the page in: code, name and address."""
        path = f"/billing/fees/{company_id}" if company_id else "/billing/fees"
        return [
            {
                "code": lang.code,
                "tag": lang.code.replace("_", "-"),
                # «Norwegian Bokmål / Norsk bokmål»: the name in the language itself.
                "name": lang.name.rpartition(" / ")[2],
                "url": f"/{lang.url_code}{path}",
            }
            for lang in request.env["res.lang"]._get_frontend().values()
        ]
