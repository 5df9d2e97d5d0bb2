def uninstall_hook(env):
    """Withdraw the reminders that wait to go out: nobody would know them as such.

    Without this addon their messages would be messages about invoices.
    """
    attempts_sudo = (
        env["billing.distribution.attempt"]
        .sudo()
        .search([("reminder_id", "!=", False), ("state", "=", "planned")])
    )
    reminders_sudo = attempts_sudo.reminder_id
    attempts_sudo._apply("cancelled")
    reminders_sudo._billing_withdraw(
        env._("Given up before it went out: distribution no longer sends reminders.")
    )
