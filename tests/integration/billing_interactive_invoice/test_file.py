"""Files of the page are saved, never shown."""

from unittest.mock import patch

from odoo import SUPERUSER_ID
from odoo.tools import mute_logger

from odoo.addons.billing_interactive_invoice.core.page_limit import LIMITS, Limit

from .trust_common import TrustCase


class TestFile(TrustCase):
    def attach(self, name="Kvittering.pdf", content=b"%PDF-1.4", **values):
        # As what comes through the page.
        return self.env(su=True, user=SUPERUSER_ID)["ir.attachment"].create(
            {
                "name": name,
                "raw": content,
                "res_model": "account.move",
                "res_id": self.invoice.id,
                **values,
            }
        )

    def download(self, attachment, files=None, **values):
        """Ask for an attachment, where ``files`` may be had."""
        self.env.flush_all()
        served = (attachment if files is None else files).sudo()
        with patch.object(
            self.registry["account.move"],
            "_billing_page_files",
            lambda moves, visitor: served.with_env(moves.env),
        ):
            return self.get("file", str(attachment.id), **values)

    def test_a_file_is_saved_under_its_name(self):
        answer = self.download(self.attach("Blåbær «1».pdf"))
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.content, b"%PDF-1.4")
        disposition = answer.headers["Content-Disposition"]
        self.assertTrue(disposition.startswith("attachment"))
        self.assertIn("Bl%C3%A5b%C3%A6r", disposition)

    def test_nothing_in_it_runs_on_our_address(self):
        page = b"<html><script>alert(document.cookie)</script></html>"
        for name, mimetype in (
            ("x.html", "text/html"),
            ("x.svg", "image/svg+xml"),
            ("x.pdf", "text/html"),
            ('x".html\r\nX-Evil: 1', "text/html"),
        ):
            with self.subTest(name=name):
                answer = self.download(self.attach(name, page, mimetype=mimetype))
                self.assertTrue(
                    answer.headers["Content-Disposition"].startswith("attachment")
                )
                self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
                policy = answer.headers["Content-Security-Policy"]
                self.assertIn("sandbox", policy)
                self.assertIn("default-src 'none'", policy)
                self.assertIn("no-store", answer.headers["Cache-Control"])
                self.assertNotIn("X-Evil", answer.headers)

    @mute_logger("odoo.http")
    def test_what_is_not_the_customers_is_not_served(self):
        mine, internal = self.attach(), self.attach("Notat.pdf")
        olas = self.attach(res_id=self.olas.id)
        for attachment in (internal, olas):
            self.assertEqual(self.download(attachment, files=mine).status_code, 404)
        self.env.flush_all()
        gone = self.get("file", "999999999")
        self.assertEqual(gone.status_code, 404)

    @mute_logger("odoo.http")
    def test_an_address_is_no_file(self):
        link = self.attach(type="url", url="https://evil.example/", raw=False)
        self.assertEqual(self.download(link).status_code, 404)

    @mute_logger("odoo.http")
    def test_of_a_request_customers_have_back_what_they_sent_and_nothing_else(self):
        pdf = ("Bilde.pdf", b"%PDF-1.4", "application/pdf")
        answer = self.post(
            "dispute", reason="amount", text="Too much", files={"files": pdf}
        )
        self.assertEqual(answer.status_code, 303)
        request = self.env["billing.request"].search(
            [("move_id", "=", self.invoice.id)]
        )
        sent = self.env["ir.attachment"].search(
            [("res_model", "=", request._name), ("res_id", "=", request.id)]
        )
        noted = request.with_user(self.user).message_post(
            body="Hm", attachments=[("Notat.pdf", b"%PDF-1.4")]
        )
        kept = self.attach("Kontrakt.pdf", res_model=request._name, res_id=request.id)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ir_attachment SET create_uid = %s WHERE id = %s",
            [self.user.id, kept.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.get("file", str(sent.id)).status_code, 200)
        for internal in (noted.attachment_ids, kept):
            self.assertEqual(self.get("file", str(internal.id)).status_code, 404)

    @mute_logger("odoo.http")
    def test_files_of_the_invoice_that_nobody_said_so_of_are_not_served(self):
        """Such as what staff keep there."""
        internal = self.attach("Notat.pdf")
        self.env.flush_all()
        self.assertEqual(self.get("file", str(internal.id)).status_code, 404)

    def test_a_customer_sends_so_many_files_and_no_more(self):
        limits = {**LIMITS, "upload": (Limit("subject", 2, 10),)}
        pdf = ("x.pdf", b"%PDF-1.4", "application/pdf")
        with patch.dict(LIMITS, limits):
            statuses = [
                self.post("say", text="Here", files={"files": pdf}).status_code
                for _nth in range(3)
            ]
            self.assertEqual(statuses, [303, 303, 429])
            without = self.post("say", text="Here", files={"files": ("", b"")})
            self.assertEqual(without.status_code, 303)
