from odoo import api, fields, models

from ..core import topic as core_topic


class BillingConversationTopic(models.Model):
    """Something that customers write about."""

    _name = "billing.conversation.topic"
    _description = "Topic of Conversations"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    words = fields.Text(
        help="Words and phrases of all languages, separated by commas or lines. A "
        "message with one of them gets the topic. An asterisk at the end stands for "
        "the rest of a word: purr* also finds purregebyr.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Assign To",
        domain=[("share", "=", False)],
        help="Takes conversations about it that nobody has taken.",
    )
    answer_hours = fields.Float(
        string="Answer Within",
        help="Opening hours; 0 leaves it to the settings of the company.",
    )
    company_id = fields.Many2one(
        "res.company", help="Left empty: for all companies.", index=True
    )

    _answer_hours_positive = models.Constraint(
        "CHECK(answer_hours >= 0)", "The time for an answer cannot be negative."
    )

    @api.model
    def _matching(self, text, company):
        """Return the topics of a company that a message is about.

        :param str text: plain text of the message
        :param company: the ``res.company`` it was written to
        :rtype: billing.conversation.topic
        """
        topics_sudo = self.sudo().search(
            [("company_id", "in", [company.id, False]), ("words", "!=", False)]
        )
        return topics_sudo.browse(
            core_topic.matching(text, {topic.id: topic.words for topic in topics_sudo})
        )
