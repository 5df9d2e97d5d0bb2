def post_init_hook(env):
    """Prepare what the companies that exist already need."""


def uninstall_hook(env):
    """Leave nothing in core's tables that points at what is gone."""
