from odoo import Command, api, models

#: Days of the friendly reminder ahead of the due date.
REMIND_DAYS = 3


def _step(channel, content, wait=0, unit="days", condition="not_paid"):
    """Return the values of a step; ``content`` is the name of what it says."""
    return {
        "channel": channel,
        "template_id": content,
        "wait": wait,
        "wait_unit": unit,
        "condition": condition,
    }


class BillingDistributionPlan(models.Model):
    _inherit = "billing.distribution.plan"

    @api.model
    def _shipped_plans(self):
        """Return the plans that come with the addon, for Norway and Sweden alike.

        :return: by code a dict of values of the plan and of its steps
        :rtype: dict[str, dict]
        """
        return {
            "invoice": {
                "name": self.env._("Invoice"),
                "trigger": "posted",
                "steps": [
                    _step("email", "content_invoice"),
                    _step("sms", "content_invoice", 3, condition="not_opened"),
                    _step("letter", "content_invoice", 2, condition="not_opened"),
                ],
            },
            "before_due": {
                "name": self.env._("Friendly reminder before the due date"),
                "trigger": "before_due",
                "trigger_days": REMIND_DAYS,
                "is_reminder": True,
                "steps": [_step("last_opened", "content_before_due")],
            },
            "on_due": {
                "name": self.env._("Friendly reminder on the due date"),
                "trigger": "on_due",
                "is_reminder": True,
                "steps": [_step("last_opened", "content_on_due")],
            },
            "debit_failed": {
                "name": self.env._("Direct debit failed"),
                "trigger": "debit_failed",
                "steps": [
                    _step("debit", "content_debit_failed", 1, "bank_days"),
                    _step("sms", "content_debit_failed", 2, "bank_days"),
                    _step(
                        "email", "content_debit_failed", 2, "bank_days", "not_opened"
                    ),
                ],
            },
            "changed": {
                "name": self.env._("Invoice changed"),
                "trigger": "changed",
                "steps": [_step("preferred", "content_changed")],
            },
            "asked": {
                "name": self.env._("Customer asked for another channel"),
                "trigger": "asked",
                "steps": [_step("preferred", "content_invoice")],
            },
        }

    @api.model
    def _create_shipped_plans(self, companies):
        """Give companies the plans that come with the addon, as drafts.

        Nothing is sent before somebody has looked at a plan and let it go live. Plans
        a company has already are left alone, whatever became of them.

        :param companies: ``res.company`` records; only those in Norway and Sweden get
            plans
        :return: the new plans
        :rtype: billing.distribution.plan
        """
        plans = self.browse()
        for company in companies:
            country = company.account_fiscal_country_id or company.country_id
            if country.code in ("NO", "SE"):
                plans |= self.with_company(company)._create_missing_plans(company)
        return plans

    @api.model
    def _create_missing_plans(self, company):
        present = set(
            self.with_context(active_test=False)
            .search([("company_id", "=", company.id), ("shipped_code", "!=", False)])
            .mapped("shipped_code")
        )
        vals_list = []
        for code, plan in self._shipped_plans().items():
            if code in present:
                continue
            steps = [
                Command.create(
                    {
                        **step,
                        "sequence": 10 * number,
                        "template_id": self.env.ref(
                            f"billing_dynamic_distribution.{step['template_id']}"
                        ).id,
                    }
                )
                for number, step in enumerate(plan["steps"], start=1)
            ]
            vals_list.append(
                {
                    **{key: plan[key] for key in plan if key != "steps"},
                    "company_id": company.id,
                    "shipped_code": code,
                    "version_ids": [Command.create({"step_ids": steps})],
                }
            )
        plans = self.create(vals_list)
        plans._translate_names()
        return plans

    @api.model
    def _load_demo(self):
        """Let the plans of the demo companies go live, where these are there.

        :return: None
        """
        for name in ("company_no", "company_se"):
            company = self.env.ref(f"billing_demo.{name}", raise_if_not_found=False)
            if company is None:
                continue
            self._create_shipped_plans(company)
            drafts = self.search(
                [("company_id", "=", company.id), ("live_version_id", "=", False)]
            ).version_ids.filtered(lambda version: version.state == "draft")
            drafts._publish()

    def _translate_names(self):
        """Give shipped plans their names in every language there is."""
        for lang, _name in self.env["res.lang"].get_installed():
            names = self.with_context(lang=lang)._shipped_plans()
            for plan in self:
                plan.with_context(lang=lang).name = names[plan.shipped_code]["name"]
