from odoo import fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    billing_reminder_line_ids = fields.One2many(
        "billing.reminder.line",
        "move_id",
        string="Reminders",
        readonly=True,
        groups="billing_base.group_billing_user",
    )
    billing_reminder_count = fields.Integer(
        compute="_compute_billing_reminder_count",
        groups="billing_base.group_billing_user",
    )

    # === COMPUTE METHODS === #

    def _compute_billing_reminder_count(self):
        counts = dict(
            self.env["billing.reminder.line"]._read_group(
                [("move_id", "in", self.ids), ("state", "!=", "cancelled")],
                ["move_id"],
                ["__count"],
            )
        )
        for move in self:
            move.billing_reminder_count = counts.get(move, 0)

    # === ACTIONS === #

    def action_billing_reminders(self):
        """Open the reminders about the invoices."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_fee_policy.billing_reminder_action"
        )
        action["domain"] = [("line_ids.move_id", "in", self.ids)]
        action["context"] = {}
        return action

    def action_billing_why_no_reminder(self):
        """Tell what the next reminder about the invoice waits for (button)."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Why is nothing sent?"),
            "res_model": "billing.reminder.why",
            "view_mode": "form",
            "target": "new",
            "context": {"default_move_id": self.id},
        }

    # === BUSINESS METHODS - WHAT REMINDING ASKS === #

    def _billing_notices(self):
        """Return the letters that were sent about the invoices, the oldest first.

        :return: by id of the invoice, each of them
        :rtype: dict[int, list[core.law.Notice]]
        """
        self.env.flush_all()
        return self.env["billing.dunning.planner"].sudo()._load_notices(self.ids)

    def _billing_debts(self, day):
        """Return the invoices as the law looks at them, in batch.

        :param date day: on which it is asked
        :return: by id of the invoice; invoices with nothing open have a principal of 0
        :rtype: dict[int, core.law.Debt]
        """
        self.env.flush_all()
        planner = self.env["billing.dunning.planner"].sudo()
        debts = {}
        for company, moves in self.grouped("company_id").items():
            facts = planner.with_company(company)._load_facts(company, day, moves.ids)
            debts |= {move_id: facts[move_id].debt for move_id in moves.ids}
        return debts

    def _billing_undelivered(self):
        """Return which of the invoices did not reach their customer as far as is known.

        Addons that send invoices extend it: what was not delivered is not due.

        :return: ids of invoices
        :rtype: set[int]
        """
        return set()

    def _billing_objected(self):
        """Return which of the invoices the customer objects to, unsettled as yet.

        A hold that says so is found by itself; extend it for others, with a constant
        number of queries.

        :return: ids of invoices
        :rtype: set[int]
        """
        return set()

    def _billing_compensation_claimed(self):
        """Return for which of the invoices compensation for late payment was charged.

        :return: ids of invoices
        :rtype: set[int]
        """
        return set()
