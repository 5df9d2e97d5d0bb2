from . import billing_bank_file_upload, billing_payment_decide, billing_table_mapping
