/**
 * Pictures of direct debit, from the demo. Called by shoot.cjs with its own helpers:
 * they open a screen, call a method and save a picture.
 */
const ADDON = "billing_direct_debit";
// Whose users the pictures show; another company's record would switch theirs.
const OURS = ["company_id.name", "=", "Fjordlys AS"];

function debitPages({base, open, call, shoot}) {
  /** Opens the first record of an action's model that a domain finds. */
  async function form(page, action, model, domain, ready) {
    const [id] = await call(page, model, "search", [[OURS, ...domain]], {limit: 1});
    await page.goto(`${base}/odoo/action-${ADDON}.${action}/${id}`);
    await page.waitForSelector(`.o_form_view ${ready}`);
  }

  /** What staff see on a desk. */
  async function desk(page) {
    await open(page, `${ADDON}.billing_mandate_action`, ".o_data_row");
    await shoot(page, "debit-mandates");
    await open(page, `${ADDON}.billing_debit_claim_action`, ".o_data_row");
    await shoot(page, "debit-claims");
    await form(
      page,
      "billing_debit_batch_action",
      "billing.debit.batch",
      [
        ["kind", "=", "claims"],
        ["state", "=", "draft"],
      ],
      "[name=preview]"
    );
    await shoot(page, "debit-batch");
    await open(page, `${ADDON}.billing_debit_answer_action`, ".o_data_row");
    await shoot(page, "debit-answers");
    await open(page, `${ADDON}.billing_debit_failure_report_action`, ".o_pivot table");
    await shoot(page, "debit-failures");
    await open(
      page,
      `${ADDON}.billing_debit_adoption_report_action`,
      ".o_graph_canvas_container canvas"
    );
    await shoot(page, "debit-share");
    await open(
      page,
      `${ADDON}.billing_debit_signup_report_action`,
      ".o_graph_canvas_container canvas"
    );
    await shoot(page, "debit-signups");
    await form(
      page,
      "billing_debit_campaign_action",
      "billing.debit.campaign",
      [],
      "[name=summary]"
    );
    await shoot(page, "debit-campaign");
    await form(
      page,
      "billing_debit_agreement_action",
      "billing.debit.agreement",
      [],
      ".o_notebook"
    );
    await shoot(page, "debit-agreement");
  }

  async function phone(page) {
    await open(
      page,
      `${ADDON}.billing_debit_claim_action`,
      ".o_kanban_record:not(.o_kanban_ghost)"
    );
    await shoot(page, "debit-claims-phone");
  }

  return {desk, phone};
}

module.exports = {debitPages};
