def post_init_hook(env):
    """Give the customers that exist already their contact points."""
    env["res.partner"]._billing_sync_all_contact_points()


def uninstall_hook(env):
    """Leave the journals with a reference model that still exists."""
    env["account.journal"]._billing_leave_reference_model()
