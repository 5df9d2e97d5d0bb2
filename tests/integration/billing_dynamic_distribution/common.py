"""A company, customers, plans, and channels that only note what they are given."""

from collections import deque
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from unittest.mock import patch

from odoo import Command, api, models
from odoo.orm.model_classes import add_to_registry

from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.billing_dynamic_distribution.core.channel import Outcome, Prepared

from ...common import KvittAccountCase

#: A Monday morning in November, ten o'clock in Norway.
MONDAY = datetime(2026, 11, 23, 9)
#: Channels the tests have, in place of the real ones.
CODES = ("email", "sms", "letter")


class Counter:
    """The receiving end: what arrived, and what a channel is to answer."""

    def __init__(self):
        self.calls = []
        self.answers = deque()
        self.known = {}

    def take(self, attempt):
        self.calls.append((attempt.channel, attempt.address, attempt.key))
        answer = self.answers.popleft() if self.answers else None
        if callable(answer):
            answer = answer(attempt)
        return answer or Outcome(state.SENT, reference=f"ref-{attempt.key}")

    def channels(self):
        return [channel for channel, _address, _key in self.calls]


def _model(code, counter):
    class Fake(models.AbstractModel):
        _name = f"billing.channel.test.{code}"
        _inherit = "billing.channel"
        _description = f"Test channel {code}"
        _module = "billing_dynamic_distribution"

        _channel = code
        _group = code if code in ("email", "sms") else "other"
        _is_intrusive = code != "letter"
        _reports_delivery = code == "sms"
        _can_look_up = code == "sms"

        def _prepare(self, attempt):
            names = ", ".join(attempt.item_ids.move_id.mapped("name"))
            return Prepared(names, attempt._urls_text(), expected_cost=0.5)

        def _call(self, attempt, prepared):
            return counter.take(attempt)

        def _look_up(self, attempt):
            return counter.known.get(attempt.key)

    return Fake


class DistributionCase(KvittAccountCase):
    """Tests of the engine: plans, runs, checks and jobs, without any real channel."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.counter = Counter()
        names = {}
        for code in CODES:
            model = _model(code, cls.counter)
            add_to_registry(cls.registry, model)
            names[code] = model._name
        cls.registry._setup_models__(cls.env.cr, list(names.values()))
        cls.addClassCleanup(cls._forget_models, list(names.values()))
        channel = cls.registry["billing.channel"]
        patcher = patch.object(channel, "_registry", api.model(lambda self: names))
        patcher.start()
        cls.addClassCleanup(patcher.stop)
        cls.env.user.sudo().group_ids |= cls.env.ref(
            "billing_base.group_billing_manager"
        )
        cls.company = cls.company_data["company"]
        cls.company.partner_id.write(
            {"country_id": cls.env.ref("base.no").id, "tz": "Europe/Oslo"}
        )
        # The demo companies send nothing here.
        cls.env["billing.distribution.plan"].sudo().search([]).active = False
        cls.content = cls.env.ref("billing_dynamic_distribution.content_invoice")
        # Jobs run as the system.
        cls.sender = cls.env["billing.distribution.sender"].sudo()
        cls.planner = cls.env["billing.distribution.planner"].sudo()
        cls.kari = cls.create_customer("Kari Nordmann", "kari@example.com")

    @classmethod
    def _forget_models(cls, names):
        for name in names:
            cls.registry.models.pop(name, None)
            for parent in cls.registry["billing.channel"], cls.registry["base"]:
                parent._inherit_children.discard(name)

    def setUp(self):
        super().setUp()
        self.counter.calls.clear()
        self.counter.answers.clear()
        self.counter.known.clear()
        # Tests do not commit; what would be committed is flushed.
        self.startPatcher(
            patch.object(
                type(self.env["ir.cron"]),
                "_commit_progress",
                lambda cron, *_args, **_values: cron.env.flush_all() or float("inf"),
            )
        )

    # === BUILDERS === #

    @classmethod
    def create_customer(cls, name, email=None, phone="+47 406 12 345", **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "email": email,
                "phone": phone,
                "country_id": cls.env.ref("base.no").id,
                "street": "Fjellveien 12",
                "zip": "6899",
                "city": "Lysvik",
                **values,
            }
        )

    @classmethod
    def create_plan(cls, *steps, trigger="posted", **values):
        """A live plan; a step is (channel, wait, condition) and further values."""
        plan = cls.env["billing.distribution.plan"].create(
            {
                "name": values.pop("name", "Invoice"),
                "company_id": cls.company.id,
                "trigger": trigger,
                **values,
            }
        )
        cls.env["billing.distribution.version"].create(
            {
                "plan_id": plan.id,
                "step_ids": [
                    Command.create(
                        {
                            "sequence": number,
                            "channel": channel,
                            "wait": wait,
                            "condition": condition,
                            "template_id": cls.content.id,
                            **(more[0] if more else {}),
                        }
                    )
                    for number, (channel, wait, condition, *more) in enumerate(steps)
                ],
            }
        )._publish()
        return plan

    @classmethod
    def email_sms_letter(cls, **values):
        """The shipped way of an invoice."""
        return cls.create_plan(
            ("email", 0, "not_paid"),
            ("sms", 3, "not_opened"),
            ("letter", 2, "not_opened"),
            **values,
        )

    @classmethod
    def create_invoice(cls, partner=None, due=date(2026, 12, 7), amount=1000, **values):
        return cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or cls.kari).id,
                "invoice_date": date(2026, 11, 23),
                "invoice_date_due": due,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Strøm", "price_unit": amount, "tax_ids": []}
                    )
                ],
                **values,
            }
        )

    def post(self, partner=None, **values):
        """Post an invoice and return it with its run."""
        move = self.create_invoice(partner, **values)
        move.action_post()
        return move, self.run_of(move)

    def run_of(self, move):
        return self.env["billing.distribution.run"].search(
            [("move_id", "=", move.id)], order="id desc", limit=1
        )

    def attempts_of(self, move):
        return self.env["billing.distribution.attempt"].search(
            [("item_ids.move_id", "in", move.ids)], order="id"
        )

    def kinds(self, move):
        events = self.env["billing.event"].search(
            [("move_id", "=", move.id)], order="id"
        )
        return events.mapped("kind")

    # === TIME === #

    def send(self, *groups):
        """Let the jobs of all channels run, as often as they are woken."""
        for group in groups or ("other", "email", "sms", "other", "email", "sms"):
            self.sender._cron_send(group)

    @contextmanager
    def at(self, moment):
        """Let it be ``moment`` (UTC), or that many days after Monday morning."""
        if isinstance(moment, (int, float)):
            moment = MONDAY + timedelta(days=moment)
        from odoo.tests import freeze_time

        with freeze_time(moment):
            yield moment

    def go_to(self, moment):
        """Let the jobs run at ``moment``."""
        with self.at(moment):
            self.send()

    def pay(self, move):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({})._create_payments()
