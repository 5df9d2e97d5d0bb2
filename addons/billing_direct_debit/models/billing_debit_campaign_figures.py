from odoo import models
from odoo.tools import SQL


class BillingDebitCampaign(models.Model):
    """What a campaign would do, or did, in figures and in words."""

    _inherit = "billing.debit.campaign"

    # === HELPERS - FIGURES === #

    def _counts(self):
        """Return the figures of campaigns, by id, with one query.

        :rtype: dict[int, dict[str, int]]
        """
        names = (
            "gain_count planned_count left_out_count told_count opened_count "
            "declined_count signup_count held_out_count held_out_signups "
            "unreachable_count"
        ).split()
        counts = {campaign.id: dict.fromkeys(names, 0) for campaign in self}
        if not self.ids:
            return counts
        self.env["billing.debit.offer"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT campaign_id, COUNT(*),
                          COUNT(*) FILTER (WHERE state = 'planned'),
                          COUNT(*) FILTER (WHERE state = 'left_out'),
                          COUNT(sent_at), COUNT(opened_at), COUNT(declined_at),
                          COUNT(mandate_id) FILTER (WHERE sent_at IS NOT NULL),
                          COUNT(*) FILTER (WHERE reason = 'held_out'),
                          COUNT(mandate_id) FILTER (WHERE reason = 'held_out'),
                          COUNT(*) FILTER (WHERE state = 'unreachable')
                     FROM billing_debit_offer
                    WHERE campaign_id = ANY(%s)
                 GROUP BY campaign_id""",
                self.ids,
            )
        )
        for campaign_id, *figures in rows:
            counts[campaign_id].update(zip(names, figures, strict=True))
        return counts

    def _left_out(self):
        """Return how many are left out for which reason, the most frequent first.

        :rtype: list[tuple[str, int]]
        """
        labels = dict(
            self.env["billing.debit.offer"]
            ._fields["reason"]
            ._description_selection(self.env)
        )
        groups = (
            self.env["billing.debit.offer"]
            .sudo()
            ._read_group(
                [("campaign_id", "=", self.id), ("state", "=", "left_out")],
                ["reason"],
                ["__count"],
                order="__count DESC",
            )
        )
        return [(labels.get(reason, ""), count) for reason, count in groups]

    def _sentences(self, figures):
        """Return what a campaign does, or did, a sentence each.

        :param dict figures: of :meth:`_counts`
        :rtype: list[str]
        """
        self.ensure_one()
        sentences = []
        if self.state == "draft":
            sentences.append(
                self.env._(
                    "%(gain)s customers would gain by direct debit. %(told)s of them "
                    "would be told.",
                    gain=figures["gain_count"],
                    told=figures["planned_count"],
                )
            )
            left_out = self._left_out()
            if left_out:
                sentences.append(
                    self.env._(
                        "Left out: %(reasons)s.",
                        reasons=", ".join(
                            f"{label.lower()} ({count})" for label, count in left_out
                        ),
                    )
                )
            return sentences
        sentences.append(
            self.env._(
                "%(told)s customers were told. %(opened)s opened the page, "
                "%(signups)s signed up, %(declined)s want no more offers.",
                told=figures["told_count"],
                opened=figures["opened_count"],
                signups=figures["signup_count"],
                declined=figures["declined_count"],
            )
        )
        if figures["planned_count"]:
            sentences.append(
                self.env._(
                    "%(count)s wait for an hour at which they may be written to.",
                    count=figures["planned_count"],
                )
            )
        if figures["told_count"] and figures["held_out_count"]:
            sentences.append(
                self.env._(
                    "Of those told %(told)s %% signed up; of the %(count)s who were "
                    "not told %(others)s %%.",
                    told=round(
                        100 * figures["signup_count"] / figures["told_count"], 1
                    ),
                    count=figures["held_out_count"],
                    others=round(
                        100 * figures["held_out_signups"] / figures["held_out_count"], 1
                    ),
                )
            )
        return sentences
