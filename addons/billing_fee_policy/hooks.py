def post_init_hook(env):
    """Give the companies that exist already their policies, as drafts."""
    env["billing.dunning.policy"]._create_shipped_policies(
        env["res.company"].search([])
    )


def uninstall_hook(env):
    """Leave nothing in core's tables that points at what is gone."""
