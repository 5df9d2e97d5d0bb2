"""What installing and removing the addon does beside its data."""


def uninstall_hook(env):
    """Take along the number sequences that agreements made."""
    env["billing.debit.agreement"]._drop_sequences()
