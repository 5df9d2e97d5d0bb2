from datetime import datetime, time

from odoo import api, fields, models
from odoo.tools import mute_logger

from ..core import payer
from ..core.mandate import Fact, decide


class BillingMandateImportLine(models.TransientModel):
    """One mandate of a list, and what becomes of it."""

    _name = "billing.mandate.import.line"
    _description = "Mandate of a List"
    _order = "line, id"

    import_id = fields.Many2one(
        "billing.mandate.import", required=True, ondelete="cascade", index=True
    )
    line = fields.Integer(readonly=True)
    customer = fields.Char(string="Customer in the List", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer")
    number = fields.Char(string="KID or Payer Number", readonly=True)
    kid = fields.Char(readonly=True)
    payer_number = fields.Char(readonly=True)
    bank_account = fields.Char(readonly=True)
    payer_identity = fields.Char(readonly=True)
    payer_bankgiro = fields.Char(readonly=True)
    written_notice = fields.Selection(
        [("yes", "Yes"), ("no", "No")], string="Wants Notice", readonly=True
    )
    signed_on = fields.Date(readonly=True)
    limit_amount = fields.Float(readonly=True)
    is_pending = fields.Boolean(readonly=True, help="The bank has not accepted it yet.")
    wrong = fields.Char(readonly=True, help="Column that cannot be read.")
    state = fields.Selection(
        [
            ("new", "New"),
            ("changed", "Changed"),
            ("known", "There Already"),
            ("twice", "Twice in the List"),
            ("unknown", "Whose?"),
            ("stopped", "Ended Here"),
            ("wrong", "Left Out"),
        ],
        readonly=True,
    )
    words = fields.Char(string="Why", readonly=True)

    # === BUSINESS METHODS === #

    def _judge(self):
        """Say of each line what becomes of it."""
        wizard = self.import_id
        wizard.ensure_one()
        agreement = wizard.agreement_id
        self._find_partners(agreement)
        numbers = {line: line._find_number(agreement) for line in self}
        mandates_sudo = self.env["billing.mandate"].sudo()
        field = "kid_part" if agreement.scheme == "avtalegiro" else "payer_number"
        known = mandates_sudo._find_by_keys(
            [(agreement.id, field, number) for number in numbers.values() if number]
        )
        by_partner = mandates_sudo.search(
            [
                ("agreement_id", "=", agreement.id),
                ("partner_id", "in", self.partner_id.commercial_partner_id.ids),
                ("is_live", "=", True),
            ]
        ).grouped("partner_id")
        seen = {}
        judged = {}
        for line in self:
            number = numbers[line]
            verdict = line._verdict(
                agreement,
                number,
                known.get((agreement.id, field, number), mandates_sudo),
                by_partner.get(
                    line.partner_id.commercial_partner_id.with_env(mandates_sudo.env),
                    mandates_sudo,
                ),
                seen.get(number) if number else None,
            )
            if number and verdict[0] not in ("wrong", "unknown"):
                seen.setdefault(number, line.line)
            key = (*verdict, number)
            judged[key] = judged.get(key, self.browse()) | line
        for (state, words, number), lines in judged.items():
            lines.write({"state": state, "words": words, "number": number})

    def _take_over(self):
        """Make and change the mandates of lines that were judged.

        :return: the mandates
        :rtype: billing.mandate
        """
        wizard = self.import_id
        new = self.filtered(lambda line: line.state == "new")
        mandates_sudo = self.env["billing.mandate"].sudo()
        # The log would quote accounts and personal numbers.
        with mute_logger("odoo.sql_db"):
            made_sudo = mandates_sudo.create([line._new_values(wizard) for line in new])
        active_sudo = made_sudo.filtered(lambda one: one.state == "active")
        (made_sudo - active_sudo)._log("signed", "staff")
        active_sudo._log("active", "staff")
        if active_sudo:
            active_sudo._on_active()
        drafts_sudo = made_sudo.filtered(
            lambda one: one.state == "draft" and one.scheme == "autogiro"
        )
        self.env["billing.mandate.request"]._ask(drafts_sudo, "new")
        return made_sudo.with_env(self.env) | self._change()

    # === HELPERS - WHOSE === #

    def _find_partners(self, agreement):
        """Find the customers of lines that nobody chose one for."""
        todo = self.filtered(lambda line: not line.partner_id and not line.wrong)
        mandates_sudo = self.env["billing.mandate"].sudo()
        numbers = {}
        for line in todo:
            number = line.customer or line._find_number(agreement)
            if number:
                numbers.setdefault(number, self.browse())
                numbers[number] |= line
        owners = mandates_sudo._find_customers(agreement, set(numbers))
        others = set(numbers) - set(owners)
        for partner in self.env["res.partner"].search(
            [
                ("ref", "in", list(others)),
                ("company_id", "in", (False, agreement.company_id.id)),
            ]
        ):
            owners.setdefault(partner.ref, partner.commercial_partner_id)
        kids = {
            line.kid
            for number in set(numbers) - set(owners)
            for line in numbers[number]
            if line.kid
        }
        by_kid = mandates_sudo._find_by_invoice(agreement, kids) if kids else {}
        by_owner = {}
        for number, lines in numbers.items():
            for line in lines:
                owner = owners.get(number) or by_kid.get(line.kid)
                if owner:
                    owner = owner.with_env(self.env)
                    by_owner[owner] = by_owner.get(owner, self.browse()) | line
        for owner, lines in by_owner.items():
            lines.partner_id = owner

    def _find_number(self, agreement):
        """Return by what the bank knows the mandate; empty when it cannot be told."""
        if agreement.scheme == "avtalegiro":
            try:
                return payer.kid_part(self.kid or "", agreement.kid_part_length)
            except ValueError:
                if self.kid or not self.partner_id:
                    return ""
                return agreement._kid_part_for(self.partner_id)
        return self.payer_number or ""

    # === HELPERS - WHAT BECOMES OF THEM === #

    def _verdict(self, agreement, number, mandate, others, line_before):
        """Return state and words of a line."""
        _ = self.env._
        if self.wrong:
            columns = self._column_words()
            return "wrong", _(
                "%(column)s cannot be read.", column=columns.get(self.wrong, self.wrong)
            )
        if line_before:
            return "twice", _("It stands in line %(line)s, too.", line=line_before)
        if not self.partner_id:
            return "unknown", _("No customer of ours has this number. Choose whose.")
        if problem := self._problem(agreement, number):
            return "wrong", problem
        customer = self.partner_id.commercial_partner_id
        if mandate.is_live and mandate.partner_id.id != customer.id:
            return "wrong", _(
                "This number is the mandate of %(customer)s already.",
                customer=mandate.partner_id.display_name,
            )
        if others - mandate:
            return "known", _(
                "The customer has a mandate already: %(mandate)s.",
                mandate=(others - mandate)[0].display_name,
            )
        decision = decide(mandate._known() if mandate else None, self._fact())
        if decision.verb == "create":
            return "new", ""
        if decision.verb == "apply" and self._is_settled():
            return "changed", self._change_words(mandate, decision)
        if decision.verb == "refuse":
            return "stopped", mandate._reason_words(decision.reason, {"number": number})
        return "known", _("The customer has this mandate already.")

    def _problem(self, agreement, number):
        """Return why the line cannot be taken over, empty when it can."""
        _ = self.env._
        if agreement.scheme == "avtalegiro":
            part = agreement._kid_part_for(self.partner_id)
            if not number:
                return _("The KID is too short for the agreement.")
            if number != part:
                return _(
                    "The KIDs of %(customer)s begin with %(part)s. Nothing could be "
                    "drawn by this mandate.",
                    customer=self.partner_id.display_name,
                    part=part,
                )
            return ""
        if self.import_id.are_active:
            return "" if number else _("The payer number is missing.")
        if not self.payer_bankgiro and not (self.bank_account and self.payer_identity):
            return _("The bank needs account and personal number.")
        return ""

    def _is_settled(self):
        """Whether the bank has the mandate, as far as the list says."""
        return self.import_id.are_active and not self.is_pending

    def _fact(self):
        """Return the line as what the bank says, or would."""
        values = {
            name: self[name] or None
            for name in ("bank_account", "payer_identity", "payer_bankgiro")
        }
        if self.import_id.scheme == "avtalegiro":
            notice = {"yes": True, "no": False}.get(self.written_notice)
            values = {"kid": self.kid or None, "written_notice": notice}
        return Fact("register", "registered", values)

    def _new_values(self, wizard):
        """Return field values of the mandate of a line."""
        agreement = wizard.agreement_id
        today = wizard.company_id._billing_today()
        customer = self.partner_id.commercial_partner_id
        vals = {name: value for name, value in self._fact().values.items() if value} | {
            "agreement_id": agreement.id,
            "company_id": agreement.company_id.id,
            "partner_id": customer.id,
            "origin": "import",
            "limit_amount": self.limit_amount,
            "signed_at": self.signed_on and datetime.combine(self.signed_on, time(12)),
            "evidence": {
                "kind": "list",
                "file": wizard.file_name,
                "line": self.line,
                "by": self.env.user.name,
            },
        }
        if agreement.scheme == "avtalegiro":
            vals["kid_part"] = self.number
        elif self.number:
            vals["payer_number"] = self.number
        else:
            mandates_sudo = self.env["billing.mandate"].sudo()
            vals |= mandates_sudo._new_number(agreement, customer, vals)
        if self._is_settled():
            return vals | {
                "state": "active",
                "at_bank": True,
                "active_from": self.signed_on or today,
                "told_on": today,
            }
        is_at_bank = agreement.scheme == "avtalegiro" or self.is_pending
        return vals | {"state": "sent" if is_at_bank else "draft"}

    def _change(self):
        """Change the mandates of which the list says something else."""
        told = []
        agreement = self.import_id.agreement_id
        changed = self.filtered(lambda line: line.state == "changed")
        mandates_sudo = self.env["billing.mandate"].sudo()
        field = "kid_part" if agreement.scheme == "avtalegiro" else "payer_number"
        known = mandates_sudo._find_by_keys(
            [(agreement.id, field, line.number) for line in changed]
        )
        for line in changed:
            mandate_sudo = known[agreement.id, field, line.number]
            fact = line._fact()
            told.append((mandate_sudo, fact, decide(mandate_sudo._known(), fact)))
        mandates_sudo._execute(told, actor="staff")
        return mandates_sudo.union(*known.values()).with_env(self.env)

    def _change_words(self, mandate, decision):
        """Return what the list says other than we know it."""
        words = []
        if mandate.state != decision.state:
            words.append(self.env._("The bank has it."))
        if "written_notice" in decision.values:
            words.append(
                self.env._("The customer wants notice.")
                if decision.values["written_notice"]
                else self.env._("The customer wants no notice.")
            )
        if "kid" in decision.values:
            words.append(self.env._("Another KID of the customer."))
        if decision.values.keys() & {"bank_account", "payer_bankgiro"}:
            words.append(self.env._("Another account."))
        if "payer_identity" in decision.values:
            words.append(self.env._("Another personal number."))
        return " ".join(words)

    @api.model
    def _column_words(self):
        """Return what the columns of a table are called.

        :rtype: dict[str, str]
        """
        _ = self.env._
        return {
            "customer": _("The customer number"),
            "kid": _("The KID"),
            "payer_number": _("The payer number"),
            "clearing": _("The clearing number"),
            "account": _("The account number"),
            "identity": _("The personal or organisation number"),
            "bankgiro": _("The bankgiro number"),
            "notice": _("Whether the customer wants notice"),
            "signed": _("The date"),
            "limit": _("The limit"),
        }
