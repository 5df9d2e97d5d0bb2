from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..core import law


class BillingLawAgreement(models.Model):
    """Evidence that a customer agreed to pay for reminders.

    In Sweden a reminder may cost a fee only if that was agreed when the debt arose at
    the latest (lagen 1981:739, 2 §). Without a record here, the fee is left out.
    """

    _name = "billing.law.agreement"
    _description = "Agreement on Reminder Fees"
    _inherit = ["mail.thread"]
    _order = "agreed_on desc, id desc"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
        domain="[('parent_id', '=', False)]",
    )
    installation_id = fields.Many2one(
        "billing.installation",
        string="Only For",
        check_company=True,
        ondelete="cascade",
        domain="[('partner_id', '=', partner_id)]",
        help="Installation that the contract is about. Empty: all the customer's.",
    )
    reference = fields.Char(string="Contract", help="Number of the contract.")
    agreed_on = fields.Date(
        required=True,
        tracking=True,
        help="Day on which the customer agreed. Debts that arose before carry no fee.",
    )
    ended_on = fields.Date(
        tracking=True, help="Last day of the contract. Empty: it goes on."
    )
    clause = fields.Char(
        required=True,
        tracking=True,
        help="Which clause of which terms says so, e.g. «Terms 2025, clause 7.3».",
    )
    document = fields.Binary(
        attachment=True, help="The contract or the terms, as the customer got them."
    )
    document_name = fields.Char()
    active = fields.Boolean(default=True)

    _partner_idx = models.Index("(company_id, partner_id) WHERE active")
    _agreed_unique = models.UniqueIndex(
        "(company_id, partner_id, COALESCE(installation_id, 0), agreed_on) "
        "WHERE active",
        "The customer's agreement of this day is on record already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "clause")
    def _compute_display_name(self):
        for agreement in self:
            agreement.display_name = ": ".join(
                filter(None, (agreement.partner_id.display_name, agreement.clause))
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("agreed_on", "ended_on")
    def _check_days(self):
        for agreement in self:
            if agreement.ended_on and agreement.ended_on < agreement.agreed_on:
                raise ValidationError(
                    self.env._("An agreement cannot end before it was made.")
                )

    @api.constrains("clause")
    def _check_clause(self):
        for agreement in self:
            if not (agreement.clause or "").strip():
                raise ValidationError(
                    self.env._("Say which clause: without one it is no evidence.")
                )

    @api.constrains("partner_id")
    def _check_partner(self):
        for agreement in self:
            partner_sudo = agreement.partner_id.sudo()
            if partner_sudo.commercial_partner_id != partner_sudo:
                raise ValidationError(
                    self.env._(
                        "Agreements belong to the customer itself, not to a contact "
                        "of it."
                    )
                )

    # === BUSINESS METHODS === #

    @api.model
    def _for_moves(self, moves):
        """Return what evidence of agreed fees there is for invoices, in batch.

        The latest agreement that was made when the debt arose; where all came later,
        the first of these, so that the evaluator can say so.

        :param account.move moves: customer invoices
        :rtype: dict[int, core.law.Agreement]
        """
        found = defaultdict(list)
        for move_id, arose, agreed_on, clause, installation_id in self._rows(moves.ids):
            found[move_id].append((arose, agreed_on, clause, installation_id))
        limited = [
            move_id for move_id, rows in found.items() if any(row[3] for row in rows)
        ]
        installations = moves.browse(limited)._billing_installations()
        agreements = {}
        for move_id, rows in found.items():
            agreement = self._choose(
                rows,
                set(installations[move_id].ids if move_id in installations else ()),
            )
            if agreement:
                agreements[move_id] = agreement
        return agreements

    # === HELPERS === #

    def _rows(self, move_ids):
        """Return the agreements not over when the debts arose, oldest first."""
        self.flush_model()
        self.env["account.move"].flush_model(
            ["commercial_partner_id", "company_id", "invoice_date", "date"]
        )
        return self.env.execute_query(
            SQL(
                """
                SELECT move.id, COALESCE(move.invoice_date, move.date),
                       agreement.agreed_on, agreement.clause, agreement.installation_id
                  FROM account_move AS move
                  JOIN billing_law_agreement AS agreement
                    ON agreement.partner_id = move.commercial_partner_id
                   AND agreement.company_id = move.company_id
                   AND agreement.active
                 WHERE move.id = ANY(%s)
                   AND (agreement.ended_on IS NULL
                        OR agreement.ended_on
                           >= COALESCE(move.invoice_date, move.date))
              ORDER BY move.id, agreement.agreed_on, agreement.id
                """,
                list(move_ids),
            )
        )

    def _choose(self, rows, installations):
        """Return the agreement to go by, None where none is about the invoice.

        One that is limited to an installation counts only where the invoice is about
        no other: the customer may have agreed for one contract and not for the next.
        """
        about = [
            (arose, agreed_on, clause)
            for arose, agreed_on, clause, installation_id in rows
            if not installation_id or installations == {installation_id}
        ]
        in_time = [row for row in about if row[1] <= row[0]]
        if in_time:
            return law.Agreement(in_time[-1][1], in_time[-1][2])
        return law.Agreement(about[0][1], about[0][2]) if about else None
