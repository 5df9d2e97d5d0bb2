-- a copy of the database sends no SMS
UPDATE res_company
   SET billing_sms_provider = 'odoo',
       billing_sms_http_password = NULL;
