-- a copy of the database sends no SMS, and knows no gateway
UPDATE res_company
   SET billing_sms_provider = 'odoo',
       billing_sms_http_url = NULL,
       billing_sms_http_username = NULL,
       billing_sms_http_password = NULL;

-- and hands nothing to a print house or an operator
UPDATE res_company
   SET billing_letter_provider = NULL,
       billing_efaktura_provider = NULL,
       billing_efaktura_settings = NULL,
       billing_mailbox_provider = NULL,
       billing_mailbox_settings = NULL;
