"""What Nets tells of AvtaleGiro: mandates, and the money of claims."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tests import new_test_user

from .answer_common import DAY, DebitAnswerCase, Fbo, credits, nets


class TestAnswersNorway(DebitAnswerCase):
    def test_mandates_and_money_of_one_file(self):
        claim = self.drawn(700.0)
        other = self.env["res.partner"].create({"name": "Ola Ny"})
        kid = self.invoice(partner=other).payment_reference
        content = nets(
            credits(claim),
            Fbo((1, kid, True), (2, self.mandate.kid, False)),
        )
        file, [payment] = self.load(content)
        self.assertEqual(self.states(file), ["applied", "applied"])
        mandate = self.env["billing.mandate"].search([("partner_id", "=", other.id)])
        self.assertEqual((mandate.state, mandate.written_notice), ("active", True))
        self.assertEqual(self.mandate.state, "ended")
        self.assertEqual(file.answer_ids.mandate_id, mandate | self.mandate)
        # The claim knows its money, the invoice is paid.
        self.assertEqual((claim.state, claim.payment_id), ("paid", payment))
        self.assertEqual(claim.move_id.payment_state, "paid")
        self.assertEqual((file.answer_count, file.payment_count), (2, 1))

        # The same bytes, and the same records in a file that was saved anew.
        for again in (content, content.replace(b"\n", b"\r\n")):
            self.load(again)
        self.assertEqual(self.answers.search_count([]), 2)
        self.assertEqual(self.payments.search_count([]), 1)
        self.assertEqual(self.mandate.state, "ended")

    def test_customer_signs_ends_and_signs_again(self):
        for number, registration in enumerate((2, 1), start=1):
            file, _payments = self.load(
                nets(Fbo((registration, self.mandate.kid, False)), number=number)
            )
            self.assertEqual(self.states(file), ["applied"])
        live = self.env["billing.mandate"].search(
            [("partner_id", "=", self.customer.id), ("state", "=", "active")]
        )
        self.assertEqual(len(live), 1)
        # Sent again in a further file it says nothing new.
        file, _payments = self.load(nets(Fbo((1, self.mandate.kid, False)), number=3))
        self.assertIn(self.states(file), (["ignored"], ["repeated"]))

    def test_unknown_number_waits_with_the_nearest_customer(self):
        kid = self.mandate.kid
        wrong = kid[:5] + str((int(kid[5]) + 1) % 10) + kid[6:]
        file, _payments = self.load(nets(Fbo((1, wrong, False))))
        answer = file.answer_ids
        self.assertEqual(answer.state, "worklist")
        self.assertIn(wrong, answer.reason)
        self.assertEqual(answer.guess_id, self.customer)
        self.assertEqual(file.answer_waiting_count, 1)
        # A person says whose it is.
        stranger = self.env["res.partner"].create({"name": "Kari Flyttet"})
        wizard = self.env["billing.debit.answer.link"].create({"answer_id": answer.id})
        self.assertEqual(wizard.partner_id, self.customer)
        wizard.partner_id = stranger
        wizard.action_link()
        self.assertEqual(answer.state, "applied")
        self.assertEqual(answer.mandate_id.partner_id, stranger)
        self.assertEqual(answer.handled_by_id, self.env.user)
        with self.assertRaises(UserError):
            answer.action_ignore()

    def test_the_form_reads_no_answer_of_another_company(self):
        file, _payments = self.load(nets(Fbo((1, "9" * 14, False))))
        answer = file.answer_ids
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "elsewhere",
            "billing_base.group_billing_user",
            company_id=company.id,
        )
        forms = self.env["billing.debit.answer.link"]
        own = forms.create({"answer_id": answer.id})
        self.assertTrue(own.told)
        with self.assertRaises(AccessError):
            forms.with_user(stranger).create({"answer_id": answer.id})
        with self.assertRaises(AccessError):
            own.with_user(stranger).read(["answer_id"])
        # Even where the form itself could be had, what it shows could not.
        own.sudo().create_uid = stranger
        own.invalidate_recordset()
        for name in ("told", "subject", "payer", "company_id"):
            with self.assertRaises(AccessError):
                own.with_user(stranger).read([name])

    def test_the_log_quotes_no_record(self):
        content = nets(Fbo((1, self.mandate.kid, False)))
        self.load(content)
        with (
            patch.object(type(self.answers), "_known_keys", return_value=set()),
            self.assertNoLogs("odoo.sql_db"),
            self.assertRaises(ConcurrencyError),
            self.env.cr.savepoint(),
        ):
            self.load(content.replace(b"\n", b"\r\n"))

    def test_full_list_ends_nothing_until_a_person_says_so(self):
        missing = self.make_mandate(self.env["res.partner"].create({"name": "Borte"}))
        file, _payments = self.load(nets(Fbo((0, self.mandate.kid, False))))
        answer = file.answer_ids.filtered(lambda item: item.kind == "avtalegiro_list")
        self.assertEqual(answer.state, "worklist")
        self.assertIn("1", answer.reason)
        self.assertEqual((self.mandate.state, missing.state), ("active", "active"))
        self.assertEqual(
            answer.action_open_missing()["domain"], [("id", "in", missing.ids)]
        )
        answer.action_end_missing()
        self.assertEqual((self.mandate.state, missing.state), ("active", "ended"))
        self.assertEqual(missing.ended_by, "bank")
        self.assertEqual(answer.state, "applied")

    def test_list_that_names_all_asks_nobody(self):
        file, _payments = self.load(nets(Fbo((0, self.mandate.kid, False))))
        self.assertNotIn("worklist", self.states(file))

    def test_damaged_file_changes_nothing(self):
        claim = self.drawn(700.0)
        content = nets(credits(claim), Fbo((2, self.mandate.kid, False)))
        for damaged, field in (
            (content.replace(b"NY212488", b"NY212487"), "record type"),
            (content.replace(b"N0000", b"X0000", 1), "written notice"),
            (b"\n".join(content.split(b"\n")[:-2]), "record type"),
        ):
            error = self.refused(damaged)
            self.assertEqual((error.file, error.field), ("bank.txt", field))
            self.assertTrue(error.line)
        self.assertEqual(self.mandate.state, "active")
        self.assertFalse(self.answers.search([]))
        self.assertFalse(self.payments.search([]))

    def test_account_without_agreement_waits(self):
        self.agreement.active = False
        self.agreement.account_number = "15035149098"
        self.agreement.journal_id = self.journal.copy()
        file, _payments = self.load(nets(Fbo((2, self.mandate.kid, False))))
        self.assertEqual(self.states(file), ["worklist"])
        self.assertIn("agreement", file.answer_ids.reason)
        self.agreement.account_number = self.journal.bank_account_id.acc_number
        self.agreement.active = True
        file.answer_ids.action_apply()
        self.assertEqual(self.states(file), ["applied"])
        self.assertEqual(self.mandate.state, "ended")

    def test_money_by_other_ways_is_no_debit(self):
        claim = self.drawn(700.0)
        _file, [payment] = self.load(nets(credits(claim, kind="11")))
        self.assertFalse(claim.payment_id)
        self.assertNotEqual(claim.state, "paid")
        self.assertEqual(payment.amount, 700.0)

    def test_money_whose_way_nobody_tells(self):
        """camt names the invoice and not how it was paid; staff may say otherwise."""
        claim = self.drawn(700.0)
        claim.date = "2026-11-01"
        _file, [payment] = self.load(
            self.camt([self.payment(claim.reference, amount=700.0)])
        )
        if payment.state == "unmatched":
            # Without matching a person finds the invoice.
            line = payment.statement_line_id
            suspense = line._seek_for_lines()[1]
            suspense.account_id = claim.move_id.line_ids.account_id.filtered(
                lambda account: account.account_type == "asset_receivable"
            )
            suspense.partner_id = self.customer
            (
                suspense
                | claim.move_id.line_ids.filtered(
                    lambda item: item.account_type == "asset_receivable"
                )
            ).reconcile()
        self.assertEqual((claim.state, claim.payment_id), ("paid", payment))
        payment.action_undo()
        self.assertEqual((claim.state, claim.payment_id.id), ("delivered", False))

    def test_debit_stays_drawn_when_its_money_is_undone(self):
        claim = self.drawn(700.0)
        _file, [payment] = self.load(nets(credits(claim)))
        payment.action_undo()
        self.assertEqual((claim.state, claim.payment_id), ("paid", payment))
        self.assertNotEqual(claim.move_id.payment_state, "paid")

    def test_money_that_comes_late_is_the_debit_after_all(self):
        claim = self.drawn(700.0, state="failed")
        _file, [payment] = self.load(nets(credits(claim)))
        self.assertEqual((claim.state, claim.payment_id), ("paid", payment))

    def test_number_of_queries_does_not_depend_on_the_number_of_answers(self):
        partners = self.env["res.partner"].create(
            [{"name": f"Kunde {number}"} for number in range(14)]
        )
        kids = self.open_invoices(*((100.0, partner) for partner in partners)).mapped(
            "payment_reference"
        )

        def queries(kids, number):
            content = nets(Fbo(*((1, kid, False) for kid in kids)), number=number)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            file, _payments = self.load(content)
            self.assertEqual(set(self.states(file)), {"applied"})
            return self.env.cr.sql_log_count - before

        queries(kids[:2], 1)
        few = queries(kids[2:4], 2)
        many = queries(kids[4:], 3)
        self.assertLess(many, few + 8)

    def test_command_counts_answers(self):
        # Other companies may have the account too.
        self.journal.code = "KVITT"
        claim = self.drawn(700.0)
        content = nets(
            credits(claim), Fbo((2, self.mandate.kid, False), (2, "9", True))
        )
        said = []
        with TemporaryDirectory() as folder:
            path = Path(folder, "nets.txt")
            path.write_bytes(content)
            command = self.env["billing.import.command"].sudo()
            # Tests do not commit.
            with patch(
                "odoo.addons.billing_bank_file.models.billing_import_command.retrying",
                lambda work, _env: work(),
            ):
                for _turn in range(2):
                    command._run([path], "KVITT", said.append, self.fail)
        payments = [item for item in said if "summary" not in item]
        first, second = (item["summary"] for item in said if "summary" in item)
        json.dumps(said)
        self.assertEqual([item["position"] for item in payments], [1, 1])
        self.assertEqual(first["payments"], 1)
        self.assertEqual(
            (first["answers"], first["answers_applied"], first["answers_worklist"]),
            (2, 1, 1),
        )
        self.assertEqual(
            (second["answers"], second["answers_repeated"], second["duplicate"]),
            (2, 2, 1),
        )

    def test_file_that_a_person_uploads(self):
        content = nets(Fbo((2, self.mandate.kid, False), (1, "9", False)))
        attachment = self.env["ir.attachment"].create(
            {"name": "nets.txt", "raw": content}
        )
        wizard = self.env["billing.bank.file.upload"].create(
            {"attachment_ids": attachment.ids, "journal_id": self.journal.id}
        )
        file = self.files.browse(wizard.action_upload()["res_id"])
        self.assertEqual((file.answer_count, file.answer_waiting_count), (2, 1))
        self.assertEqual(
            self.answers.search(file.action_open_answers()["domain"]), file.answer_ids
        )
        self.assertEqual(self.mandate.state, "ended")

    def test_who_may_decide(self):
        file, _payments = self.load(nets(Fbo((1, "9", False))))
        outsider = new_test_user(self.env, "outsider", groups="base.group_user")
        with self.assertRaises(AccessError):
            file.answer_ids.with_user(outsider).action_ignore()
        clerk = new_test_user(
            self.env,
            "clerk",
            groups="billing_base.group_billing_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        answer = file.answer_ids.with_user(clerk)
        with self.assertRaises(AccessError):
            answer.read(["record"])
        answer.action_ignore()
        self.assertEqual((answer.state, answer.handled_by_id), ("ignored", clerk))

    def test_personal_data_goes_with_the_mandate(self):
        file, _payments = self.load(nets(Fbo((2, self.mandate.kid, False))))
        answer = file.answer_ids.sudo()
        answer.record = {**answer.record, "account": "1", "identity": "2"}
        self.mandate._forget(DAY)
        self.assertNotIn("account", answer.record)
        self.assertNotIn("identity", answer.record)
        self.assertEqual(answer.record["kid"], self.mandate.kid)
