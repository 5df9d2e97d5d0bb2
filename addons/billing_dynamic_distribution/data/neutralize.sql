-- a copy of the database sends no SMS, and knows no gateway
UPDATE res_company
   SET billing_sms_provider = 'odoo',
       billing_sms_http_url = NULL,
       billing_sms_http_username = NULL,
       billing_sms_http_password = NULL;
