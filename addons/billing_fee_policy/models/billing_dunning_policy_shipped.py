from odoo import Command, api, models


class BillingDunningPolicy(models.Model):
    _inherit = "billing.dunning.policy"

    @api.model
    def _shipped_policies(self):
        """Return the policies that come with the addon.

        :return: by code the country, the name and the values of the steps
        :rtype: dict[str, dict]
        """
        soft = {"kind": "soft", "wait_days": 3, "deadline_days": 0}
        handover = {
            "kind": "handover",
            "wait_days": 0,
            "wait_from": "deadline",
            "deadline_days": 0,
        }
        return {
            "no_standard": {
                "country": "NO",
                "name": self.env._("Reminder, then collection notice"),
                "steps": [
                    soft,
                    {"kind": "reminder", "wait_days": 14, "has_fee": True},
                    {
                        "kind": "notice",
                        "wait_days": 0,
                        "wait_from": "deadline",
                        "has_fee": True,
                        "has_interest": True,
                    },
                    handover,
                ],
            },
            "no_demand": {
                "country": "NO",
                "name": self.env._("With a payment demand of our own"),
                "steps": [
                    soft,
                    {"kind": "notice", "wait_days": 14, "has_fee": True},
                    {
                        "kind": "demand",
                        "wait_days": 0,
                        "wait_from": "deadline",
                        "has_fee": True,
                        "has_interest": True,
                    },
                    handover,
                ],
            },
            "se_standard": {
                "country": "SE",
                "name": self.env._("Reminder, then payment demand"),
                "steps": [
                    soft,
                    {
                        "kind": "reminder",
                        "wait_days": 10,
                        "has_fee": True,
                        "deadline_days": 10,
                    },
                    {
                        "kind": "demand",
                        "wait_days": 0,
                        "wait_from": "deadline",
                        "has_fee": True,
                        "has_interest": True,
                        "deadline_days": 10,
                    },
                    handover,
                ],
            },
        }

    @api.model
    def _create_shipped_policies(self, companies):
        """Give companies the policies that come with the addon, as drafts.

        Nobody is reminded before somebody has looked at a policy and made it active.
        Policies a company has already are left alone.

        :param companies: ``res.company`` records
        :return: the new policies
        :rtype: billing.dunning.policy
        """
        policies = self.browse()
        for company in companies:
            country = company.account_fiscal_country_id or company.country_id
            present = set(
                self.with_context(active_test=False)
                .search(
                    [("company_id", "=", company.id), ("shipped_code", "!=", False)]
                )
                .mapped("shipped_code")
            )
            policies |= self.with_company(company).create(
                [
                    {
                        "name": policy["name"],
                        "company_id": company.id,
                        "country_id": country.id,
                        "shipped_code": code,
                        "sequence": 10 * number,
                        "step_ids": [
                            Command.create({**step, "sequence": 10 * nth})
                            for nth, step in enumerate(policy["steps"], start=1)
                        ],
                    }
                    for number, (code, policy) in enumerate(
                        self._shipped_policies().items(), start=1
                    )
                    if policy["country"] == country.code and code not in present
                ]
            )
        policies._translate_names()
        return policies

    def _translate_names(self):
        """Give shipped policies their names in every language there is."""
        for lang, _name in self.env["res.lang"].get_installed():
            shipped = self.with_context(lang=lang)._shipped_policies()
            for policy in self:
                policy.with_context(lang=lang).name = shipped[policy.shipped_code][
                    "name"
                ]
