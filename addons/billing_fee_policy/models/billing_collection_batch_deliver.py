import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..adapters.fake_agency import FakeAgency
from ..core import agency_answer, agency_file

_logger = logging.getLogger(__name__)

#: Makes the lock of a batch that goes out differ from other advisory locks.
LOCK = 0x4B57_0008


class BillingCollectionBatch(models.Model):
    """Handing batches over: everything is looked at once more, and goes out once."""

    _inherit = "billing.collection.batch"

    # === BUSINESS METHODS === #

    @api.model
    def _cron_exchange(self):
        """Hand over what is approved, tell what changed, read the answers."""
        companies = (
            self.env["billing.collection.agency"]
            .sudo()
            .with_context(active_test=False)
            .search([])
            .company_id
        )
        companies._billing_each(
            self.env._("Collection: hand over and read answers"), self._exchange
        )

    @api.model
    def _exchange(self, company):
        """Do the rounds for one company, with a commit after each step.

        An agency whose directory does not answer does not keep the others back.

        :param company: in superuser mode
        """
        company_sudo = company.sudo()
        batches_sudo = self.sudo().with_company(company_sudo)
        cron = self.env["ir.cron"]
        batches_sudo.env["billing.collection.case"]._watch(company_sudo)
        cron._commit_progress(0)
        agencies_sudo = (
            batches_sudo.env["billing.collection.agency"]
            .with_context(active_test=False)
            .search([("company_id", "=", company_sudo.id)])
        )
        for agency_sudo in agencies_sudo:
            try:
                batches_sudo._exchange_with(agency_sudo)
            except (OSError, UserError, agency_file.FormatError) as error:
                self.env.cr.rollback()
                _logger.warning("%s: %s", agency_sudo.display_name, error)
                company_sudo._billing_alert(
                    self.env._(
                        "Collection: hand over to %(agency)s", agency=agency_sudo.name
                    ),
                    error,
                )
                cron._commit_progress(0)

    @api.model
    def _exchange_with(self, agency):
        """Hand over what is approved, tell what changed, and read the answers."""
        batches = self.search(
            [
                ("agency_id", "=", agency.id),
                ("state", "in", ("approved", "delivering")),
            ]
        )
        for batch in batches:
            batch._deliver()
        if self.env["billing.collection.message"].search_count(
            [("agency_id", "=", agency.id), ("batch_id", "=", False)], limit=1
        ):
            self._news_for(agency)._deliver()
        if agency.is_tryout:
            FakeAgency(agency._box().path).work(
                agency.company_id._billing_now().replace(microsecond=0)
            )
        agency._read_answers()

    def _deliver(self):
        """Put the batch into its agency's directory, exactly once.

        What goes in is written down before, and that it went in afterwards, each with
        a commit. When the worker dies in between, the directory tells whether the batch
        is out: then only the writing down is left, else it is made anew.

        :return: whether it is out
        :rtype: bool
        :raises OSError: the directory does not answer; tried again with the next run
        :raises UserError: a document cannot be had
        """
        self.ensure_one()
        cron = self.env["ir.cron"]
        # Beside the commits of this transaction, and gone with a worker that dies.
        with self.env.registry.cursor() as guard:
            guard.execute(
                SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", LOCK, self.id)
            )
            if not guard.fetchone()[0]:
                return False
            # What another worker did meanwhile shows in a new transaction only.
            cron._commit_progress(0)
            self.invalidate_recordset()
            return self._deliver_alone()

    def _deliver_alone(self):
        """Put the batch into the directory, while no other worker does."""
        cron = self.env["ir.cron"]
        if self.state not in ("approved", "delivering"):
            return False
        box = self.agency_id._box()
        if not (self.state == "delivering" and box.find(self.key[:12])):
            if not self._freeze():
                cron._commit_progress(1)
                return False
            batch = self._to_core()
            files = agency_file.write(batch)
            cron._commit_progress(0)
            box.publish_files(
                self.folder,
                [self.key[:12], *(case.key for case in batch.cases)],
                files,
            )
            box.settle()
        self._delivered()
        cron._commit_progress(1)
        return True

    def _freeze(self):
        """Fix what goes out: what is in the way by now stays behind.

        :return: whether anything is left to go
        :rtype: bool
        """
        self.ensure_one()
        cases = self.case_ids.filtered(lambda case: case.state == "proposed")
        obstacles = cases.move_id._billing_handover_obstacles()
        wrong = cases.filtered(lambda case: obstacles.get(case.move_id.id))
        wrong._drop({case.id: obstacles[case.move_id.id][0] for case in wrong})
        cases -= wrong
        waiting = self.env["billing.collection.message"].search(
            [("agency_id", "=", self.agency_id.id), ("batch_id", "=", False)]
        )
        waiting.batch_id = self
        if not (cases or self.message_ids):
            self.state = "cancelled"
            return False
        added = cases.move_id._billing_added()
        for case in cases:
            case.principal = case.move_id.amount_residual
            case.added = added.get(case.move_id.id, 0.0)
        self.state = "delivering"
        return True

    def _delivered(self):
        """Write down that the batch is out."""
        self.ensure_one()
        cases = self.case_ids.filtered(lambda case: case.state == "proposed")
        cases.write(
            {"state": "offered", "offered_on": self.company_id._billing_today()}
        )
        cases._log("handed_over")
        self.write({"state": "delivered", "delivered_at": fields.Datetime.now()})

    @api.model
    def _news_for(self, agency):
        """Return a batch without claims, for the messages that wait."""
        return self.create(
            {
                "name": self._next_name(agency.company_id),
                "company_id": agency.company_id.id,
                "agency_id": agency.id,
                "prepared_by_id": self.env.uid,
                "state": "approved",
            }
        )


class BillingCollectionCase(models.Model):
    _inherit = "billing.collection.case"

    @api.model
    def _watch(self, company):
        """Call back what an agency must not go on with, and tell what else changed.

        :param company: in superuser mode
        :return: None
        """
        cases = self.search(
            [
                ("company_id", "=", company.id),
                ("state", "in", tuple(agency_answer.WITH_AGENCY)),
            ]
        )
        reasons = cases.move_id._billing_recall_reasons()
        wrong = cases.filtered(lambda case: case.move_id.id in reasons)
        wrong._withdraw({case.id: reasons[case.move_id.id] for case in wrong})
        good = cases - wrong
        added = good.move_id._billing_added()
        good.filtered(
            lambda case: (
                case.currency_id.compare_amounts(
                    case.principal, case.move_id.amount_residual
                )
                or case.currency_id.compare_amounts(
                    case.added, added.get(case.move_id.id, 0.0)
                )
            )
        )._tell_amount(added)
