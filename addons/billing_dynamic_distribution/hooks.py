def post_init_hook(env):
    """Give the companies that exist already their plans, as drafts."""
    env["billing.distribution.plan"]._create_shipped_plans(
        env["res.company"].search([])
    )


def uninstall_hook(env):
    """Let what shipped with the addon be removed though plans and messages use it."""
    env["billing.distribution.plan"]._drop_foreign_keys()
