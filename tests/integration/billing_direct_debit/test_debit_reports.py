"""Analysis: failures by reason and what was done, sign-ups, share on direct debit."""

from datetime import date

from .campaign_common import TODAY, DebitFigures


class TestSignups(DebitFigures):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.billing_debit_saving = 420
        names = ("Ann A", "Bo B", "Cai C", "Dan D", "Eva E")
        ann, bo, cai, dan, eva = (cls.customer(name) for name in names)
        cls.mandate(ann)
        # Shortly before midnight UTC is the next day in Oslo.
        cls.mandate(bo, signed_at="2026-05-10 22:30:00", origin="paper")
        cls.mandate(cai, "sent", active_from=False, origin="internet_bank")
        cls.mandate(dan, "rejected", active_from=False)
        cls.mandate(
            eva,
            "ended",
            ended_on=date(2026, 7, 1),
            ended_by="payer",
            active_from=date(2026, 5, 5),
        )
        cls.env.flush_all()
        cls.report = cls.env["billing.debit.signup.report"]

    def groups(self, by, *measures):
        return {
            key: tuple(figures)
            for key, *figures in self.report._read_group(
                [("company_id", "=", self.company.id)],
                [by],
                [f"{measure}:sum" for measure in measures],
            )
        }

    def test_sign_ups_by_day_and_what_they_saved(self):
        self.assertEqual(
            self.groups("date:day", "signups", "activated", "ended", "net"),
            {
                date(2026, 5, 4): (4, 2, 0, 2),
                date(2026, 5, 11): (1, 1, 0, 1),
                date(2026, 7, 1): (0, 0, 1, -1),
            },
        )
        # Paper is typed in by staff, and who waits has saved nobody anything yet.
        self.assertEqual(
            self.groups("origin", "saving"),
            {"page": (840.0,), "paper": (0.0,), "internet_bank": (0.0,)},
        )
        self.assertEqual(
            self.groups("kind", "signups"),
            {"won": (4,), "rejected": (1,), "ended": (0,)},
        )

    def test_the_saving_is_a_setting_with_its_source(self):
        settings = self.env["res.config.settings"].with_company(self.company)
        settings.create({"billing_debit_saving": 500}).execute()
        self.assertEqual(self.company.billing_debit_saving, 500)
        text = self.company._fields["billing_debit_saving"].help
        self.assertIn("400 to 500 Swedish kronor", text)


class TestAdoption(DebitFigures):
    def test_share_of_customers_and_of_invoices(self):
        ann, bo, firm = (
            self.customer("Ann A"),
            self.customer("Bo B"),
            self.customer("Fjell AS", is_company=True),
        )
        # April, May, June; Ann's mandate begins in May and ends in June.
        self.bills(ann, bo, firm)
        self._new_invoices(partner=ann, invoice_date="2026-05-20")
        self.mandate(
            ann,
            "ended",
            active_from=date(2026, 5, 6),
            ended_on=date(2026, 6, 15),
            ended_by="payer",
        )
        self.mandate(firm, "sent", active_from=False)
        self.env.flush_all()
        rows = self.env["billing.debit.adoption.report"]._read_group(
            [
                ("company_id", "=", self.company.id),
                ("partner_id", "in", (ann + bo + firm).ids),
            ],
            ["date:month"],
            ["customers:sum", "on_debit:sum", "share:avg", "invoice_share:avg"],
        )
        self.assertEqual(
            [
                (day, customers, on, round(share, 1), round(invoices, 1))
                for day, customers, on, share, invoices in rows
            ],
            [
                (date(2026, 4, 1), 3, 0, 0.0, 0.0),
                # Four invoices; the one of 2 May came before the mandate.
                (date(2026, 5, 1), 3, 1, 33.3, 25.0),
                (date(2026, 6, 1), 3, 0, 0.0, 33.3),
            ],
        )

    def test_of_today_counts_who_has_it_today(self):
        ann = self.customer("Ann A")
        self._new_invoices(partner=ann, invoice_date=TODAY.replace(day=1))
        self.mandate(ann, active_from=TODAY)
        self.env.flush_all()
        row = self.env["billing.debit.adoption.report"].search(
            [("partner_id", "=", ann.id)]
        )
        self.assertEqual((row.on_debit, row.share, row.invoices_on_debit), (1, 100, 0))


class TestFailures(DebitFigures):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ann = cls.customer("Ann A")
        cls.signed = cls.mandate(cls.ann)

    def bill(self):
        return self._new_invoices(
            partner=self.ann, invoice_date="2026-06-01", invoice_date_due="2026-06-15"
        )

    def claim(
        self, move, state="failed", reason="funds", day=date(2026, 6, 15), **more
    ):
        claim = self.claims.sudo().create(
            {
                "company_id": self.company.id,
                "agreement_id": self.agreement.id,
                "mandate_id": self.signed.id,
                "move_id": move.id,
                "amount": move.amount_total,
                "currency_id": move.currency_id.id,
                "date": day,
                "date_asked": day,
                "reference": move.payment_reference or "1",
                "state": state,
                "reason_code": reason,
                "result_date": day,
                **more,
            }
        )
        return claim

    def row(self, claim):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["billing.debit.failure.report"].search(
            [("claim_id", "=", claim.id)]
        )

    def test_what_was_done_about_each(self):
        again = self.bill()
        first = self.claim(again)
        self.assertEqual(self.row(first).done, "nothing")
        second = self.claim(
            again,
            "planned",
            False,
            date(2026, 6, 26),
            attempt=2,
            previous_id=first.id,
        )
        self.assertEqual(self.row(first).done, "retry")
        second.write(
            {
                "state": "failed",
                "reason_code": "funds",
                "result_date": date(2026, 6, 26),
            }
        )
        self.assertEqual(self.row(first).done, "retry_failed")
        self.pay(again, date(2026, 7, 1))
        self.assertEqual(self.row(first).done, "retry_failed")
        row = self.row(second)
        self.assertEqual((row.done, row.repaired, row.recovered), ("paid", 1, 100.0))
        self.assertEqual((row.days, row.reason), (5, "funds"))
        self.assertEqual(self.row(first).recovered, 0, "the money came once")

    def test_paid_by_the_second_debit_and_taken_back(self):
        move = self.bill()
        first = self.claim(move, reason="limit")
        self.claim(
            move, "paid", False, date(2026, 6, 24), attempt=2, previous_id=first.id
        )
        row = self.row(first)
        self.assertEqual((row.done, row.recovered, row.days), ("retry_paid", 100.0, 9))
        back = self.claim(self.bill(), "refunded", False)
        self.assertEqual(self.row(back).reason, "refunded")
        waits = self.claim(self.bill(), "bank_retry", "bank_will_retry")
        row = self.row(waits)
        self.assertEqual((row.done, row.reason), ("bank_retry", "bank_will_retry"))

    def test_by_reason(self):
        self.claim(self.bill())
        self.claim(self.bill(), reason="stopped")
        self.claim(self.bill(), reason="stopped")
        self.claim(self.bill(), "paid", False)
        self.env.flush_all()
        self.assertEqual(
            dict(
                self.env["billing.debit.failure.report"]._read_group(
                    [("company_id", "=", self.company.id)],
                    ["reason"],
                    ["failures:sum"],
                )
            ),
            {"funds": 1, "stopped": 2},
        )
