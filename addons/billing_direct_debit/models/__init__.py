# With the bank: who draws money, and from whom.
from . import billing_debit_agreement
from . import billing_mandate
from . import billing_mandate_request
from . import billing_mandate_life
from . import billing_mandate_approve
from . import billing_mandate_answer
from . import billing_mandate_words
from . import billing_mandate_forget
from . import billing_event_mandate
from . import account_move_mandate
from . import res_partner_mandate
from . import res_company_mandate
from . import res_config_settings_mandate

# What is drawn.
from . import billing_debit_rule
from . import billing_debit_agreement_claim
from . import billing_debit_agreement_receipt
from . import billing_debit_batch
from . import billing_debit_batch_content
from . import billing_debit_batch_deliver
from . import billing_debit_claim
from . import billing_debit_claim_settle
from . import billing_debit_claim_batch
from . import billing_debit_claim_watch
from . import billing_debit_claim_told
from . import billing_debit_planner
from . import billing_mandate_claim
from . import account_move_debit
from . import account_move_claim
from . import account_move_payment_part_debit
from . import billing_distribution_attempt_debit
from . import billing_event_debit

# What is done when the money does not come.
from . import billing_debit_agreement_retry
from . import billing_mandate_failure
from . import res_company_pay_day
from . import billing_debit_claim_failure
from . import billing_debit_claim_decide
from . import billing_debit_claim_retry
from . import billing_debit_claim_limit
from . import billing_channel_debit
from . import billing_distribution_sender_debit
from . import billing_distribution_trouble_debit
from . import billing_distribution_attempt_retry
from . import account_move_debit_failure
from . import billing_debit_claim_customer
from . import billing_event_failure

# What the bank answers.
from . import billing_debit_answer
from . import billing_debit_answer_import
from . import billing_debit_answer_apply
from . import billing_debit_answer_debits
from . import billing_debit_answer_words
from . import billing_debit_claim_answer
from . import billing_mandate_answer_forget
from . import billing_bank_file_debit
from . import billing_payment_debit
from . import account_journal_debit
from . import billing_event_answer

# Who is told of direct debit, and what it brings.
from . import billing_debit_campaign
from . import billing_debit_campaign_audience
from . import billing_debit_campaign_figures
from . import billing_debit_offer
from . import billing_event_offer
from . import billing_link_offer
from . import res_partner_offer
from . import res_company_debit_saving
from . import res_config_settings_debit_saving
from . import billing_debit_signup_report
from . import billing_debit_adoption_report
from . import billing_debit_failure_report

# What customers do on the page of an invoice.
from . import billing_identification
from . import billing_identification_demo
from . import billing_debit_agreement_signup
from . import billing_debit_signup
from . import billing_debit_signup_norway
from . import billing_debit_signup_sweden
from . import billing_mandate_signup
from . import billing_event_signup
from . import account_move_signup
