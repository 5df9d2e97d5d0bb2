from odoo.tools import SQL


def post_init_hook(env):
    """Give the companies that exist already their policies, as drafts."""
    env["billing.dunning.policy"]._create_shipped_policies(
        env["res.company"].search([])
    )


def uninstall_hook(env):
    """Let what shipped with the addon be removed though other rows use it.

    The tables go anyway, after the reasons, rules and laws that their rows hold on to.
    """
    tables = [
        model._table
        for model in env.values()
        if model._original_module == "billing_fee_policy" and not model._abstract
    ]
    rows = env.execute_query(
        SQL(
            """SELECT conrelid::regclass::text, conname FROM pg_constraint
                WHERE contype = 'f' AND conrelid::regclass::text = ANY(%(tables)s)
                  AND confrelid::regclass::text = ANY(%(tables)s)""",
            tables=tables,
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
