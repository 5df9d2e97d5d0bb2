"""What every channel keeps to; a mixin for the test case of a channel.

The test case sets ``channel_code``, makes attempts with :meth:`make_attempt` (or brings
its own), and says with :meth:`provider` how the provider behaves. The mixin asks only
what the engine relies on.
"""

from contextlib import contextmanager

from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.billing_dynamic_distribution.core.channel import (
    ChannelError,
    Outcome,
    Prepared,
)
from odoo.addons.billing_dynamic_distribution.models.billing_channel import (
    CHANNELS,
    GROUPS,
)


class ChannelContract:
    """Tests of the contract. To be mixed into a test case of one channel."""

    #: Code of the channel under test.
    channel_code = None

    # === WHAT THE TEST CASE OF A CHANNEL BRINGS === #

    def contract_invoice(self):
        """A posted invoice of a customer that the channel can reach."""
        raise NotImplementedError

    @contextmanager
    def provider(self, behaviour):
        """Let the provider behave: ``accept``, ``refuse`` (for good, because of the
        address), ``down`` (nobody there), ``silent`` (takes it and never answers).

        What cannot happen to a channel, its test case takes out by setting the test
        of it to None, and says why.

        :return: context
        """
        raise NotImplementedError
        yield

    # === TESTS === #

    def _contract_channel(self):
        return self.env["billing.channel"]._get(self.channel_code)

    def _contract_attempt(self):
        move = self.contract_invoice()
        [attempt] = move._billing_queue_attempts(self.channel_code)
        return attempt

    def test_contract_it_is_registered_and_has_a_name(self):
        channel = self._contract_channel()
        self.assertEqual(channel._channel, self.channel_code)
        self.assertIn(self.channel_code, dict(CHANNELS))
        self.assertIn(channel._group, GROUPS)
        self.assertTrue(channel._label())
        self.assertGreater(channel._batch_size, 0)

    def test_contract_addresses_are_asked_for_in_batch(self):
        channel = self._contract_channel()
        partners = self.contract_invoice().partner_id
        stranger = self.env["res.partner"].create({"name": "No Address"})
        found = channel._find_contact_points(partners | stranger)
        self.assertEqual(set(found), set((partners | stranger).ids))
        points, problem = found[partners.id]
        self.assertTrue(points)
        self.assertFalse(problem)
        self.assertEqual(set(points.mapped("channel")), {self.channel_code})
        points, problem = found[stranger.id]
        self.assertFalse(points)
        self.assertTrue(problem)

    def test_contract_a_customer_who_said_no_has_no_address(self):
        channel = self._contract_channel()
        partner = self.contract_invoice().partner_id
        points, _problem = channel._find_contact_points(partner)[partner.id]
        points.consent_billing = False
        self.assertFalse(channel._find_contact_points(partner)[partner.id][0])

    def test_contract_preparing_hands_nothing_over_and_can_be_repeated(self):
        channel = self._contract_channel()
        attempt = self._contract_attempt()
        with self.provider("down"):
            once = channel._prepare(attempt)
            again = channel._prepare(attempt)
        self.assertIsInstance(once, Prepared)
        self.assertEqual(once, again)
        self.assertEqual(attempt.state, state.PLANNED)
        self.assertGreaterEqual(channel._cost(attempt.company_id, once), 0)
        self.assertGreaterEqual(once.segments, 1)

    def test_contract_a_batch_is_prepared_whole_and_in_order(self):
        channel = self._contract_channel()
        attempts = self._contract_attempt() | self._contract_attempt()
        found = list(channel._prepare_batch(attempts))
        self.assertEqual([attempt for attempt, _p in found], list(attempts))
        for _attempt, prepared in found:
            self.assertIsInstance(prepared, Prepared | ChannelError)

    def _contract_call(self, behaviour):
        channel = self._contract_channel()
        attempt = self._contract_attempt()
        prepared = channel._prepare(attempt)
        attempt._apply(state.CALLED)
        self.env.flush_all()
        with self.provider(behaviour):
            [(called, outcome)] = list(channel._call_batch([(attempt, prepared)]))
        self.assertEqual(called, attempt)
        self.assertIsInstance(outcome, Outcome)
        # Who calls does not record; who asked, does.
        attempt.invalidate_recordset(["state"])
        self.assertEqual(attempt.state, state.CALLING)
        return attempt, outcome

    def test_contract_what_is_accepted_is_sent(self):
        attempt, outcome = self._contract_call("accept")
        self.assertIn(outcome.event, (state.SENT, state.DELIVERED))
        attempt._apply_outcomes([(attempt, outcome)])
        self.assertIn(attempt.state, state.REACHED)

    def test_contract_what_is_refused_for_good_is_a_hard_failure(self):
        attempt, outcome = self._contract_call("refuse")
        self.assertEqual(outcome.event, state.FAILED_HARD)
        self.assertTrue(outcome.reason)
        attempt._apply_outcomes([(attempt, outcome)])
        if attempt.contact_point_id:
            self.assertEqual(attempt.contact_point_id.state, "blocked")

    def test_contract_nobody_there_is_not_the_customer_s_fault(self):
        attempt, outcome = self._contract_call("down")
        self.assertEqual(outcome.event, state.FAILED_SOFT)
        self.assertFalse(outcome.address_fault)
        attempt._apply_outcomes([(attempt, outcome)])
        self.assertNotIn(attempt.contact_point_id.state, ("failing", "blocked"))

    def test_contract_silence_after_handing_over_is_uncertain(self):
        _attempt, outcome = self._contract_call("silent")
        self.assertEqual(outcome.event, state.UNCERTAIN)

    def test_contract_a_message_never_handed_over_is_not_found(self):
        channel = self._contract_channel()
        attempt = self._contract_attempt()
        channel._prepare(attempt)
        attempt._apply(state.CALLED)
        outcome = channel._look_up(attempt)
        if outcome is not None:
            self.assertEqual(outcome.event, state.FAILED_SOFT)
            self.assertEqual(outcome.code, "not_received")
