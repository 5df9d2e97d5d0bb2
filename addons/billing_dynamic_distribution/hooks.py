def post_init_hook(env):
    """Give the companies that exist already their plans, as drafts."""
    env["billing.distribution.plan"]._create_shipped_plans(
        env["res.company"].search([])
    )
