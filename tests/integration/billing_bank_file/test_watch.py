"""Trouble around a watched directory; nothing is lost, nothing stops the rest."""

import os
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import ConcurrencyError
from odoo.tools import mute_logger

from odoo.addons.billing_bank_file.core.errors import BankFileError

from .common import BankFileCase

LOGGER = "odoo.addons.billing_bank_file.models.account_journal"


class TestWatchTrouble(BankFileCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.directory = Path(folder.name)
        self.env["account.journal"].sudo().search([]).billing_watch_directory = False
        self.journal.sudo().billing_watch_directory = folder.name

    def put(self, name, content, age=300):
        path = self.directory / name
        path.write_bytes(content)
        os.utime(path, (time.time() - age,) * 2)
        return path

    def run_cron(self):
        """Run the job; commits only run what waits for them."""

        def progress(cron, *args, **kwargs):
            self.env.cr.postcommit.run()
            return 60

        with (
            patch.object(type(self.env["ir.cron"]), "_commit_progress", progress),
            patch.object(self.env.cr, "rollback", lambda: None),
        ):
            self.env["account.journal"]._cron_billing_watch()

    def names(self, folder=""):
        return sorted(
            path.name for path in (self.directory / folder).iterdir() if path.is_file()
        )

    @mute_logger(LOGGER)
    def test_a_file_that_cannot_be_read_stops_no_other(self):
        self.put("a.xml", self.camt([self.payment("1")], message_id="A"), age=900)
        self.put("b.xml", self.camt([self.payment("2")], message_id="B"))
        original = Path.open

        def refuse(path, *args, **kwargs):
            if path.name == "a.xml":
                raise PermissionError(13, "Permission denied")
            return original(path, *args, **kwargs)

        with patch.object(Path, "open", refuse):
            self.run_cron()
        self.assertEqual(self.names(), ["a.xml"])
        self.assertEqual(self.names("done"), ["b.xml"])
        self.assertTrue(
            self.env["billing.event"].search(
                [("kind", "=", "job.failed"), ("company_id", "=", self.company.id)]
            )
        )
        self.run_cron()
        self.assertEqual(self.names("done"), ["a.xml", "b.xml"])

    def test_a_file_replaced_while_it_was_read_is_read_again(self):
        path = self.put("a.xml", self.camt([self.payment("1")], message_id="A"))
        files = type(self.files)
        original = files._import

        def replace(records, *args, **kwargs):
            result = original(records, *args, **kwargs)
            path.unlink()
            self.put("a.xml", self.camt([self.payment("2")], message_id="B"))
            return result

        with patch.object(files, "_import", replace):
            self.run_cron()
        self.assertEqual(self.names(), ["a.xml"])
        self.run_cron()
        self.assertEqual(self.names(), [])
        self.assertEqual(
            set(
                self.files.search([("name", "=", "a.xml")]).payment_ids.mapped(
                    "reference"
                )
            ),
            {"1", "2"},
        )

    def test_links_and_folders_are_left(self):
        target = self.directory / "elsewhere"
        target.mkdir()
        (self.directory / "link.xml").symlink_to("/etc/hostname")
        self.assertFalse(self.journal._billing_waiting_files())

    def test_the_same_name_again_overwrites_nothing(self):
        for number in range(2):
            self.put(
                "a.xml", self.camt([self.payment(str(number))], message_id=f"S{number}")
            )
            self.run_cron()
        self.assertEqual(self.names("done"), ["a.2.xml", "a.xml"])

    def test_a_refused_file_that_stays_is_shown_once(self):
        self.put("bad.xml", b"<nonsense/>")
        with patch("odoo.addons.billing_bank_file.models.account_journal._put_aside"):
            self.run_cron()
            self.run_cron()
        self.assertEqual(self.files.search_count([("name", "=", "bad.xml")]), 1)

    def test_journals_may_share_a_directory(self):
        other = self.journal.copy({"code": "OTH", "bank_acc_number": "86011117947"})
        other.sudo().billing_watch_directory = str(self.directory)
        self.put("a.xml", self.camt([self.payment("1")], message_id="A"))
        self.put(
            "b.xml",
            self.camt([self.payment("2")], message_id="B", account="86011117947"),
        )
        self.run_cron()
        self.assertEqual(self.names("done"), ["a.xml", "b.xml"])
        self.assertEqual(
            self.files.search([("name", "=", "b.xml")]).payment_ids.journal_id, other
        )

    @mute_logger("odoo.sql_db")
    def test_the_same_file_at_the_same_moment_is_tried_again(self):
        content = self.camt([self.payment("1")])
        self.files._import(content, "a.xml")
        with (
            patch.object(
                type(self.files), "search", lambda records, *args, **kw: records
            ),
            self.assertRaises(ConcurrencyError),
        ):
            self.files._import(content, "a.xml")

    def test_a_journal_without_number_is_the_journal_of_one_account(self):
        self.journal.bank_account_id = False
        one = self.camt([self.payment("1")], message_id="A").decode()
        two = self.camt(
            [self.payment("2")], message_id="A", account="86011117947"
        ).decode()
        start, end = two.index("<Ntfctn>"), two.index("</Ntfctn>") + len("</Ntfctn>")
        both = one.replace("</Ntfctn>", "</Ntfctn>" + two[start:end])
        with self.assertRaises(BankFileError) as caught:
            self.files._import(both.encode(), "two.xml", self.journal)
        self.assertIn("account", str(caught.exception))
