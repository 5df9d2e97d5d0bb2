import logging

import psycopg2

from odoo import api, models

from odoo.addons.billing_base.core import contact

from ..core import checks, state
from ..core.channel import ChannelError, Outcome

_logger = logging.getLogger(__name__)

#: Channels a message can go by, in the order they are shown.
CHANNELS = [
    ("email", "E-mail"),
    ("sms", "SMS"),
    ("letter", "Letter"),
    ("ehf", "EHF"),
    ("efaktura", "eFaktura"),
    ("mailbox", "Digital mailbox"),
    ("debit", "Direct debit"),
]
#: Channels that stand for another, found out when the time has come.
VIRTUAL_CHANNELS = [
    ("preferred", "The customer's preferred channel"),
    ("last_opened", "The channel last opened"),
]
#: Groups of channels that are sent by a job of their own.
GROUPS = ("email", "sms", "other")


class BillingChannel(models.AbstractModel):
    """A way to a customer. The contract, and the list of all of them.

    A channel is a model of its own that inherits from this one, named after its code:
    ``billing.channel.<code>``. It sets ``_channel`` and the attributes below, adds
    itself in :meth:`_registry`, and implements :meth:`_prepare` and :meth:`_call`.

    Nothing here writes to the database but files the channel owns: who calls, records.
    """

    _name = "billing.channel"
    _description = "Channel of Messages"

    #: Code of the channel, one of :data:`CHANNELS`.
    _channel = None
    #: Job that sends it, one of :data:`GROUPS`.
    _group = "other"
    #: It rings or buzzes: quiet hours and caps count.
    _is_intrusive = True
    #: The provider tells whether a message arrived.
    _reports_delivery = True
    #: A message goes to a contact point of the customer.
    _needs_address = True
    #: One message may be about several invoices.
    _can_bundle = True
    #: The provider can be asked what became of a message, see :meth:`_look_up`.
    _can_look_up = False
    #: Messages that are prepared, handed over and settled together.
    _batch_size = 50

    # === REGISTRY === #

    @api.model
    def _registry(self):
        """Return the channels there are; every channel adds its own.

        :return: name of the model by code
        :rtype: dict[str, str]
        """
        return {}

    @api.model
    def _get(self, code):
        """Return the model of a channel, None when it is not installed.

        :param str code: of a channel
        """
        name = self.env["billing.channel"]._registry().get(code)
        return self.env[name] if name else None

    @api.model
    def _get_group_codes(self, group):
        """Return the codes of the channels that a job sends.

        :param str group: one of :data:`GROUPS`
        :rtype: list[str]
        """
        registry = self.env["billing.channel"]._registry()
        return [
            code for code, name in registry.items() if self.env[name]._group == group
        ]

    # === CONTRACT: ABOUT THE CHANNEL === #

    def _label(self):
        """Return the name of the channel in the language of the reader."""
        selection = self.env["billing.distribution.attempt"]._fields["channel"]
        labels = dict(selection._description_selection(self.env))
        return labels.get(self._channel, self._channel)

    def _is_available(self, company):
        """Whether the company has what it takes to send by the channel.

        :param company: the ``res.company``
        """
        return True

    # === CONTRACT: ADDRESSES === #

    def _contact_points(self, partner):
        """Return the contact points of one customer that may be used, best first.

        :param partner: the one the invoice is addressed to
        :rtype: billing.contact.point
        """
        points, _problem = self._find_contact_points(partner)[partner.id]
        return points

    def _find_contact_points(self, partners):
        """Return the usable contact points of customers, all in a few queries.

        Those of the partner itself; those of its company or household when it has none
        that works, unless it said no.

        :param partners: those the invoices are addressed to
        :return: by partner id the points (``billing.contact.point`` as superuser), best
            first, and why there are none: a code of ``core.checks``, else empty
        :rtype: dict[int, tuple]
        """
        points_sudo = self.env["billing.contact.point"].sudo()
        all_sudo = points_sudo.search(
            [
                ("partner_id", "in", (partners | partners.commercial_partner_id).ids),
                ("channel", "=", self._channel),
            ]
        )
        opted_out = self._opted_out(all_sudo)
        by_partner = all_sudo.grouped("partner_id")
        found = {}
        for partner in partners:
            problem = checks.NO_ADDRESS
            usable = []
            for owner in partner | partner.commercial_partner_id:
                own_sudo = by_partner.get(owner, points_sudo)
                usable = [p for p in contact.preferred(own_sudo) if p not in opted_out]
                if usable:
                    problem = ""
                    break
                problem = self._point_problem(own_sudo, opted_out) or problem
                if problem in (checks.NO_CONSENT, checks.OPTED_OUT):
                    # Who said no is not written to through somebody else either.
                    break
            found[partner.id] = (points_sudo.concat(*usable), problem)
        return found

    def _opted_out(self, points):
        """Return those of the contact points that are on a list of who wants nothing.

        :rtype: billing.contact.point
        """
        return points.browse()

    @api.model
    def _point_problem(self, points, opted_out):
        """Return why none of the points of a customer can be used, empty: has none."""
        if not points:
            return ""
        if points & opted_out:
            return checks.OPTED_OUT
        if not all(points.mapped("consent_billing")):
            return checks.NO_CONSENT
        return checks.ADDRESS_BLOCKED

    # === CONTRACT: SENDING === #

    def _prepare(self, attempt):
        """Render the message of an attempt, in the customer's language.

        Makes no outside call.

        :param attempt: the ``billing.distribution.attempt``
        :rtype: core.channel.Prepared
        :raises ChannelError: it cannot be rendered
        """
        raise NotImplementedError

    def _prepare_batch(self, attempts):
        """Render messages of one company; who renders many at once overrides it.

        :param attempts: ``billing.distribution.attempt`` records
        :return: pairs of attempt and ``core.channel.Prepared``, or
            ``core.channel.ChannelError`` where it cannot be rendered
        """
        return self._prepare_each(attempts)

    def _prepare_each(self, attempts):
        """Render messages one by one, so that one that fails keeps nobody back.

        :return: as :meth:`_prepare_batch`
        """
        for attempt in attempts:
            try:
                with self.env.cr.savepoint():
                    prepared = self._prepare(attempt)
            except ChannelError as error:
                prepared = error
            except psycopg2.OperationalError:
                raise
            except Exception as error:
                _logger.exception("Message %s cannot be prepared", attempt.id)
                prepared = ChannelError(
                    "soft", "prepare", f"{type(error).__name__}: {error}"
                )
            yield attempt, prepared

    def _call(self, attempt, prepared):
        """Hand one message over to the provider.

        Does only that. ``attempt.key`` goes along as idempotency key wherever the
        provider takes one. A connection that was refused before anything was handed
        over is ``failed_soft``; a silence after handing over is ``uncertain``.

        :param attempt: the ``billing.distribution.attempt``
        :param prepared: ``core.channel.Prepared``
        :rtype: core.channel.Outcome
        """
        raise NotImplementedError

    def _call_batch(self, attempts_prepared):
        """Hand several messages over; a channel with a session or a file overrides it.

        :param attempts_prepared: pairs of attempt and ``core.channel.Prepared``
        :return: iterator of pairs of attempt and ``core.channel.Outcome``
        """
        for attempt, prepared in attempts_prepared:
            try:
                outcome = self._call(attempt, prepared)
            except Exception as error:
                _logger.exception("Message %s: the call broke off", attempt.id)
                outcome = self._outcome_of_error(error)
            yield attempt, outcome

    def _look_up(self, attempt):
        """Ask the provider, by key, what became of an attempt nobody settled.

        :return: None when the provider cannot tell; ``failed_soft`` with code
            ``not_received`` when it knows that it never got it
        :rtype: core.channel.Outcome | None
        """
        return None

    def _cost(self, company, prepared):
        """Return what a message costs, in the currency of the company.

        :rtype: float
        """
        return prepared.expected_cost

    # === HELPERS === #

    @api.model
    def _outcome_of_error(self, error):
        """Return the outcome of a call that ended in an exception.

        Whether anything was handed over is not known.
        """
        return Outcome(
            state.UNCERTAIN, code="error", reason=f"{type(error).__name__}: {error}"
        )
