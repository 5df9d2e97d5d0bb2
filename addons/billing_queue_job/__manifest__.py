{
    "name": "Billing: Distribution over Many Workers",
    "summary": "Plans and sends as jobs of the OCA's queue, on many machines",
    "version": "19.0.1.0.0",
    "category": "Accounting/Billing",
    "author": "Kvitt",
    # As parts of the addon of the OCA that it builds on.
    "license": "AGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_dynamic_distribution", "queue_job"],
    "data": [
        "data/queue_job_channel.xml",
        "data/queue_job_function.xml",
        "views/queue_job_views.xml",
    ],
    "auto_install": True,
    "uninstall_hook": "uninstall_hook",
}
