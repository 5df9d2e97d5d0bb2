from . import res_company
from . import res_config_settings

# The law: what may be sent and charged.
from . import billing_law_pack
from . import billing_law_words
from . import billing_law_alert
from . import billing_law_rule
from . import billing_law_rate
from . import billing_law_agreement
from . import billing_event_law
from . import account_move_law
from . import res_partner_law

# The ladder and what climbs it.
from . import billing_dunning_step
from . import billing_dunning_policy
from . import billing_dunning_policy_shipped
from . import billing_reminder
from . import billing_reminder_line
from . import billing_event_reminder
from . import billing_dunning_facts
from . import billing_dunning_planner
from . import billing_dunning_drafts
from . import billing_dunning_writer
from . import billing_dunning_words
from . import account_move_reminder
from . import res_partner_reminder

# The letters: what they say, and how they go out.
from . import billing_letter_batch
from . import billing_reminder_batch
from . import billing_reminder_words
from . import billing_reminder_letter
from . import billing_reminder_line_letter
from . import billing_reminder_texts
from . import billing_reminder_send
from . import billing_event_letter
from . import res_company_letter
from . import res_config_settings_letter
from . import res_partner_letter

# Fees and interest in the books.
from . import account_move_charge
from . import account_move_interest
from . import account_partial_reconcile_charge
from . import billing_charge
from . import billing_charge_closing
from . import billing_charge_objection
from . import billing_charge_reverse
from . import billing_charge_words
from . import billing_dunning_planner_charge
from . import billing_event_charge
from . import billing_reminder_line_charge
from . import res_company_charge
from . import res_config_settings_charge

# Collection, and what comes before a supply is cut.
from . import billing_collection_agency
from . import billing_collection_batch
from . import billing_collection_case
from . import billing_collection_message
from . import billing_collection_answers
from . import billing_collection_batch_content
from . import billing_collection_batch_deliver
from . import billing_disconnection_rule
from . import billing_disconnection_section
from . import billing_disconnection_notice
from . import billing_disconnection_texts
from . import billing_event_collection
from . import account_move_collection
from . import res_company_collection
from . import res_config_settings_collection

# When a fee is left out.
from . import billing_waiver_reason
from . import billing_waiver_rule
from . import billing_waiver_rule_words
from . import billing_waiver_exception
from . import billing_waiver_month
from . import billing_waiver
from . import billing_charge_waiver
from . import billing_reminder_line_waiver
from . import billing_reminder_waiver
from . import account_move_waiver
from . import billing_event_waiver
from . import res_partner_waiver
from . import res_company_waiver
from . import res_config_settings_waiver

# What policies would do, and what fees are worth.
from . import billing_fee_history
from . import billing_fee_report
from . import billing_fee_simulation
from . import billing_fee_simulation_line
from . import billing_fee_simulation_words
from . import res_company_profit
from . import res_config_settings_profit
