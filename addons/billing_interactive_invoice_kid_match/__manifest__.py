{
    "name": "Billing: «I Have Paid» Finds the Payment",
    "summary": "What customers say they paid is looked for by matching",
    "version": "19.0.1.0.0",
    "category": "Accounting/Billing",
    "author": "Kvitt",
    "license": "LGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_interactive_invoice", "billing_kid_match"],
    "data": ["views/billing_request_views.xml"],
    "auto_install": True,
}
