{
    "name": "Billing: KID and OCR Match",
    "summary": "Finds the invoice of payments whose KID or OCR number is damaged",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "Kvitt",
    "license": "LGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_bank_file"],
    "external_dependencies": {"python": ["rapidfuzz"]},
    "data": [
        "security/ir.model.access.csv",
        "security/billing_kid_match_security.xml",
        "views/billing_payment_views.xml",
        "views/res_config_settings_views.xml",
        "views/billing_kid_match_menus.xml",
    ],
    "assets": {
        "web.assets_backend": ["billing_kid_match/static/src/scss/review.scss"],
        "web.assets_tests": ["billing_kid_match/static/tests/tours/**/*.js"],
    },
}
