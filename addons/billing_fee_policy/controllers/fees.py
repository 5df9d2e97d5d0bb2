from datetime import timedelta
from decimal import Decimal

from odoo import http
from odoo.http import request

from ..core import law

#: A claim like any other, to say what a reminder about it may cost: amount and days.
ORDINARY_PRINCIPAL = Decimal(1000)
ORDINARY_DAYS_LATE = 60


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
            request.env["res.company"].sudo().search([("billing_fee_page", "=", True)])
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
        return {
            "rules_sudo": rules_sudo,
            "has_goodwill": any(
                rule.is_goodwill and rule.effect == "forgive" for rule in rules_sudo
            ),
            "goodwill_count": count,
            "goodwill_amount": amount and company_sudo.currency_id.format(amount),
            "fee": self._billing_ordinary_fee(company_sudo, today),
            "today": today,
        }

    def _billing_ordinary_fee(self, company_sudo, today):
        """Return what a reminder may cost at most today, and its first day.

        :return: amount in words and days after the due date; None when the law, as it
            is known here, allows none
        :rtype: tuple[str, int] | None
        """
        pack = request.env["billing.law.pack"].sudo()._for(company_sudo, today)
        if pack is None:
            return None
        arose = today - timedelta(days=2 * ORDINARY_DAYS_LATE)
        verdict = law.fee(
            pack,
            "reminder",
            law.Debt(
                due=today - timedelta(days=ORDINARY_DAYS_LATE),
                arose=arose,
                principal=ORDINARY_PRINCIPAL,
                agreement=law.Agreement(arose, "*"),
            ),
            today,
        )
        if not verdict.allowed:
            return None
        currency_sudo = (
            request.env["res.currency"].sudo().search([("name", "=", pack.currency)])
        )
        amount = (currency_sudo or company_sudo.currency_id).format(
            float(verdict.amount)
        )
        return amount, pack.rules["reminder"].fee_days_after_due

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
