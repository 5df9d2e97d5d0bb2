from datetime import timedelta

from markupsafe import Markup

from odoo import api, models
from odoo.tools import format_date

from ..core import review

ACTIVITY = "billing_fee_policy.mail_activity_type_law"


class BillingLawPack(models.Model):
    _inherit = "billing.law.pack"

    # === BUSINESS METHODS - REVIEW === #

    @api.model
    def _cron_review(self):
        """Tell managers before the review of their law, or a rate of it, runs out."""
        companies = self.env["res.company"].sudo().search([])
        companies._billing_each(self.env._("Review of the law"), self._review_company)

    @api.model
    def _review_company(self, company):
        """See what the law of one company lacks, and tell its managers."""
        day = company._billing_today()
        pack = self._for(company, day)
        if pack is None:
            return
        pack_sudo = self.sudo().with_company(company).search([("code", "=", pack.code)])
        others_sudo = pack_sudo.search(
            [
                ("country_id", "=", pack_sudo.country_id.id),
                ("id", "!=", pack_sudo.id),
            ]
        )
        others_sudo.activity_unlink([ACTIVITY])
        if not pack_sudo._lacks(day):
            pack_sudo._close_alerts()
            return
        newly_stale = day > pack.reviewed_through and pack_sudo._log_stale(company)
        managers_sudo = company._billing_managers()
        for user_sudo in managers_sudo:
            pack_sudo.with_context(lang=user_sudo.lang)._alert(user_sudo, day)
        if newly_stale:
            for lang, users_sudo in managers_sudo.grouped("lang").items():
                pack_sudo.with_context(lang=lang)._notify_stale(users_sudo)

    # === HELPERS === #

    def _lacks(self, day):
        """Return what has to be looked up within the days that managers want.

        :return: lines of text, none when nothing is lacking
        :rtype: list[str]
        """
        self.ensure_one()
        through = day + timedelta(days=self.alert_days)
        lines = []
        if self.reviewed_through < day:
            lines.append(
                self.env._(
                    "The law was reviewed through %(reviewed)s. Until it is reviewed "
                    "again, letters with a fee wait.",
                    reviewed=format_date(self.env, self.reviewed_through),
                )
            )
        elif self.reviewed_through < through:
            lines.append(
                self.env._(
                    "The law is reviewed through %(reviewed)s. After that, letters "
                    "with a fee wait.",
                    reviewed=format_date(self.env, self.reviewed_through),
                )
            )
        labels = dict(
            self.env["billing.law.rate"]
            ._fields["code"]
            ._description_selection(self.env)
        )
        for code, missing in review.shortfalls(self._to_core(), day, through).items():
            lines.append(
                self.env._(
                    "No rate is on record from %(day)s on: %(rate)s.",
                    day=format_date(self.env, missing),
                    rate=labels[code],
                )
            )
        return lines

    def _lacks_html(self, day):
        """Return what is lacking as a list; empty when nothing is."""
        lines = self._lacks(day)
        if not lines:
            return Markup("")
        items = Markup("").join(Markup("<li>%s</li>") % line for line in lines)
        return Markup("<ul>%s</ul>") % items

    def _alert(self, user, day):
        """Leave one activity for a manager, or bring the one there is up to date."""
        existing = self.activity_ids.filtered(
            lambda activity: (
                activity.user_id == user
                and activity.activity_type_id == self.env.ref(ACTIVITY)
            )
        )
        note = self._lacks_html(day)
        if existing:
            if existing[0].note != note:
                existing[0].note = note
            return
        self.activity_schedule(
            ACTIVITY,
            date_deadline=max(day, self.reviewed_through),
            summary=self.env._("Review the law on fees"),
            note=note,
            user_id=user.id,
        )

    def _close_alerts(self):
        """Take the activities away that the packs do not need any more."""
        company = self.env.company
        for pack in self.sudo():
            if not pack._lacks(company._billing_today()):
                pack.activity_unlink([ACTIVITY])

    def _log_stale(self, company):
        """Note for good that a company's letters wait; whether this call noted it."""
        key = f"law.stale:{company.id}:{self.code}:{self.reviewed_through}"
        return bool(
            self.env["billing.event"]._log(
                [
                    {
                        "kind": "law.stale",
                        "company_id": company.id,
                        "payload": {
                            "law": self.name,
                            "reviewed": self.reviewed_through,
                        },
                        "dedup_key": key,
                    }
                ]
            )
        )

    def _notify_stale(self, users):
        """Tell users, in the language of the environment, that letters wait now."""
        self.message_notify(
            partner_ids=users.partner_id.ids,
            subject=self.env._("Letters with a fee wait: the law needs a review"),
            body=Markup("<p>%s</p>%s")
            % (self.name, self._lacks_html(self.env.company._billing_today())),
        )
