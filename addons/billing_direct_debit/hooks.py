"""What removing the addon does beside its data."""

from odoo.tools import SQL

#: Columns of others that keep hold of a text which ships with the addon.
_USED_BY = (
    ("billing_distribution_attempt", "content_id"),
    ("billing_distribution_step", "template_id"),
    ("billing_distribution_step", "text_id"),
)
_MODULE = "billing_direct_debit"


def uninstall_hook(env):
    """Let what shipped with the addon be removed, but for what history needs.

    Texts that messages were sent with, or that plans use, belong to the company from
    now on. Own tables go, whatever their rows hold on to.
    """
    _release_texts(env)
    _drop_foreign_keys(env)


def _release_texts(env):
    contents = env["billing.distribution.content"].with_context(active_test=False)
    names = env["ir.model.data"].search([("module", "=", _MODULE)])
    by_model = names.grouped("model")
    shipped = contents.browse(
        name.res_id for name in by_model.get(contents._name, names.browse())
    )
    used = contents.browse(
        row[0]
        for table, column in _USED_BY
        for row in env.execute_query(
            SQL(
                """SELECT DISTINCT %(column)s FROM %(table)s
                    WHERE %(column)s = ANY(%(ids)s)""",
                column=SQL.identifier(column),
                table=SQL.identifier(table),
                ids=shipped.ids,
            )
        )
    )
    # A copy made for a plan knows what it was copied from.
    used |= shipped & contents.search([("original_id", "in", shipped.ids)]).original_id
    templates = used.mail_template_id
    kept = {(used._name, one.id) for one in used}
    kept |= {(templates._name, one.id) for one in templates}
    names.filtered(lambda name: (name.model, name.res_id) in kept).unlink()
    used.active = False


def _drop_foreign_keys(env):
    tables = [
        model._table
        for model in env.values()
        if model._original_module == _MODULE and not model._abstract
    ]
    rows = env.execute_query(
        SQL(
            """SELECT conrelid::regclass::text, conname FROM pg_constraint
                WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)""",
            tables,
        )
    )
    for table, name in rows:
        env.cr.execute(
            SQL(
                "ALTER TABLE %s DROP CONSTRAINT %s",
                SQL.identifier(table),
                SQL.identifier(name),
            )
        )
