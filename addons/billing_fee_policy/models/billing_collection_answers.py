import logging

from odoo import api, models

from odoo.addons.billing_base.core.answer_file import AnswerError

from ..core import agency_answer

_logger = logging.getLogger(__name__)


class BillingCollectionAgency(models.Model):
    """What agencies answer: a file counts whole or not at all, and once."""

    _inherit = "billing.collection.agency"

    # === BUSINESS METHODS === #

    def _read_answers(self):
        """Read what lies in the directories of answers, a file to a commit.

        A file that cannot be read stays where it is, and the managers are told.

        :return: None
        """
        cron = self.env["ir.cron"]
        for agency in self:
            box = agency._box()
            for file in box.answers():
                try:
                    agency._apply_answers(file.read_bytes())
                    # Put away when what it says is kept; read again after a crash in
                    # between, it says nothing new.
                    cron._commit_progress(0)
                    box.put_away(file)
                except (AnswerError, OSError) as error:
                    self.env.cr.rollback()
                    _logger.warning("%s: %s", file, error)
                    problems = getattr(error, "problems", (str(error),))
                    agency.company_id._billing_alert(
                        self.env._("Collection: read answers"),
                        f"{file.name}:{problems[0]}",
                    )
                    cron._commit_progress(0)

    def _apply_answers(self, data):
        """Note what an agency answered on its cases.

        :param bytes data: see ``core.agency_answer.read``
        :return: the cases that there is news of
        :rtype: billing.collection.case
        :raises AnswerError: the file cannot be read whole, or names strange cases
        """
        self.ensure_one()
        answers = agency_answer.read(data)
        cases_sudo = (
            self.env["billing.collection.case"]
            .sudo()
            .search(
                [
                    ("key", "in", [answer.key for answer in answers]),
                    ("agency_id", "=", self.id),
                    # Nobody outside knows of the others.
                    ("state", "not in", ("proposed", "dropped")),
                ]
            )
        )
        by_key = {case.key: case for case in cases_sudo}
        strange = [answer for answer in answers if answer.key not in by_key]
        if strange:
            raise AnswerError(
                [
                    f"{answer.line}: id: {self.name} was given no case {answer.key}"
                    for answer in strange
                ]
            )
        news = cases_sudo.browse()
        for answer in answers:
            if by_key[answer.key]._apply_answer(answer):
                news |= by_key[answer.key]
        return news


class BillingCollectionCase(models.Model):
    _inherit = "billing.collection.case"

    def _apply_answer(self, answer):
        """Note what the agency says of the case; the same news counts once.

        :param core.agency_answer.Answer answer: about this case
        :return: whether it is news
        :rtype: bool
        """
        self.ensure_one()
        paid = float(answer.amount) if answer.amount is not None else None
        owed = self.principal + self.added
        settles = paid is None or self.currency_id.compare_amounts(paid, owed) >= 0
        state = agency_answer.next_state(self.state, answer.status, settles)
        # The event is what makes a repeated answer none.
        events = self.env["billing.event"]._log(
            [
                {
                    "kind": f"collection.{answer.status if state else 'unexpected'}",
                    "move_id": self.move_id.id,
                    "actor": "gateway",
                    "amount": paid,
                    "payload": {
                        "case_id": self.id,
                        "agency": self.agency_id.name,
                        "reason": answer.reason,
                        "reference": answer.reference or self.reference,
                        "said": answer.status,
                    },
                    "dedup_key": f"collection.answer:{self.id}:{answer.mark}",
                }
            ]
        )
        if not events:
            return False
        if state is None:
            self._ask_somebody(answer)
            return True
        vals = {"state": state}
        if answer.reference:
            vals["reference"] = answer.reference
        if answer.reason:
            vals["reason"] = answer.reason
        if paid is not None:
            # In all so far: what comes late may be an older sum.
            vals["paid_amount"] = max(paid, self.paid_amount)
        elif answer.status == agency_answer.PAID:
            vals["paid_amount"] = owed
        self.write(vals)
        return True

    @api.model
    def _status_labels(self):
        """Return what answers are called, in the language of the reader."""
        states = dict(self._fields["state"]._description_selection(self.env))
        return {status: states[status] for status in agency_answer.STATUSES.values()}

    def _ask_somebody(self, answer):
        """Have somebody look at news that contradicts what is known."""
        self.move_id.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Ask %(agency)s", agency=self.agency_id.name),
            note=self.env._(
                "%(agency)s reports «%(said)s» of a case that is «%(state)s» here. "
                "Nothing was changed; ask what holds.",
                agency=self.agency_id.name,
                said=self._status_labels()[answer.status],
                state=dict(self._fields["state"]._description_selection(self.env))[
                    self.state
                ],
            ),
            user_id=self.batch_id.approved_by_id.id or self.batch_id.prepared_by_id.id,
        )
