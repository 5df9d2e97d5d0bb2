from odoo import fields, models

from odoo.addons.billing_base.core import answer_file
from odoo.addons.billing_base.core.answer_file import AnswerError

#: Column of a receipt → what the bank says in it.
_STATES = {
    "received": "received",
    "accepted": "received",
    "refused": "refused",
    "rejected": "refused",
}


class BillingDebitAgreement(models.Model):
    """Receipts that the bank, or who fetches the files, puts into the directory."""

    _inherit = "billing.debit.agreement"

    # === BUSINESS METHODS === #

    def _read_receipts(self):
        """Read the receipts in the directory, each as a whole or not at all.

        :return: number of batches that a receipt was for
        :rtype: int
        :raises OSError: the directory does not answer
        :raises AnswerError: a receipt cannot be read
        """
        self.ensure_one()
        cron = self.env["ir.cron"]
        box, count = self._files_box(), 0
        for file in box.answers():
            try:
                count += self._apply_receipt(file.read_bytes())
            except AnswerError as error:
                raise AnswerError(
                    [f"{file.name}:{problem}" for problem in error.problems]
                ) from error
            # What was applied is known, so that it does no harm to read it again.
            cron._commit_progress(0)
            box.put_away(file)
        return count

    def _apply_receipt(self, data):
        """Apply one receipt.

        :param bytes data: a table or JSON with ``transmission`` (our number),
            ``status`` (``received`` or ``refused``) and optionally ``text``
        :return: number of batches it was for
        :rtype: int
        :raises AnswerError: it cannot be read; nothing was applied
        """
        self.ensure_one()
        rows = answer_file.read(data, ("transmission", "status"), "receipts", _read_row)
        batches_sudo = (
            self.env["billing.debit.batch"]
            .sudo()
            .search(
                [
                    ("agreement_id", "=", self.id),
                    ("number", "in", [number for _line, number, *_rest in rows]),
                ]
            )
        )
        by_number = {batch.number: batch for batch in batches_sudo}
        unknown = [
            f"{line}: transmission: there is no transmission {number}"
            for line, number, *_rest in rows
            if number not in by_number
        ]
        if unknown:
            raise AnswerError(unknown)
        for _line, number, state, text in rows:
            if state == "received":
                by_number[number]._received(text)
            else:
                by_number[number]._refused(text)
        return len(by_number)

    def _alert_late_batches(self):
        """Tell managers of batches that wait for them while their time runs out.

        :return: None
        """
        self.ensure_one()
        soon = fields.Datetime.add(self.company_id._billing_now(), days=1)
        late = (
            self.env["billing.debit.batch"]
            .sudo()
            .search(
                [
                    ("agreement_id", "=", self.id),
                    ("state", "=", "draft"),
                    ("count", ">", 0),
                    ("cut_off_at", "<=", soon),
                ]
            )
        )
        for batch in late:
            self.company_id._billing_alert(
                self.env._("Direct debit: %(batch)s", batch=batch.name),
                self.env._(
                    "It waits for approval. What is to be drawn first has to go within "
                    "a day."
                ),
            )


def _read_row(line, row):
    """Return number, state and text of a line of a receipt.

    :raises ValueError: something in it cannot be
    """
    number, status = row.get("transmission", ""), row.get("status", "").lower()
    if not number.isascii() or not number.isdigit():
        raise ValueError(f"transmission: «{number}» is no number")
    if status not in _STATES:
        raise ValueError(f"status: «{status}» is not one of {', '.join(_STATES)}")
    return line, int(number), _STATES[status], row.get("text", "")
