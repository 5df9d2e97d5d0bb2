import pytz

from odoo import fields, models

from odoo.addons.billing_base.adapters.drop_box import DropBox

from ..core import schedule


class BillingDebitAgreement(models.Model):
    """When what is drawn under the agreement, and how customers hear of it."""

    _inherit = "billing.debit.agreement"

    send_margin = fields.Integer(
        string="Bank Days to Spare",
        default=2,
        help="Claims go so many bank days before the last moment, so that a file that "
        "is missed can be made up for.",
    )
    telling = fields.Selection(
        [
            ("message", "Messages of ours"),
            ("elsewhere", "Another system, with the invoice"),
        ],
        string="Customers Hear of Debits By",
        required=True,
        default="message",
        help="Messages about an invoice say by themselves when it will be drawn. Who "
        "got none in time gets one of its own.",
    )
    claim_ids = fields.One2many("billing.debit.claim", "agreement_id", readonly=True)

    _send_margin_positive = models.Constraint(
        "CHECK(send_margin BETWEEN 0 AND 20)",
        "Between 0 and 20 bank days can be spared.",
    )

    # === BUSINESS METHODS === #

    def _rules(self, day=None):
        """Return the deadlines that hold for the agreement.

        :param date day: on which; today when left out
        :rtype: core.schedule.Rules
        :raises UserError: none are known
        """
        self.ensure_one()
        company = self.company_id
        return (
            self.env["billing.debit.rule"]
            ._find(company, self.scheme, day or company._billing_today())
            ._to_core()
        )

    def _now(self):
        """Return the moment by the clock of the company, naive.

        :rtype: datetime.datetime
        """
        self.ensure_one()
        company = self.company_id
        now = pytz.utc.localize(company._billing_now())
        return now.astimezone(company._billing_zone()).replace(tzinfo=None)

    def _files_box(self):
        """Return the directory that files go to.

        Files have no mark that says «test», so what is not for the bank never lies
        where it fetches.

        :rtype: billing_base.adapters.drop_box.DropBox
        """
        self.ensure_one()
        box = self._box()
        return DropBox(box.path / "test") if self.is_test else box

    def _grace(self, clock, day):
        """Return the last day on which the money of a debit may come.

        Norwegian banks try again without being asked.

        :param clock: of :meth:`_clock`
        """
        self.ensure_one()
        retries = self.scheme == "avtalegiro" or self.has_bank_retries
        return clock.grace_until(day, retries)

    def _to_utc(self, moment):
        """Return a moment of the company's clock as naive UTC."""
        self.ensure_one()
        zone = self.company_id._billing_zone()
        return zone.localize(moment).astimezone(pytz.utc).replace(tzinfo=None)

    def _clock(self):
        """Return deadlines, bank days and the present moment, asked for once.

        :rtype: core.schedule.Clock
        """
        self.ensure_one()
        return schedule.Clock(
            self._rules(), self.company_id._bank_calendar(), self._now()
        )

    def _scheme_name(self):
        """Return what customers call the scheme."""
        self.ensure_one()
        return dict(self._fields["scheme"].selection)[self.scheme]

    def _first_debit_days(self, moves, told_on=None):
        """Return when invoices would be drawn under the agreement at the earliest.

        Before there is a mandate: for who thinks about signing up.

        :param moves: invoices of the company
        :param date told_on: when the customer is told of the day; today when left out
        :return: by id of the invoice
        :rtype: dict[int, datetime.date]
        """
        self.ensure_one()
        clock = self._clock()
        told_on = told_on or clock.today
        return {
            move.id: clock.earliest(
                told_on=told_on, not_before=move.invoice_date_due or None
            )
            for move in moves
        }

    def _notice_of(self, mandate, day, clock):
        """Return who tells the customer of a debit: one of ``claim.notice``.

        :param mandate: of the agreement
        :param date day: on which something is to be drawn
        :param clock: of :meth:`_clock`
        """
        if self.scheme != "avtalegiro":
            return "us"
        wants_bank = self.bank_notice == "always" or (
            self.bank_notice == "asked" and mandate.written_notice
        )
        # Too late for the bank's monthly round: then the customer hears from us.
        if wants_bank and clock.in_time(day, bank_notice=True):
            return "bank"
        return "us" if wants_bank or mandate.written_notice else "none"
