/**
 * Pictures of reminders, fees and what is forgiven, from the demo. Called by shoot.cjs
 * with its own helpers: they open a screen, call a method and save a picture.
 */
const path = require("path");

const ADDON = "billing_fee_policy";
// Whose users the pictures show; another company's record would switch theirs.
const OURS = ["company_id.name", "=", "Fjordlys AS"];
const CHARGED = [
  OURS,
  ["kind", "=", "notice"],
  ["state", "=", "sent"],
  ["charged", ">", 0],
  ["line_ids.move_id.billing_charge_ids.state", "=", "booked"],
  ["line_ids.move_id.billing_charge_ids.state", "not in", ["waived", "paid"]],
];

function feePages({base, folder, open, call, shoot}) {
  /** Opens the first record of an action's model that a domain finds. */
  async function form(page, action, model, domain, ready) {
    const [id] = await call(page, model, "search", [domain], {limit: 1});
    await page.goto(`${base}/odoo/action-${ADDON}.${action}/${id}`);
    await page.waitForSelector(`.o_form_view ${ready}`);
    // What was written about it comes later than the form.
    const chatter = ".o-mail-Chatter";
    if (await page.locator(chatter).count()) {
      await page.waitForSelector(
        `${chatter} .o-mail-Message, ${chatter} .o-mail-Thread-empty`
      );
    }
  }

  /** A letter as its customer gets it, in the viewer of PDFs that Odoo has. */
  async function letter(page) {
    const [reminder] = await call(page, "billing.reminder", "search", [CHARGED], {
      limit: 1,
    });
    const file = `/report/pdf/${ADDON}.report_reminder/${reminder}`;
    const [{partner_id: partner}] = await call(page, "billing.reminder", "read", [
      [reminder],
      ["partner_id"],
    ]);
    await call(page, "res.partner", "write", [[partner[0]], {lang: "en_US"}]);
    await page.setViewportSize({width: 1000, height: 1500});
    await page.goto(
      `${base}/web/static/lib/pdfjs/web/viewer.html?file=${file}#zoom=100`
    );
    // The sheet alone: the bar of the viewer stands above it.
    await page.addStyleTag({
      content:
        "#mainContainer > .toolbar { display: none } #viewerContainer { inset: 0 !important }",
    });
    const sheet = page.locator(".page[data-page-number='1']");
    await sheet.locator(".endOfContent").waitFor({state: "attached"});
    await sheet.screenshot({path: path.join(folder, "fee-letter.png")});
  }

  /** What staff see on a desk. */
  async function desk(page) {
    await open(page, `${ADDON}.billing_reminder_action`, ".o_data_row");
    // What was sent, above what waits.
    for (let clicks = 0; clicks < 2; clicks++) {
      const sorted = page.waitForResponse(/web_search_read/);
      await page.click("th[data-name=charged]");
      await sorted;
    }
    await page.waitForSelector(".o_data_row .text-bg-success");
    await shoot(page, "fee-reminders");
    await form(
      page,
      "billing_reminder_action",
      "billing.reminder",
      CHARGED,
      "[name=line_ids] .o_data_row"
    );
    await shoot(page, "fee-reminder");
    await form(
      page,
      "billing_dunning_policy_action",
      "billing.dunning.policy",
      [OURS, ["state", "=", "active"]],
      "[name=step_ids] .o_data_row"
    );
    await shoot(page, "fee-policy");
    await form(
      page,
      "billing_waiver_rule_action",
      "billing.waiver.rule",
      [["relation_months", ">", 0]],
      "[name=sentence]"
    );
    await shoot(page, "fee-waiver-rule");
    await form(
      page,
      "billing_law_pack_action",
      "billing.law.pack",
      [["code", "=", "no_1988"]],
      ".o_notebook"
    );
    await shoot(page, "fee-law");
    await form(
      page,
      "billing_collection_batch_action",
      "billing.collection.batch",
      [OURS, ["state", "=", "draft"]],
      "[name=case_ids] .o_data_row"
    );
    await shoot(page, "fee-handover");
    await form(
      page,
      "billing_fee_simulation_action",
      "billing.fee.simulation",
      [OURS, ["state", "=", "done"]],
      ".o_billing_simulation"
    );
    await shoot(page, "fee-simulation");
    await open(page, `${ADDON}.billing_fee_review_action`, ".o_form_view");
    await shoot(page, "fee-review");
    await open(page, `${ADDON}.billing_fee_report_action`, ".o_pivot table");
    await shoot(page, "fee-report");
  }

  /** What a clerk finds on an invoice whose customer asks about a fee. */
  async function invoice(page) {
    const [charge] = await call(
      page,
      "billing.charge",
      "search_read",
      [
        [
          OURS,
          ["kind", "=", "fee"],
          ["state", "=", "booked"],
          // What the law says is asked of what is still to be paid.
          ["move_id.payment_state", "in", ["not_paid", "partial"]],
        ],
        ["move_id"],
      ],
      {limit: 1}
    );
    await page.goto(
      `${base}/odoo/action-account.action_move_out_invoice_type/${charge.move_id[0]}`
    );
    await page.click("a[name=billing_charges]");
    await page.waitForSelector("[name=billing_charge_ids] .o_data_row");
    await shoot(page, "fee-invoice");
    await page.click("button[name=action_billing_law]");
    await page.waitForSelector(".modal :text('Late interest')");
    await shoot(page, "fee-law-question");
    await page.click(".modal .btn-close");
    await page.waitForSelector(".modal", {state: "detached"});
    await page.click("button[name=action_billing_waive]");
    await page.waitForSelector(".modal [name=charge_ids] .o_data_row");
    await shoot(page, "fee-drop");
  }

  async function phone(page) {
    await open(
      page,
      `${ADDON}.billing_reminder_action`,
      ".o_kanban_record:not(.o_kanban_ghost)"
    );
    await shoot(page, "fee-reminders-phone");
  }

  return {desk, invoice, letter, phone};
}

module.exports = {feePages};
