import hmac

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.billing_base.core import contact
from odoo.addons.billing_base.core import token as core_token

#: What the token for saying no is for, among all that the secret is used for.
TOKEN_SCOPE = "billing.debit.offer"


class BillingDebitOffer(models.Model):
    """One customer in a campaign: told of direct debit, or why not, and what followed.

    Rows are written in sets by :meth:`billing.debit.campaign._prepare`.
    """

    _name = "billing.debit.offer"
    _description = "Customer in a Direct Debit Campaign"
    _order = "campaign_id desc, invoices_late desc, reminders desc, id"
    _rec_name = "partner_id"

    campaign_id = fields.Many2one(
        "billing.debit.campaign", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="On whose page the customer can sign up: the latest.",
    )
    gain = fields.Selection(
        [
            ("late", "Pays late"),
            ("reminded", "Is reminded often"),
            ("manual", "Pays each invoice by hand"),
        ],
        string="Would Gain",
        required=True,
        readonly=True,
    )
    invoices = fields.Integer(readonly=True)
    invoices_late = fields.Integer(string="Paid Late", readonly=True)
    reminders = fields.Integer(readonly=True)
    state = fields.Selection(
        [
            ("planned", "To Be Told"),
            ("left_out", "Left Out"),
            ("sent", "Told"),
            ("unreachable", "Not Reached"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    reason = fields.Selection(
        [
            ("has_mandate", "Has direct debit by now"),
            ("ended", "Ended direct debit lately"),
            ("said_no", "Wants no offers"),
            ("asked", "Was told lately"),
            ("trouble", "An invoice is on hold or in collection"),
            ("no_address", "No address that works"),
            ("no_consent", "Did not agree to offers"),
            ("held_out", "Not told, to compare with"),
            ("staff", "Left out by staff"),
            ("stopped", "Campaign stopped"),
        ],
        string="Left Out Because",
        readonly=True,
    )

    # What followed
    channel = fields.Char(readonly=True)
    channel_label = fields.Char(string="Told By", compute="_compute_channel_label")
    sent_at = fields.Datetime(string="Told On", readonly=True)
    opened_at = fields.Datetime(string="Opened", readonly=True)
    declined_at = fields.Datetime(string="Said No", readonly=True)
    mandate_id = fields.Many2one(
        "billing.mandate",
        string="Signed Up",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    _partner_unique = models.UniqueIndex(
        "(campaign_id, partner_id)", "The customer is in this campaign already."
    )
    _partner_idx = models.Index("(company_id, partner_id, sent_at)")

    # === COMPUTE METHODS === #

    @api.depends("channel")
    @api.depends_context("lang")
    def _compute_channel_label(self):
        labels = self.env["billing.event"]._get_channel_labels()
        for offer in self:
            offer.channel_label = labels.get(offer.channel, offer.channel)

    # === ACTIONS === #

    def action_leave_out(self):
        """Leave customers out of the campaign (button)."""
        self.check_access("read")
        self.campaign_id.check_access("write")
        self.filtered(lambda offer: offer.state == "planned").sudo().write(
            {"state": "left_out", "reason": "staff"}
        )

    def action_open_invoice(self):
        """Open the invoice on whose page the customer can sign up (button)."""
        self.ensure_one()
        return self.move_id._get_records_action()

    # === BUSINESS METHODS - WORDS === #

    def _scheme_name(self):
        """Return what direct debit is called where the customer lives.

        :rtype: str
        """
        self.ensure_one()
        scheme = self.sudo().campaign_id.agreement_id.scheme
        return "Autogiro" if scheme == "autogiro" else "AvtaleGiro"

    def _page_url(self):
        """Return a personal link to the page on which the customer can sign up.

        :rtype: str
        """
        self.ensure_one()
        [link_sudo] = (
            self.env["billing.link"]
            .sudo()
            ._issue(
                [
                    {
                        "move_id": self.sudo().move_id.id,
                        "key": f"{self._name}:{self.id}",
                        "channel": self.channel,
                        "res_model": self._name,
                        "res_id": self.id,
                    }
                ]
            )
        )
        # The cards are where it says how to sign up.
        return f"{link_sudo._url()}#cards"

    def _decline_url(self):
        """Return the address at which the customer says no to such messages.

        :rtype: str
        """
        self.ensure_one()
        offer_sudo = self.sudo()
        lang = offer_sudo.partner_id.lang
        url_code = lang and self.env["res.lang"]._get_data(code=lang).url_code
        prefix = f"/{url_code}" if url_code else ""
        return (
            f"{offer_sudo.campaign_id.get_base_url()}{prefix}"
            f"/billing/offers/{self.id}/{self._decline_token()}"
        )

    def _decline_token(self):
        self.ensure_one()
        return core_token.derive(
            self.env["billing.link"].sudo()._get_secret(), TOKEN_SCOPE, str(self.id)
        )

    # === BUSINESS METHODS - ANSWERS === #

    @api.model
    def _find(self, offer_id, token):
        """Return the offer that a link to say no is for, or none.

        :param int offer_id: as in the address
        :param str token: as in the address
        :return: in superuser mode
        :rtype: billing.debit.offer
        """
        offer_sudo = self.sudo().browse(offer_id).exists()
        if offer_sudo and hmac.compare_digest(
            offer_sudo._decline_token().encode(), token.encode()
        ):
            return offer_sudo
        return offer_sudo.browse()

    def _decline(self):
        """Note that the customer wants no such messages. Safe to call again.

        :return: None
        """
        for offer_sudo in self.sudo():
            if not offer_sudo.declined_at:
                offer_sudo.declined_at = fields.Datetime.now()
            offer_sudo.partner_id._billing_decline_offers(
                offer_sudo.company_id, dedup_key=f"debit.offer_declined:{offer_sudo.id}"
            )

    # === BUSINESS METHODS - SENDING === #

    def _send(self):
        """Tell the customers, each at the address they prefer.

        What has changed since the preview is looked at once more, and who may not be
        written to at this hour waits. The messages are queued, so they go out when
        this is committed.

        :return: those that are settled: told, left out or not reached
        :rtype: billing.debit.offer
        """
        settled = self.browse()
        for campaign, offers in self.grouped("campaign_id").items():
            company = campaign.company_id
            now = company._billing_now()
            against = campaign._reasons_against(offers.partner_id.ids)
            calendars = company._billing_calendars(offers.partner_id)
            events = []
            for offer in offers:
                reason = against.get(offer.partner_id.id)
                if reason or not offer.move_id:
                    offer.write({"state": "left_out", "reason": reason or "no_address"})
                elif calendars[offer.partner_id.id].next_allowed(now) > now:
                    continue
                else:
                    events += offer._tell(now)
                settled += offer
            self.env["billing.event"]._log(events)
        return settled

    def _tell(self, now):
        """Tell one customer, where it will reach them best.

        :param datetime now: UTC
        :return: the events of it
        :rtype: list[dict]
        """
        self.ensure_one()
        campaign = self.campaign_id
        recipient = self.move_id.partner_id or self.partner_id
        senders = recipient._billing_senders()
        for point in contact.preferred(campaign._allowed_points(self.partner_id)):
            send = senders.get(point.channel)
            if not send:
                continue
            # The link in the message knows by it how it was sent.
            self.channel = point.channel
            if send(point, campaign.template_id, self, self.move_id):
                self.write({"state": "sent", "sent_at": now})
                return [
                    {
                        "kind": "debit.offered",
                        "move_id": self.move_id.id,
                        "partner_id": self.partner_id.id,
                        "channel": point.channel,
                        "payload": {"campaign": campaign.name},
                        "dedup_key": f"debit.offered:{self.id}",
                    }
                ]
        self.write({"state": "unreachable", "channel": False})
        return []

    # === BUSINESS METHODS - RESULTS === #

    @api.model
    def _match_mandates(self):
        """Find the mandates that came of offers, and of customers who were not told.

        A mandate counts that the customer made within the days of the campaign. It
        counts for the latest offer, and for one only.

        :return: number of offers with a mandate that had none before
        :rtype: int
        """
        self.flush_model()
        self.env["billing.mandate"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """UPDATE billing_debit_offer AS offer
                      SET mandate_id = found.mandate_id
                     FROM (SELECT DISTINCT ON (mandate.id)
                                  mandate.id AS mandate_id, other.id
                             FROM billing_debit_offer AS other
                             JOIN billing_debit_campaign AS campaign
                               ON campaign.id = other.campaign_id
                             JOIN billing_mandate AS mandate
                               ON mandate.company_id = other.company_id
                              AND mandate.partner_id = other.partner_id
                              AND mandate.state <> 'draft'
                              AND mandate.origin <> 'import'
                            WHERE other.mandate_id IS NULL
                              AND (other.sent_at IS NOT NULL
                                   OR other.reason = 'held_out')
                              AND COALESCE(mandate.signed_at, mandate.create_date)
                                  BETWEEN COALESCE(other.sent_at, campaign.started_at)
                                      AND COALESCE(other.sent_at, campaign.started_at)
                                          + campaign.result_days * INTERVAL '1 day'
                              AND NOT EXISTS (
                                  SELECT
                                    FROM billing_debit_offer AS taken
                                   WHERE taken.mandate_id = mandate.id)
                         ORDER BY mandate.id,
                                  COALESCE(other.sent_at, campaign.started_at) DESC
                          ) AS found
                    WHERE offer.id = found.id
                RETURNING offer.id"""
            )
        )
        self.invalidate_model(["mandate_id"])
        offers = self.browse(offer_id for (offer_id,) in rows)
        self.env["billing.event"]._log(
            [
                {
                    "kind": "debit.offer_taken",
                    "partner_id": offer.partner_id.id,
                    "company_id": offer.company_id.id,
                    "actor": "customer",
                    "payload": {"campaign": offer.campaign_id.name},
                    "dedup_key": f"debit.offer_taken:{offer.id}",
                }
                for offer in offers
                if offer.sent_at
            ]
        )
        return len(offers)
