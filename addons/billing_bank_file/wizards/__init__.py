from . import billing_bank_file_upload, billing_table_mapping
