"""The invisible picture: only where the company wants it and the customer agreed."""

import re

from odoo.tests import HttpCase

from odoo.addons.billing_dynamic_distribution.core import state

from .email_common import EmailCase

BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
    "Thunderbird/128.0 Firefox/128.0",
    "Accept": "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
}
SCANNER = {"User-Agent": "Barracuda Sentinel (EE)"}


class TestPixel(EmailCase, HttpCase):
    """Read tracking in e-mails."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.create_plan(("email", 0, "not_paid"))
        cls.company.billing_cap_email_day = 0

    def send_one(self, wanted, agreed):
        self.company.billing_email_pixel = wanted
        self.point().consent_tracking = agreed
        _move, attempt = self.post_and_send()
        [mail] = self.mailbox.received
        return attempt, re.findall(r'/billing/email/seen/[^"]+', mail.body())

    def load(self, path, headers=BROWSER):
        return self.url_open(path, headers=headers)

    def test_only_with_consent_and_only_if_switched_on(self):
        for wanted, agreed, pictures in (
            (False, False, 0),
            (True, False, 0),
            (False, True, 0),
            (True, True, 1),
        ):
            with self.subTest(wanted=wanted, agreed=agreed):
                self.mailbox.forget()
                _attempt, found = self.send_one(wanted, agreed)
                self.assertEqual(len(found), pictures)
                self.assertEqual(
                    "<img" in self.mailbox.received[0].body(), bool(pictures)
                )

    def test_a_mail_program_that_loads_it_has_shown_the_email(self):
        attempt, [path] = self.send_one(True, True)
        answer = self.load(path)
        self.assertEqual(answer.headers["Content-Type"], "image/gif")
        self.assertIn("no-store", answer.headers["Cache-Control"])
        self.assertEqual(attempt.state, state.OPENED)

    def test_a_mail_scanner_has_not(self):
        attempt, [path] = self.send_one(True, True)
        self.assertEqual(self.load(path, SCANNER).status_code, 200)
        self.assertEqual(attempt.state, state.SENT)
        self.assertIn("delivery.machine", self.kinds(attempt.item_ids.move_id))

    def test_who_took_consent_back_is_not_watched(self):
        attempt, [path] = self.send_one(True, True)
        self.point().consent_tracking = False
        self.assertEqual(self.load(path).status_code, 200)
        self.assertEqual(attempt.state, state.SENT)

    def test_a_guessed_address_tells_nothing(self):
        attempt, [path] = self.send_one(True, True)
        for wrong in (
            re.sub(r"/[0-9a-f]+\.gif", "/" + "0" * 64 + ".gif", path),
            path.replace(f"/{attempt.id}/", f"/{attempt.id + 10**6}/"),
        ):
            answer = self.load(wrong)
            self.assertEqual(answer.status_code, 200)
            self.assertEqual(answer.headers["Content-Type"], "image/gif")
        self.assertEqual(attempt.state, state.SENT)
