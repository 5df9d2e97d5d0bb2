from odoo import models


class BillingIdentification(models.AbstractModel):
    """A provider of electronic identification: the contract.

    A provider is an abstract model ``billing.identification.<code>`` that inherits this
    one, and an option ``<code>`` that its addon adds to the field ``identification`` of
    ``billing.debit.agreement``. Who a person is, a provider learns from the scheme's
    own server (BankID: ``auth`` or ``sign``, then ``collect``), never from what a
    browser brings along. It keeps what it needs to ask again in ``provider_data`` of
    the signup.

    Every provider passes the tests of ``identification_contract``.
    """

    _name = "billing.identification"
    _description = "Electronic Identification"

    def _label(self):
        """Return what customers call it, such as «BankID».

        :rtype: str
        """
        raise NotImplementedError

    def _may_be_used(self, agreement):
        """Return whether it may be used for an agreement.

        :param agreement: ``billing.debit.agreement``
        :rtype: bool
        """
        return True

    def _start(self, signup, return_url):
        """Begin to find out who signs; called again for the same signup, go on.

        The text that is signed is ``signup.consent``.

        :param signup: ``billing.debit.signup``, in superuser mode
        :param str return_url: where the browser comes back to, whatever comes of it
        :return: address the browser goes to
        :rtype: str
        :raises UserError: it cannot be begun now; says what to do
        """
        raise NotImplementedError

    def _collect(self, signup):
        """Return how the identification stands, as the provider's server knows it.

        May be asked any number of times, also when it is long over. A server that does
        not answer just now is :data:`core.identification.PENDING`, and no error.

        :param signup: ``billing.debit.signup``, in superuser mode
        :rtype: core.identification.Outcome
        """
        raise NotImplementedError
