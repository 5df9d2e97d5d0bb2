from decimal import Decimal

from odoo import models

from ..core import agency_file


class BillingCollectionBatch(models.Model):
    """What an agency is told: everything it needs, and nothing it does not."""

    _inherit = "billing.collection.batch"

    # === BUSINESS METHODS === #

    def _to_core(self):
        """Return the batch in the form in which it is written.

        :rtype: core.agency_file.Batch
        :raises UserError: a document is missing
        """
        self.ensure_one()
        cases = self.case_ids.filtered(lambda case: case.state == "proposed")
        company = self.company_id
        return agency_file.Batch(
            name=self.folder,
            made_at=company._billing_now().replace(microsecond=0),
            creditor=self._party(
                company.partner_id,
                company.name,
                self.agency_id.customer_number or "",
            ),
            cases=tuple(self._core_cases(cases)),
            messages=tuple(message._to_core() for message in self.message_ids),
        )

    def _core_cases(self, cases):
        """Return the cases with invoices, charges and letters."""
        moves = cases.move_id
        day = self.company_id._billing_today()
        pdfs = moves._billing_own_pdfs()
        pdf_by_move = dict(zip(moves.ids, pdfs, strict=True))
        additions = moves._billing_additions()
        interest = moves._billing_interest(day)
        installations = moves._billing_installations()
        objections = moves._billing_past_objections()
        lines = self.env["billing.reminder.line"].search(
            [("move_id", "in", moves.ids), ("state", "=", "sent")], order="day, id"
        )
        lines_by_move = lines.grouped("move_id")
        for case in cases:
            move = case.move_id
            partner = move.commercial_partner_id
            yield agency_file.Case(
                key=case.key,
                debtor=self._party(
                    partner, partner.name, partner.billing_customer_number or ""
                ),
                invoice=move.name,
                issued=move.invoice_date,
                due=move.invoice_date_due,
                currency=move.currency_id.name,
                original=_money(move.amount_total, move),
                principal=_money(case.principal, move),
                reference=move.payment_reference or "",
                account=move.partner_bank_id.acc_number or "",
                concerns=_concerns(move),
                installations=tuple(
                    installations[move.id].mapped("number")
                    if move.id in installations
                    else ()
                ),
                additions=tuple(
                    agency_file.Addition(
                        kind=part.kind,
                        amount=_money(part.open_amount, move),
                        day=part.day,
                        ground=part.ground,
                        document=part.name,
                    )
                    for part in additions.get(move.id, ())
                    if part.open_amount > 0
                ),
                interest=_interest(interest.get(move.id)),
                letters=tuple(
                    self._core_letter(case, number, line)
                    for number, line in enumerate(lines_by_move.get(move, ()), 1)
                ),
                objections=tuple(
                    agency_file.Objection(since, until or None, text or "")
                    for since, until, text in objections.get(move.id, ())
                ),
                document=agency_file.Document(
                    f"{case.key}.pdf", pdf_by_move[move.id].raw
                ),
            )

    def _core_letter(self, case, number, line):
        """Return one letter that was sent, with its PDF where there is one."""
        reminder = line.reminder_id
        pdf = reminder.pdf_attachment_id
        fee = line.fee_amount + line.compensation_amount
        return agency_file.Letter(
            kind=line.kind,
            sent=reminder.day,
            channel=reminder.channel or reminder.contact_point_id.channel or "",
            deadline=reminder.deadline or None,
            fee=_money(fee, case.move_id),
            document=agency_file.Document(f"{case.key}-{number}.pdf", pdf.raw)
            if pdf
            else None,
        )

    def _party(self, partner, name, number):
        """Return a creditor or debtor.

        :rtype: core.agency_file.Party
        """
        country = partner.country_id
        lines = partner._display_address(without_company=True).splitlines()
        return agency_file.Party(
            name=name,
            number=number,
            is_business=partner.is_company,
            organisation_number=(
                (partner.company_registry or partner.vat or "")
                if partner.is_company
                else ""
            ),
            address=tuple(
                line.strip()
                for line in lines
                if line.strip() and line.strip() != country.name
            ),
            country=country.code or "",
            email=partner.email_normalized or partner.email or "",
            phone=partner.phone or "",
            language=(partner.lang or "").split("_")[0],
        )


class BillingCollectionMessage(models.Model):
    _inherit = "billing.collection.message"

    def _to_core(self):
        """Return the message in the form in which it is written.

        :rtype: core.agency_file.Message
        """
        self.ensure_one()
        return agency_file.Message(
            key=self.case_id.key,
            kind=self.kind,
            reason=self.reason,
            day=self.day,
            invoice=self.case_id.move_id.name,
            currency=self.case_id.currency_id.name,
            principal=_money(self.principal, self.case_id.move_id),
            added=_money(self.added, self.case_id.move_id),
            reference=self.case_id.reference or "",
            note=self.note or "",
        )


def _money(amount, move):
    """Return an amount with the digits of the invoice's currency."""
    unit = Decimal(1).scaleb(-move.currency_id.decimal_places)
    return Decimal(str(amount)).quantize(unit)


def _concerns(move):
    """Return what was sold, in a line."""
    names = [
        " ".join((line.name or "").split())
        for line in move.invoice_line_ids
        if line.display_type == "product" and line.name
    ]
    return "; ".join(dict.fromkeys(names))[:500]


def _interest(found):
    """Return what interest runs on from here; it is charged up to the day before."""
    if not found or not found.periods:
        return None
    last = found.periods[-1]
    return agency_file.Interest(
        base=last.base, since=found.periods[0].start, percent=last.rate
    )
