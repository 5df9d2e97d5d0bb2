"""Personal links: made once, known by their digest, told who opened them."""

from datetime import date, datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import freeze_time
from odoo.tools import mute_logger

from odoo.addons.billing_base.core import token as core_token
from odoo.addons.billing_base.core.visitor import Verdict

from .common import MACHINE, PERSON, UNKNOWN, LinkCase


class TestIssue(LinkCase):
    def test_a_link_knows_its_invoice_and_keeps_no_token(self):
        link = self.issue(channel="sms", res_model="res.partner", res_id=self.kari.id)
        token = link._token()
        self.assertRecordValues(
            link,
            [
                {
                    "move_id": self.invoice.id,
                    "partner_id": self.kari.id,
                    "company_id": self.company.id,
                    "channel": "sms",
                    "res_model": "res.partner",
                    "res_id": self.kari.id,
                    "state": "active",
                    "open_count": 0,
                    "machine_count": 0,
                    "token_digest": core_token.digest(token),
                }
            ],
        )
        self.env.flush_all()
        self.env.cr.execute("SELECT row_to_json(l)::text FROM billing_link l")
        self.assertFalse([row for (row,) in self.env.cr.fetchall() if token in row])

    def test_asking_again_gives_the_same_link(self):
        wanted = [
            {"move_id": move.id, "key": key}
            for key in ("a", "b")
            for move in (self.invoice, self.other)
        ]
        first = self.links._issue(wanted)
        self.assertEqual(first, self.links._issue(wanted), "in the same order")
        self.assertEqual(self.links._issue(wanted[::-1]).ids, first.ids[::-1])
        twice = self.links._issue([wanted[0], wanted[0]])
        self.assertEqual(twice.ids, [first[0].id] * 2)
        self.assertEqual(len({link._token() for link in first}), 4)
        self.assertFalse(self.links._issue([]))

    def test_the_address_is_that_of_the_page_in_the_customers_language(self):
        link = self.issue()
        bare = f"/my/invoices/{self.invoice.id}?access_token={link._token()}"
        base = self.invoice.get_base_url()
        self.assertEqual(link._url(lang=""), base + bare)
        lang = self.env["res.lang"]._activate_lang("nb_NO")
        self.kari.lang = "nb_NO"
        self.assertEqual(link._url(), f"{base}/{lang.url_code}{bare}")

    def test_it_works_until_long_after_the_due_date(self):
        self.company.billing_link_days = 30
        with freeze_time("2026-11-10 08:00:00"):
            self.invoice.invoice_date_due = date(2026, 11, 20)
            early = self.issue(key="early")
        with freeze_time("2026-12-24 08:00:00"):
            late = self.issue(key="late")
            chosen = self.issue(key="chosen", expires_at=datetime(2027, 1, 1))
        self.assertEqual(early.expires_at, datetime(2026, 12, 20))
        self.assertEqual(late.expires_at, datetime(2027, 1, 23, 8))
        self.assertEqual(chosen.expires_at, datetime(2027, 1, 1))

    def test_ten_thousand_take_as_many_statements_as_ten(self):
        # Invoices of their own without the hours it takes to make them properly.
        draft = self._new_invoices(post=False)
        self.env.flush_all()
        columns = ", ".join(
            f'"{name}"'
            for name, field in self.env["account.move"]._fields.items()
            if field.store
            and field.column_type
            and name not in ("id", "access_token", "name")
        )
        self.env.cr.execute(
            f"""INSERT INTO account_move ({columns})
                SELECT {columns} FROM account_move, generate_series(1, 2500)
                 WHERE id = %s RETURNING id""",
            [draft.id],
        )
        move_ids = [row[0] for row in self.env.cr.fetchall()]
        counts = []
        self.issue()  # what is read once and kept
        for ids, keys in ((move_ids[:5], "ab"), (move_ids, "cdef")):
            wanted = [
                {"move_id": move_id, "key": key} for key in keys for move_id in ids
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            links = self.links._issue(wanted)
            counts.append(self.cr.sql_log_count - before)
            self.assertEqual(len(links), len(wanted))
        self.assertEqual(len(wanted), 10_000)
        self.assertEqual(counts[0], counts[1])


class TestUse(LinkCase):
    def test_it_is_found_by_its_token_alone(self):
        link, other = self.issue(), self.issue(self.other)
        self.assertEqual(self.links._find(link._token()), link)
        self.assertEqual(self.links._find(other._token()), other)
        for token in (None, "", "x", link._token()[:-1], "A" * 22, 7, ["x"]):
            with self.subTest(token=token):
                self.assertFalse(self.links._find(token))

    def test_what_is_out_works_on_when_the_secret_changes(self):
        link = self.issue()
        token = link._token()
        self.env["ir.config_parameter"].set_param("database.secret", "another")
        self.assertEqual(self.links._find(token), link)
        self.assertNotEqual(link._token(), token)

    def test_state_is_computed_and_searched_alike(self):
        active = self.issue(key="active")
        expired = self.issue(
            key="expired", expires_at=fields.Datetime.now() - timedelta(seconds=1)
        )
        revoked = self.issue(key="revoked")
        revoked._revoke("lost")
        for link, state in (
            (active, "active"),
            (expired, "expired"),
            (revoked, "revoked"),
        ):
            self.assertEqual(link.state, state)
            self.assertEqual(
                self.links.search(
                    [("move_id", "=", self.invoice.id), ("state", "=", state)]
                ),
                link,
            )
        self.assertEqual(
            self.links.search(
                [
                    ("move_id", "=", self.invoice.id),
                    ("state", "in", ["active", "expired"]),
                ]
            ),
            active | expired,
        )

    def test_an_invoice_being_corrected_is_not_shown(self):
        link = self.issue()
        self.assertIsNone(link._get_trouble())
        self.invoice.button_draft()
        self.assertEqual(link._get_trouble(), "draft")
        link._revoke("void")
        self.assertEqual(link._get_trouble(), "revoked")

    def test_staff_revoke_once_and_leave_a_trace(self):
        link = self.issue(channel="sms")
        link.with_user(self.user).action_revoke()
        at = link.revoked_at
        link.with_user(self.user).action_revoke()
        self.assertEqual(link.revoked_at, at)
        event = self.events.search([("kind", "=", "link.revoked")])
        self.assertRecordValues(
            event,
            [{"actor": "staff", "user_id": self.user.id, "move_id": self.invoice.id}],
        )
        self.assertIn("SMS", event.display_text)

    def test_only_staff_of_the_company_see_links_and_nobody_sees_secrets(self):
        link = self.issue()
        visit = self.visit(link, PERSON)
        own_link = link.with_user(self.user)
        self.assertEqual(own_link.open_count, 1)
        self.assertEqual(own_link.visit_ids, visit)
        for name in ("token_digest", "key"):
            with self.assertRaises(AccessError):
                own_link.read([name])
        with self.assertRaises(AccessError):
            own_link.write({"expires_at": datetime(2099, 1, 1)})
        foreigner = self._new_user(
            "foreigner", "billing_base.group_billing_manager", self._other_company()
        )
        portal = self._new_user("portal_kari", "base.group_portal")
        for user in (foreigner, portal):
            for record in (link, visit):
                with self.assertRaises(AccessError):
                    record.with_user(user).read(["company_id"])
            with self.assertRaises(AccessError):
                link.with_user(user).action_revoke()

    def test_the_invoice_counts_its_links(self):
        self.visit(self.issue(key="a"), PERSON)
        self.issue(key="b")
        invoice = self.invoice.with_user(self.user)
        self.assertEqual(invoice.billing_link_count, 2)
        self.assertEqual(invoice.billing_opened_count, 1)
        action = invoice.action_billing_links()
        self.assertEqual(len(self.links.search(action["domain"])), 2)


class TestVisit(LinkCase):
    def test_a_person_counts_every_time_and_is_news_once(self):
        link = self.issue(channel="email")
        with freeze_time("2026-11-10 08:00:00"):
            self.visit(link, PERSON)
        with freeze_time("2026-11-11 09:00:00"):
            self.visit(link, PERSON)
        self.assertRecordValues(
            link,
            [
                {
                    "first_opened_at": datetime(2026, 11, 10, 8),
                    "last_opened_at": datetime(2026, 11, 11, 9),
                    "open_count": 2,
                    "machine_count": 0,
                }
            ],
        )
        self.assertEqual(self.kinds(), ["link.opened"])
        event = self.events.search([("kind", "=", "link.opened")])
        self.assertEqual(event.actor, "customer")
        self.assertEqual(event.occurred_at, datetime(2026, 11, 10, 8))

    def test_machines_do_not_count_as_seen(self):
        link = self.issue()
        self.visit(link, MACHINE)
        self.visit(link, MACHINE)
        self.visit(link, UNKNOWN)
        self.visit(link, Verdict("staff", "staff", "computer"))
        self.assertEqual((link.open_count, link.machine_count), (0, 2))
        self.assertFalse(link.first_opened_at)
        self.assertEqual(self.kinds(), ["link.machine"])

    def test_a_visit_becomes_a_persons_when_the_page_says_so(self):
        link = self.issue()
        visit = self.visit(link, UNKNOWN)
        self.assertTrue(visit._set_verdict(PERSON))
        self.assertFalse(visit._set_verdict(PERSON), "nothing new")
        self.assertEqual(link.open_count, 1)
        self.assertEqual(link.first_opened_at, visit.visited_at)

    def test_a_page_fetched_beforehand_and_looked_at_is_no_machines(self):
        link = self.issue()
        visit = self.visit(link, Verdict("machine", "prefetch", "phone"))
        self.assertEqual(link.machine_count, 1)
        visit._set_verdict(PERSON)
        self.assertEqual((link.open_count, link.machine_count), (1, 0))

    def test_whoever_issued_the_link_writes_the_history(self):
        link = self.issue(res_model="res.partner", res_id=self.kari.id)
        self.visit(link, PERSON)
        self.visit(link, MACHINE)
        self.assertEqual((link.open_count, link.machine_count), (1, 1))
        self.assertEqual(self.kinds(), [])

    def test_seen_without_a_link_opens_none(self):
        link = self.issue()
        for _time in range(2):
            self.visit(self.links, PERSON, move=self.invoice)
        self.assertFalse(link.open_count)
        seen = self.events.search([("kind", "=", "page.seen")])
        self.assertEqual(len(seen), 1, "once a day")
        self.assertEqual(seen.partner_id, self.kari)

    def test_a_page_signs_for_its_own_visit_for_a_day(self):
        visit = self.visit(self.issue(), UNKNOWN)
        other = self.visit(self.issue(self.other), UNKNOWN)
        token = visit._get_token()
        self.assertEqual(self.visits._find(token), visit)
        signature = token.partition("-")[2]
        for wrong in (
            "",
            "-",
            str(visit.id),
            f"{other.id}-{signature}",
            f"{visit.id}-{'A' * 22}",
            f"x-{signature}",
            f"{10**30}-{signature}",
            "²-" + signature,
            f"{visit.id}-é",
        ):
            with self.subTest(token=wrong):
                self.assertFalse(self.visits._find(wrong))
        with freeze_time(visit.visited_at + timedelta(days=1, seconds=1)):
            self.assertFalse(self.visits._find(token))

    def test_nothing_is_kept_that_would_know_the_visitor_again(self):
        kept = {
            name
            for name, field in self.visits._fields.items()
            if field.store and not name.startswith(("create_", "write_"))
        }
        self.assertEqual(
            kept,
            {
                "id",
                "link_id",
                "move_id",
                "company_id",
                "visited_at",
                "verdict",
                "reason",
                "device",
            },
        )


class TestRetention(LinkCase):
    @freeze_time("2026-11-21 12:00:00")
    def test_visits_go_and_what_was_opened_stays(self):
        self.visits.search([]).sudo().unlink()
        self.company.billing_visit_days = 30
        link = self.issue()
        with freeze_time("2026-10-22 11:59:00"):
            old = [self.visit(link, PERSON) for _nth in range(5)]
        with freeze_time("2026-10-22 12:01:00"):
            young = self.visit(link, PERSON)
        progress = []
        with (
            patch.object(
                self.registry["ir.cron"],
                "_commit_progress",
                lambda cron, done=0, *, remaining=None: (
                    progress.append((done, remaining)) or 60.0
                ),
            ),
            patch(
                "odoo.addons.billing_base.models.billing_link_visit.RETENTION_BATCH", 2
            ),
        ):
            self.env.ref(
                "billing_base.ir_cron_visit_retention"
            ).ir_actions_server_id.run()
        self.assertEqual(progress, [(2, 3), (2, 1), (1, 0)])
        self.assertFalse([visit for visit in old if visit.exists()])
        self.assertTrue(young.exists())
        self.assertEqual(link.open_count, 6)

    def test_neither_links_nor_visits_can_be_kept_for_no_time(self):
        for name in ("billing_link_days", "billing_visit_days"):
            with (
                self.subTest(name=name),
                self.assertRaisesRegex(Exception, name),
                mute_logger("odoo.sql_db"),
                self.cr.savepoint(),
            ):
                self.env.cr.execute(
                    f"UPDATE res_company SET {name} = 0 WHERE id = %s",
                    [self.company.id],
                )


class TestRenew(LinkCase):
    def mails(self):
        return self.env["mail.mail"].search(
            [("model", "=", "account.move"), ("res_id", "=", self.invoice.id)]
        )

    def expired(self, key="old"):
        return self.issue(key=key, expires_at=datetime(2026, 1, 1))

    def test_a_new_link_goes_to_the_address_we_have_once_a_day(self):
        old = self.expired()
        new = old._renew()
        self.assertRecordValues(
            new, [{"state": "active", "move_id": self.invoice.id, "channel": "email"}]
        )
        mail = self.mails()
        self.assertEqual(mail.email_to, "kari@kunde.example")
        self.assertIn(new._url().replace("&", "&amp;"), mail.body_html)
        self.assertNotIn(old._token(), mail.body_html)
        self.assertFalse(old._renew())
        self.assertFalse(self.expired("older")._renew(), "not with another old one")
        self.assertEqual(self.mails(), mail)

    def test_a_new_link_belongs_to_the_message_of_the_old_one(self):
        old = self.issue(
            key="old",
            expires_at=datetime(2026, 1, 1),
            res_model="res.partner",
            res_id=self.kari.id,
        )
        self.assertRecordValues(
            old._renew(), [{"res_model": "res.partner", "res_id": self.kari.id}]
        )

    def test_a_revoked_link_renews_nothing(self):
        old = self.expired()
        old._revoke("stolen")
        self.assertFalse(old._renew())
        self.assertFalse(self.mails())

    def test_a_link_nobody_could_be_told_of_opens_nothing(self):
        self.kari.email = False
        self.assertFalse(self.expired()._renew())
        new = self.links.search([("move_id", "=", self.invoice.id)], limit=1)
        self.assertEqual(new.state, "revoked")
        self.assertTrue(
            self.events.search([("kind", "=", "contact.unreachable")]), "staff know"
        )


class TestGuess(LinkCase):
    def setUp(self):
        super().setUp()
        self.guesses = self.env["billing.link.guess"]
        self.enterContext(self.enter_registry_test_mode())

    def note(self, address, times):
        for _nth in range(times):
            self.guesses._note(address)

    @freeze_time("2026-11-21 12:03:00")
    def test_too_many_wrong_tokens_are_heard_no_more_for_a_while(self):
        self.note("192.0.2.1", 19)
        self.assertFalse(self.guesses._is_throttled("192.0.2.1"))
        self.note("192.0.2.1", 1)
        self.assertTrue(self.guesses._is_throttled("192.0.2.1"))
        self.assertTrue(self.guesses._is_throttled("::ffff:192.0.2.1"))
        self.assertFalse(self.guesses._is_throttled("192.0.2.2"))
        with freeze_time("2026-11-21 12:12:59"):
            self.assertTrue(self.guesses._is_throttled("192.0.2.1"))
        with freeze_time("2026-11-21 12:13:00"):
            self.assertFalse(self.guesses._is_throttled("192.0.2.1"))

    @freeze_time("2026-11-21 12:03:00")
    def test_a_network_of_version_6_is_one_visitor(self):
        for nth in range(20):
            self.guesses._note(f"2001:db8::{nth:x}")
        self.assertTrue(self.guesses._is_throttled("2001:db8::ffff"))
        self.assertFalse(self.guesses._is_throttled("2001:db8:0:1::1"))

    def test_an_unreadable_address_is_a_visitor_too(self):
        self.note("no address", 20)
        self.assertTrue(self.guesses._is_throttled("nor this"))

    def test_no_address_is_kept_and_rows_are_gone_soon(self):
        with freeze_time("2026-11-21 12:03:00"):
            self.note("192.0.2.1", 3)
            self.env.cr.execute("SELECT row_to_json(g)::text FROM billing_link_guess g")
            rows = [row for (row,) in self.env.cr.fetchall()]
            self.assertEqual(len(rows), 3)
            self.assertFalse([row for row in rows if "192.0.2" in row])
            self.guesses._gc_guesses()
            self.assertEqual(self.guesses.search_count([]), 3)
        with freeze_time("2026-11-21 12:20:00"):
            self.guesses._gc_guesses()
        self.assertEqual(self.guesses.search_count([]), 0)
