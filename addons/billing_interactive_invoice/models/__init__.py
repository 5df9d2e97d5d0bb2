from . import billing_page_submission
from . import account_move_page
from . import account_move_documents
