import base64
import hashlib

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core.autogiro_out import AutogiroOrderError
from ..core.avtalegiro import TransmissionError
from ..core.claim_life import OUT

#: Makes the lock of a batch that goes out differ from other advisory locks.
LOCK = 0x4B57_0009
#: Claims that are looked at, and whose history is written, together.
PART_SIZE = 5_000
#: Claims that no file can hold are left out, up to so many.
MOST_UNWRITABLE = 50


class BillingDebitBatch(models.Model):
    """Freezing a batch, and putting it into the bank's directory exactly once.

    ::

        approved ── freeze ──► delivering ── publish ──► delivered
                    number, bytes, hash      one rename
                    (commit)                 (commit)

    A worker may die anywhere. Before the first commit nothing has happened, and the
    number is free. After it the bytes are fixed: the next worker asks the directory
    whether they are out, and puts the same ones in when they are not.
    """

    _inherit = "billing.debit.batch"

    # === BUSINESS METHODS === #

    def _deliver(self):
        """Put the batch into the bank's directory.

        :return: whether it is out
        :rtype: bool
        :raises OSError: the directory does not answer; tried again with the next run
        :raises UserError: the file cannot be written, or is not what was frozen
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
        if self.state == "approved":
            is_left = self._freeze()
            cron._commit_progress(0)
            if not is_left:
                return False
        if self.state != "delivering":
            return False
        data = self._raw()
        if hashlib.sha256(data).hexdigest() != self.file_hash:
            raise UserError(
                self.env._(
                    "The file of %(batch)s is not what was approved. Nothing was sent.",
                    batch=self.name,
                )
            )
        box = self.agreement_id._files_box()
        if not box.find(self.key):
            folder = f"{self.name.replace('/', '-')}-{self.key}"
            box.publish_files(folder, [self.key], [(self.file_name, data)])
            box.settle()
        self._delivered()
        cron._commit_progress(1)
        return True

    def _freeze(self):
        """Fix number and bytes; what is in the way by now stays behind.

        :return: whether anything is left to go
        :rtype: bool
        :raises UserError: the file cannot be written
        """
        self.ensure_one()
        agreement = self.agreement_id
        if agreement.scheme == "autogiro" and not (
            agreement.is_test or agreement._seal_key()
        ):
            raise UserError(
                self.env._(
                    "Bankgirot takes sealed files only: %(agreement)s needs the key.",
                    agreement=agreement.name,
                )
            )
        self._leave_behind()
        for _nth in range(MOST_UNWRITABLE):
            self._compute_totals()
            if not self.count:
                self.state = "cancelled"
                return False
            self._number_lines()
            try:
                # A number that no file got is given back.
                with self.env.cr.savepoint():
                    self._write_frozen()
            except (TransmissionError, AutogiroOrderError) as error:
                agreement.invalidate_recordset(flush=False)
                if not self._set_aside(error):
                    raise UserError(
                        self.env._(
                            "%(batch)s cannot be written: %(problem)s",
                            batch=self.name,
                            problem=error,
                        )
                    ) from error
            else:
                return True
        raise UserError(
            self.env._(
                "%(batch)s has too many claims that no file can hold.", batch=self.name
            )
        )

    def _write_frozen(self):
        """Take a number, write the file, and keep its bytes."""
        agreement = self.agreement_id
        is_norwegian = agreement.scheme == "avtalegiro"
        number = agreement._next_transmission_number()
        assignment = agreement._next_assignment_number() if is_norwegian else 0
        day = self.company_id._billing_today()
        data = b"".join(self._write_file(day, number, assignment))
        self.write(
            {
                "state": "delivering",
                "number": number,
                # Bankgirot knows files by their seal and asks for no number.
                "sender_number": is_norwegian and agreement.sender_number,
                "assignment_number": assignment,
                "file": base64.b64encode(data),
                "file_hash": hashlib.sha256(data).hexdigest(),
                "frozen_at": fields.Datetime.now(),
            }
        )

    def _set_aside(self, error):
        """Take the claim or message out that no file can hold.

        :param error: what the writer said
        :return: whether it is one that can be left out
        :rtype: bool
        """
        if isinstance(error, AutogiroOrderError):
            number = error.index + 1
        else:
            number = error.claim
        if number < 1:
            return False
        if self.kind == "mandates":
            return self._set_request_aside(number, error)
        if self.kind == "cancellations":
            claim = self.cancelled_claim_ids.filtered(
                lambda claim: claim.cancel_number == number
            )
            claim.write({"cancel_state": "refused", "cancel_batch_id": False})
            claim._log("debit.cancel_late", key="late")
        else:
            claim = self.claim_ids.filtered(
                lambda claim: claim.transaction_number == number
            )
            claim._log("debit.unwritable", problem=str(error))
            claim._drop("unwritable", "system")
        return bool(claim)

    def _set_request_aside(self, number, error):
        """Take out the message about a mandate that no file can hold, and say so.

        :param int number: in the file, from 1
        :param error: what the writer said
        :return: whether there is such a message
        :rtype: bool
        """
        request = self.request_ids.sorted("id")[number - 1 : number]
        if not request:
            return False
        request.write({"state": "refused", "batch_id": False})
        name = request.mandate_id.display_name or request.payer_number
        self.company_id._billing_alert(
            self.env._(
                "Direct debit: files of %(agreement)s", agreement=self.agreement_id.name
            ),
            f"{name}: {error}",
        )
        return True

    def _leave_behind(self):
        """Take out of the batch what must not go, or would come too late."""
        if self.kind == "claims":
            for claims in self._parts():
                claims._watch_moves()
                claims._unbatch_late()
        elif self.kind == "cancellations":
            settled = self.cancelled_claim_ids.filtered(
                lambda claim: claim.state not in OUT
            )
            settled.write({"cancel_state": False, "cancel_batch_id": False})
            self.invalidate_recordset(["cancelled_claim_ids"])
            clock = self.agreement_id._clock()
            late = self.cancelled_claim_ids.filtered(
                lambda claim: not clock.may_cancel(claim.date)
            )
            late.write({"cancel_state": "too_late", "cancel_batch_id": False})
            late._log("debit.cancel_late", key="late")
        self.invalidate_recordset(["claim_ids", "cancelled_claim_ids"])

    def _number_lines(self):
        """Number the claims in the file, from 1 and in their order."""
        if self.kind == "mandates":
            return
        is_cancel = self.kind == "cancellations"
        self.env["billing.debit.claim"].flush_model(["batch_id", "cancel_batch_id"])
        self.env.execute_query(
            SQL(
                """UPDATE billing_debit_claim AS claim SET %(number)s = numbered.number
                     FROM (SELECT id, row_number() OVER (ORDER BY id) AS number
                             FROM billing_debit_claim WHERE %(batch)s = %(id)s
                          ) AS numbered
                    WHERE claim.id = numbered.id
                RETURNING claim.id""",
                number=SQL("cancel_number" if is_cancel else "transaction_number"),
                batch=SQL("cancel_batch_id" if is_cancel else "batch_id"),
                id=self.id,
            )
        )
        self.env["billing.debit.claim"].invalidate_model(
            ["transaction_number", "cancel_number"], flush=False
        )

    def _raw(self):
        """Return the frozen bytes."""
        self.ensure_one()
        return base64.b64decode(self.with_context(bin_size=False).file or b"")

    def _delivered(self):
        """Write down that the batch is out."""
        self.ensure_one()
        for claims in self._parts():
            if self.kind == "claims":
                kind = "debit.delivered"
                claims._write_all(SQL("state = 'delivered'"), SQL("state = 'batched'"))
            elif self.scheme == "autogiro":
                kind = "debit.cancel_sent"
                claims._write_all(
                    SQL("cancel_state = 'sent'"), SQL("cancel_state = 'waiting'")
                )
            else:
                # Nobody answers: what was asked for in time is done.
                kind = "debit.cancelled"
                claims._write_all(
                    SQL("state = 'cancelled', cancel_state = 'done'"),
                    SQL("state IN ('delivered', 'accepted', 'bank_retry')"),
                )
            claims._log(kind, key=str(self.id), batch=self.name)
        self.request_ids._sent()
        self.write(
            {"state": "delivered", "delivered_at": self.company_id._billing_now()}
        )

    def _parts(self):
        """Return the claims of the batch, so many at a time that memory stays small.

        :return: iterator of ``billing.debit.claim``
        """
        self.ensure_one()
        if self.kind == "mandates":
            return
        self.env.flush_all()
        column = "cancel_batch_id" if self.kind == "cancellations" else "batch_id"
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM billing_debit_claim WHERE %s = %s ORDER BY id",
                SQL.identifier(column),
                self.id,
            )
        )
        ids = [claim_id for (claim_id,) in rows]
        for start in range(0, len(ids), PART_SIZE):
            yield self.env["billing.debit.claim"].browse(ids[start : start + PART_SIZE])
            self.env.flush_all()
            self.env.invalidate_all()

    # === BUSINESS METHODS - RECEIPTS === #

    def _received(self, text=""):
        """Note that the bank took the batches.

        :param str text: of the receipt
        :return: None
        """
        batches_sudo = self.sudo().filtered(lambda batch: batch.state == "delivered")
        batches_sudo._note_receipt("received", text)
        for batch_sudo in batches_sudo.filtered(lambda batch: batch.kind == "claims"):
            for claims_sudo in batch_sudo._parts():
                claims_sudo._write_all(
                    SQL("state = 'accepted'"), SQL("state = 'delivered'")
                )
                claims_sudo._log("debit.accepted", "bank", key="receipt")

    def _refused(self, text=""):
        """Note that the bank took nothing of the batches; it goes with another file.

        :param str text: why
        :return: None
        """
        batches_sudo = self.sudo().filtered(lambda batch: batch.state == "delivered")
        for batch_sudo in batches_sudo:
            for claims_sudo in batch_sudo._parts():
                if batch_sudo.kind == "cancellations":
                    claims_sudo._cancel_again()
                    continue
                claims_sudo._write_all(
                    SQL("state = 'planned', batch_id = NULL, transaction_number = 0"),
                    SQL("state IN ('delivered', 'accepted')"),
                )
                claims_sudo._log("debit.batch_refused", "bank", batch=batch_sudo.name)
            batch_sudo.request_ids._release()
        batches_sudo._note_receipt("refused", text)
        self.env["billing.debit.planner"]._trigger()

    def _note_receipt(self, state, text):
        for batch_sudo in self:
            batch_sudo.write(
                {
                    "state": state,
                    "receipt": text or batch_sudo.receipt,
                    "received_at": fields.Datetime.now(),
                }
            )
