def post_init_hook(env):
    """Give the customers that exist already their contact points."""
    env["res.partner"]._billing_sync_all_contact_points()


def uninstall_hook(env):
    """Leave nothing in core's tables that points at what is gone."""
    env["account.journal"]._billing_leave_reference_model()
    env["res.partner"]._billing_leave_address_tasks()
    env["billing.reference.scheme"]._billing_drop_sequences()
