from . import billing_bank_file_upload
