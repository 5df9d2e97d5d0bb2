from datetime import timedelta

from odoo import api, fields, models

#: Outages that ended longer ago are not asked for: no claim of theirs gets its first
#: reminder now.
KNOWN_DAYS = 180


class BillingMessage(models.Model):
    _inherit = "billing.message"

    # === BUSINESS METHODS - OUTAGES === #

    @api.model
    def _outages(self, companies):
        """Return the notices of outages that were shown lately.

        :param companies: the ``res.company`` records they are of
        :rtype: billing.message
        """
        now = fields.Datetime.now()
        return self.search(
            [
                ("company_id", "in", companies.ids),
                ("kind", "=", "notice_outage"),
                ("state", "in", ("published", "stopped")),
                ("published_at", "<=", now),
                "|",
                ("date_from", "=", False),
                ("date_from", "<=", now),
                "|",
                ("date_to", "=", False),
                ("date_to", ">", now - timedelta(days=KNOWN_DAYS)),
            ]
        )

    def _outage_last_day(self):
        """Return the last day of the outage, as far as it has got.

        :rtype: datetime.date
        """
        self.ensure_one()
        now = fields.Datetime.now()
        end = self.date_to or (now if self.state == "published" else self.write_date)
        return min(end, now).date()
