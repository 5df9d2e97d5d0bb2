from datetime import time

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import schedule

#: Hours of a day, as a clock time is kept.
DAY = 24


class BillingDebitRule(models.Model):
    """Deadlines of a scheme from one day on, with where they are written.

    Banks and schemes agree on them differently, and change them: they are data. A
    company's own rule goes before the one that comes with the addon.
    """

    _name = "billing.debit.rule"
    _description = "Deadlines of Direct Debit"
    _order = "scheme, company_id, date_from desc, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    scheme = fields.Selection(
        [("avtalegiro", "AvtaleGiro"), ("autogiro", "Autogiro")], required=True
    )
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: for every company that has no rule of its own.",
    )
    date_from = fields.Date(
        string="From", required=True, help="First day on which it holds."
    )
    lead_days = fields.Integer(
        string="Claims Go",
        help="Days before the debit by which the bank has to have the claim.",
    )
    lead_unit = fields.Selection("_selection_unit", required=True, default="bank_days")
    cut_off = fields.Float(
        string="Cut-off", help="Time of day, by the clock of the scheme's country."
    )
    cancel_days = fields.Integer(
        string="Cancellations Go",
        help="Days before the debit until which it can be stopped.",
    )
    cancel_unit = fields.Selection(
        "_selection_unit", required=True, default="bank_days"
    )
    cancel_cut_off = fields.Float(string="Cut-off of Cancellations")
    notice_days = fields.Integer(
        string="Customers Are Told",
        help="Days before the debit by which the customer has to know amount and day.",
    )
    notice_unit = fields.Selection(
        "_selection_unit", required=True, default="bank_days"
    )
    months_ahead = fields.Integer(
        default=12, help="Months ahead of the debit for which claims are taken."
    )
    window_day = fields.Integer(
        string="Window With Bank Notice",
        help="Where the bank tells the customer, claims for debits from this day of a "
        "month to the day before it in the next go by the last bank day of the month "
        "before. 0: the bank tells nobody.",
    )
    grace_bank_days = fields.Integer(
        string="Money May Take",
        default=5,
        help="Bank days after the debit in which the money may still come.",
    )
    bank_retry_bank_days = fields.Integer(
        string="Tries of the Bank",
        help="Bank days after the debit on which the bank may try again.",
    )
    source = fields.Char(help="Where it is written.")
    note = fields.Text(translate=True, help="What is assumed or not known for sure.")

    _days_positive = models.Constraint(
        "CHECK(lead_days >= 0 AND cancel_days >= 0 AND notice_days >= 0"
        " AND months_ahead > 0 AND grace_bank_days >= 0 AND bank_retry_bank_days >= 0"
        " AND window_day BETWEEN 0 AND 28)",
        "Days cannot be negative, and a window begins on a day that every month has.",
    )
    _one_each = models.UniqueIndex(
        "(scheme, date_from, (COALESCE(company_id, 0))) WHERE active",
        "There is a rule for this scheme and day already.",
    )

    # === SELECTION METHODS === #

    @api.model
    def _selection_unit(self):
        bank_days, days = self.env._("Bank days before"), self.env._("Days before")
        return [("bank_days", bank_days), ("days", days)]

    # === CONSTRAINT METHODS === #

    @api.constrains("cut_off", "cancel_cut_off")
    def _check_times(self):
        for rule in self:
            if not all(0 <= at < DAY for at in (rule.cut_off, rule.cancel_cut_off)):
                raise ValidationError(self.env._("A day has 24 hours."))

    # === BUSINESS METHODS === #

    @api.model
    def _find(self, company, scheme, day):
        """Return what holds for a company on a day.

        :param str scheme: ``avtalegiro`` or ``autogiro``
        :rtype: billing.debit.rule
        :raises UserError: nothing does
        """
        rules_sudo = self.sudo().search(
            [
                ("scheme", "=", scheme),
                ("company_id", "in", (False, company.id)),
                ("date_from", "<=", day),
            ],
            order="date_from desc, id desc",
        )
        own_sudo = rules_sudo.filtered("company_id")
        found_sudo = (own_sudo or rules_sudo)[:1]
        if not found_sudo:
            raise UserError(
                self.env._(
                    "No deadlines are known for %(scheme)s on %(day)s. Add them under "
                    "Direct Debit → Configuration → Deadlines.",
                    scheme=scheme,
                    day=day,
                )
            )
        return found_sudo

    # === HELPERS === #

    def _to_core(self):
        """Return the rule in the form in which it is asked.

        :rtype: core.schedule.Rules
        """
        self.ensure_one()
        return schedule.Rules(
            scheme=self.scheme,
            lead_days=self.lead_days,
            lead_unit=self.lead_unit,
            cut_off=_clock(self.cut_off),
            cancel_days=self.cancel_days,
            cancel_unit=self.cancel_unit,
            cancel_cut_off=_clock(self.cancel_cut_off),
            notice_days=self.notice_days,
            notice_unit=self.notice_unit,
            months_ahead=self.months_ahead,
            window_day=self.window_day,
            grace_bank_days=self.grace_bank_days,
            bank_retry_bank_days=self.bank_retry_bank_days,
            source=self.source or "",
        )


def _clock(hours):
    """Return a time of day that is kept in hours."""
    minutes = min(round(hours * 60), DAY * 60 - 1)
    return time(minutes // 60, minutes % 60)
