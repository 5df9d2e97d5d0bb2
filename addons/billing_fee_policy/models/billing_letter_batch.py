from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date
from odoo.tools.pdf import merge_pdf

from odoo.addons.billing_base.core.hold import blocking


class BillingLetterBatch(models.Model):
    """Letters that somebody of the company prints, puts into envelopes and posts.

    Each company has one that is open; printing it closes it. What was paid or put on
    hold meanwhile is taken out, and letters of an earlier day get the days to pay that
    they promise, counted from the day they are posted.
    """

    _name = "billing.letter.batch"
    _description = "Letters to Print"
    _order = "id desc"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    state = fields.Selection(
        [("open", "To Print"), ("printed", "Printed")],
        required=True,
        readonly=True,
        default="open",
    )
    reminder_ids = fields.One2many(
        "billing.reminder", "batch_id", string="Letters", readonly=True
    )
    letter_count = fields.Integer(
        string="Number of Letters", compute="_compute_letter_count"
    )
    pdf_attachment_id = fields.Many2one(
        "ir.attachment",
        string="All Letters",
        readonly=True,
        copy=False,
        ondelete="set null",
    )
    printed_at = fields.Datetime(string="Printed on", readonly=True, copy=False)
    printed_by_id = fields.Many2one("res.users", readonly=True, copy=False)

    _open_unique = models.UniqueIndex(
        "(company_id) WHERE state = 'open'",
        "A company has one batch of letters to print at a time.",
    )

    # === COMPUTE METHODS === #

    @api.depends("reminder_ids.state")
    def _compute_letter_count(self):
        counts = dict(
            self.env["billing.reminder"]._read_group(
                [("batch_id", "in", self.ids), ("state", "=", "sent")],
                ["batch_id"],
                ["__count"],
            )
        )
        for batch in self:
            batch.letter_count = counts.get(batch, 0)

    @api.depends("printed_at", "create_date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for batch in self:
            at = batch.printed_at or batch.create_date
            day = at and fields.Datetime.context_timestamp(batch, at).date()
            batch.display_name = self.env._(
                "Letters of %(day)s", day=format_date(self.env, day) if day else ""
            )

    # === ACTIONS === #

    def action_print(self):
        """Close the batch and open all its letters as one file (button).

        Pressed again, it opens the same file.
        """
        self.ensure_one()
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff print letters."))
        self.check_access("read")
        self._print()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.pdf_attachment_id.id}?download=true",
            "target": "new",
        }

    # === BUSINESS METHODS === #

    @api.model
    def _get_open(self, company):
        """Return the batch that letters of the company go into, made where needed.

        :rtype: billing.letter.batch
        """
        self.env.execute_query(
            SQL(
                """INSERT INTO billing_letter_batch
                          (company_id, state, create_uid, create_date, write_uid,
                           write_date)
                   VALUES (%(company)s, 'open', %(uid)s, %(now)s, %(uid)s, %(now)s)
              ON CONFLICT (company_id) WHERE state = 'open' DO NOTHING
                RETURNING id""",
                company=company.id,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        return self.sudo().search(
            [("company_id", "=", company.id), ("state", "=", "open")], limit=1
        )

    def _print(self):
        """Close the batch: put its letters into one file, in the order of their day.

        :raises UserError: nothing is left to print
        """
        self.ensure_one()
        batch_sudo = self.sudo().with_company(self.company_id)
        batch_sudo.lock_for_update(allow_referencing=True)
        batch_sudo.invalidate_recordset(["state"])
        if batch_sudo.state == "printed":
            return
        letters_sudo = batch_sudo._take_letters()
        if not letters_sudo:
            raise UserError(self.env._("There is no letter left to print."))
        batch_sudo.pdf_attachment_id = (
            self.env["ir.attachment"]
            .sudo()
            .create(
                {
                    "name": f"{batch_sudo.display_name}.pdf",
                    "raw": merge_pdf(
                        [letter.pdf_attachment_id.raw for letter in letters_sudo]
                    ),
                    "mimetype": "application/pdf",
                    "res_model": self._name,
                    "res_id": self.id,
                }
            )
        )
        batch_sudo.write(
            {
                "state": "printed",
                "printed_at": self.company_id._billing_now(),
                "printed_by_id": self.env.uid,
            }
        )

    def _take_letters(self):
        """Return the letters of the batch that still have a reason, up to date.

        :rtype: billing.reminder
        """
        letters_sudo = self.reminder_ids.filtered(
            lambda reminder: reminder.state == "sent"
        ).sorted("id")
        holds = letters_sudo.line_ids.move_id._billing_holds()
        kept = letters_sudo.browse()
        today = self.company_id._billing_today()
        for letter_sudo in letters_sudo:
            moves_sudo = letter_sudo.line_ids.move_id
            if all(
                move.state != "posted" or move.currency_id.is_zero(move.amount_residual)
                for move in moves_sudo
            ):
                reason = self.env._("Paid before the letter was printed.")
            elif any(blocking(holds[move.id], "reminder") for move in moves_sudo):
                reason = self.env._("Put on hold before the letter was printed.")
            else:
                try:
                    with self.env.cr.savepoint():
                        letter_sudo._billing_redate(today)
                except UserError as error:
                    reason = str(error)
                else:
                    kept |= letter_sudo
                    continue
            self.write({"reminder_ids": [Command.unlink(letter_sudo.id)]})
            letter_sudo._billing_withdraw(reason)
        return kept
