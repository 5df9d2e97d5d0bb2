from odoo import models
from odoo.exceptions import UserError

from ..core import identification

#: Page on which anybody can say to be anybody. Only agreements of test have it.
PAGE = "/billing/demo/bankid"


class BillingIdentificationDemo(models.AbstractModel):
    """Stands in for BankID where no money moves: whoever says a number is that person.

    It answers for agreements of test alone; see ``_identification_demo_is_test`` and
    :meth:`_may_be_used`.
    """

    _name = "billing.identification.demo"
    _inherit = "billing.identification"
    _description = "Electronic Identification: Demo"

    def _label(self):
        """Override: nobody may take it for the real one."""
        return self.env._("BankID (demo)")

    def _may_be_used(self, agreement):
        """Override: never where money moves."""
        return agreement.is_test

    def _start(self, signup, return_url):
        """Override: a page of our own."""
        if not self._may_be_used(signup.agreement_id):
            raise UserError(
                self.env._("The demo of BankID is for agreements of test only.")
            )
        return f"{PAGE}?key={signup._key()}"

    def _collect(self, signup):
        """Override: what was said on the page."""
        said = signup.provider_data or {}
        if not self._may_be_used(signup.agreement_id):
            return identification.Outcome(identification.FAILED)
        if said.get("state") != identification.DONE:
            return identification.Outcome(said.get("state") or identification.PENDING)
        return identification.Outcome(
            identification.DONE,
            identity=said["identity"],
            name=said["name"],
            evidence={"provider": "demo", "reference": f"demo-{signup.id}"},
        )

    def _say(self, signup, identity, name):
        """Note who somebody claims to be.

        :param str identity: 12 digits; nothing when they do not want to go on
        :param str name: as typed
        :return: None
        """
        if not self._may_be_used(signup.agreement_id) or signup.state != "started":
            return
        signup.provider_data = (
            {"state": identification.DONE, "identity": identity, "name": name}
            if identity
            else {"state": identification.CANCELLED}
        )
