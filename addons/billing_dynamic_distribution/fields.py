"""A kind of field for tables that are filled a million rows at a time."""

from odoo import fields
from odoo.tools import sql


class GuardedMany2one(fields.Many2one):
    """A link without a foreign key, to a row that its own model does not let go.

    For each row that is inserted, a foreign key looks its target up and locks it. Where
    a million rows point at the same plan that is most of the work, and it proves the
    same thing a million times. The model that is pointed at refuses instead to delete
    what is in use; see ``docs/decisions/0018-plans-choose-by-query.md``.
    """

    def update_db_foreign_key(self, model, column):
        """Override: there is none, and one of an earlier version goes."""
        comodel = model.env[self.comodel_name]
        for name in sql.get_foreign_keys(
            model.env.cr, model._table, self.name, comodel._table, "id", self.ondelete
        ):
            sql.drop_constraint(model.env.cr, model._table, name)
