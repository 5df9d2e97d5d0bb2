/**
 * Takes the pictures of the documentation, in a running Odoo with the demo's books.
 *
 * Called by `make screenshots` with the address of the server, the browser's path and
 * the folder for the pictures. It changes the books it looks at: use a copy.
 */
const {chromium} = require("playwright-core");
const fs = require("fs");
const path = require("path");

const {customerPages} = require("./customer_page.cjs");
const {debitPages} = require("./debits.cjs");
const {feePages} = require("./fees.cjs");

const [base, executablePath, folder, world] = process.argv.slice(2);
const LONGEST_WAIT = 60000;

async function login(browser, user, viewport = {width: 1400, height: 900}) {
  const context = await browser.newContext({
    viewport,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(LONGEST_WAIT);
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.goto(`${base}/web/login`);
  await page.fill("#login", user);
  await page.fill("#password", user);
  await page.click("button[type=submit]");
  await page.waitForSelector(".o_main_navbar");
  return page;
}

async function open(page, action, ready) {
  await page.goto(`${base}/odoo/action-${action}`);
  await page.waitForSelector(ready);
}

async function shoot(page, name) {
  // Fonts and pictures are in; nothing has the focus or a tooltip.
  await page.waitForSelector(".o_loading_indicator", {state: "detached"});
  await page.waitForFunction("[...document.images].every((i) => i.complete)");
  await page.evaluate("document.fonts.ready");
  await page.evaluate("document.activeElement?.blur()");
  await page.mouse.move(700, 895);
  await page.screenshot({path: path.join(folder, `${name}.png`)});
}

async function upload(page, name, content) {
  await page.click(".o_control_panel button:has-text('Upload')");
  await page.setInputFiles(".modal input.o_input_file", {
    name,
    mimeType: "text/plain",
    buffer: Buffer.from(content),
  });
  await page.waitForSelector(`.modal .o_attachment:has-text("${name}")`);
}

async function bankFiles(page) {
  const list = "billing_bank_file.billing_bank_file_action";
  await open(page, list, ".o_list_view .o_data_row");
  await upload(page, "ocr-2026-11-20.txt", "NY000010 cut off\n");
  await shoot(page, "upload");
  await page.click("button[name=action_upload]");
  await page.waitForSelector(".o_form_view .alert-danger");
  await open(page, list, ".o_list_view .o_data_row");
  await shoot(page, "bank-files");
}

async function review(page) {
  await open(
    page,
    "billing_kid_match.billing_payment_review_action",
    ".o_list_view .o_data_row .o_billing_candidate"
  );
  await shoot(page, "review-list");
  await page
    .locator(".o_data_row:has(.o_billing_digit) td[name=payer_name]")
    .first()
    .click();
  await page.waitForSelector(".o_form_view .o_billing_digit");
  await shoot(page, "payment-form");
}

const DESK = "billing_kid_match.billing_review_desk_action";
const DAMAGED = [
  ["state", "=", "reconciled"],
  ["candidate_ids.distance", "=", 1],
];

async function call(page, model, method, args, kwargs = {}) {
  return page.evaluate(
    async (params) => {
      const response = await fetch(
        `/web/dataset/call_kw/${params.model}/${params.method}`,
        {
          method: "POST",
          headers: {"Content-Type": "application/json"},
          body: JSON.stringify({jsonrpc: "2.0", method: "call", params}),
        }
      );
      const answer = await response.json();
      if (answer.error) {
        throw new Error(answer.error.data.message);
      }
      return answer.result;
    },
    {model, method, args, kwargs}
  );
}

/** Takes repaired payments off their invoices, so that somebody has to look at them. */
async function takeBack(page) {
  const ids = await call(page, "billing.payment", "search", [DAMAGED], {limit: 4});
  await call(page, "billing.payment", "action_undo", [ids]);
  return ids;
}

async function choose(page, id) {
  const chosen = `.o_review_row_selected[data-id="${id}"]`;
  await page.focus(".o_review_list");
  while (!(await page.locator(chosen).count())) {
    await page.keyboard.press("ArrowDown");
  }
  await page.waitForSelector(`.o_review_payment[data-id="${id}"] .o_review_bar`, {
    state: "attached",
  });
}

async function reviewDesk(page, id) {
  await open(page, DESK, ".o_review_row_selected");
  await choose(page, id);
  await shoot(page, "review-desk");
  await page
    .locator(".o_review_card_active")
    .screenshot({path: path.join(folder, "review-desk-evidence.png")});
}

async function reviewDeskOnPhone(page, id) {
  await open(page, DESK, ".o_review_row_selected");
  await shoot(page, "review-desk-phone");
  await choose(page, id);
  await page.locator(".o_review_row_selected").click();
  await shoot(page, "review-desk-phone-payment");
}

async function history(page) {
  await page.locator("[name=candidate_ids] td[name=move_id] a").first().click();
  await page.waitForSelector("button[name=action_billing_hold]");
  await page.click("button[name=action_billing_hold]");
  await page.fill(".modal [name=reason] input", "Meter reading is being checked");
  await page.click("button[name=action_place]");
  await page.waitForSelector(".modal", {state: "detached"});
  await page.waitForSelector(".alert:has-text('Meter reading')");
  await shoot(page, "invoice-hold");
  await page.click("button[name=action_billing_release_holds]");
  await page.waitForSelector(".alert:has-text('Meter reading')", {
    state: "detached",
  });
  await page.click(".o_back_button, .breadcrumb-item a >> nth=-1");
  await page.waitForSelector("[name=candidate_ids]");
  await page.click(".o_form_statusbar button[name=action_accept]");
  await page.waitForSelector("button[name=action_open_invoices]");
  await page.click("button[name=action_open_invoices]");
  await page.click("button[name=action_billing_history]");
  await page.waitForSelector(".o_data_row [name=display_text]");
  await shoot(page, "invoice-history");
}

async function settings(page) {
  await open(
    page,
    "billing_base.res_config_settings_action",
    ".settings [name=module_billing_kid_match]"
  );
  await shoot(page, "settings");
  await open(page, "billing_base.billing_reference_scheme_action", ".o_data_row");
  await page.locator(".o_data_row td[name=name]").first().click();
  await page.waitForSelector(".o_form_view [name=algorithm]");
  await shoot(page, "scheme");
  await page.setViewportSize({width: 1400, height: 1500});
  await page.click("button[name=action_design]");
  await page.waitForSelector("[name=comparison] .o_billing_verdict");
  await shoot(page, "kid-designer");
}

const DISTRIBUTION = "billing_dynamic_distribution";

/** The dashboard, and the plan that most messages went by. */
async function distribution(page, suffix = "") {
  await open(
    page,
    `${DISTRIBUTION}.billing_distribution_dashboard_action`,
    ".o_distribution_total"
  );
  await shoot(page, `distribution-dashboard${suffix}`);
  const [{plan_id: plan}] = await call(
    page,
    "billing.distribution.run",
    "search_read",
    [[], ["plan_id"]],
    {limit: 1}
  );
  await page.goto(
    `${base}/odoo/action-${DISTRIBUTION}.billing_distribution_plan_action/${plan[0]}`
  );
  await page.waitForSelector(".o_timeline_live .o_timeline_step");
  if (suffix) {
    await page.locator(".o_timeline_live").scrollIntoViewIfNeeded();
  }
  await shoot(page, `distribution-plan${suffix}`);
}

const WAITING = [
  ["state", "=", "waiting"],
  ["try_count", ">", 1],
];

/** One invoice on its way, with what happened and what comes next. */
async function invoiceWay(page, name) {
  const [{move_id: move}] = await call(
    page,
    "billing.distribution.run",
    "search_read",
    [WAITING, ["move_id"]],
    {limit: 1, order: "id"}
  );
  await page.goto(
    `${base}/odoo/action-account.action_move_out_invoice_type/${move[0]}`
  );
  // On a narrow screen the chat that greets new users lies over everything.
  await page.waitForSelector("a[name=billing_way]");
  await page.addStyleTag({content: ".o-mail-ChatHub { display: none }"});
  await page.click("a[name=billing_way]");
  await page.waitForSelector(".o_billing_way_next");
  await page.locator(".o_billing_way_sentence").scrollIntoViewIfNeeded();
  await shoot(page, name);
}

/** What does not get on by itself. */
async function distributionTroubles(page) {
  await open(
    page,
    `${DISTRIBUTION}.action_billing_distribution_run_stuck`,
    ".o_list_view .o_data_row"
  );
  await shoot(page, "distribution-stuck");
  await open(
    page,
    `${DISTRIBUTION}.action_billing_contact_point_bounced`,
    ".o_list_view .o_data_row"
  );
  await shoot(page, "distribution-addresses");
}

async function distributionDraft(page) {
  await page.click(".o_timeline_change");
  await page.waitForSelector(".o_timeline_draft .o_timeline_step");
  await page.locator(".o_timeline_draft").scrollIntoViewIfNeeded();
  await page.locator(".o_timeline_draft").screenshot({
    path: path.join(folder, "distribution-draft.png"),
  });
}

async function main() {
  fs.mkdirSync(folder, {recursive: true});
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    const page = await login(browser, "accountant");
    const [damaged] = await takeBack(page);
    await reviewDesk(page, damaged);
    await reviewDeskOnPhone(
      await login(browser, "accountant", {width: 390, height: 844}),
      damaged
    );
    await review(page);
    await history(page);
    await bankFiles(page);
    const tall = await login(browser, "admin", {width: 1400, height: 1300});
    await distribution(tall);
    await distributionDraft(tall);
    await distribution(
      await login(browser, "admin", {width: 390, height: 1300}),
      "-phone"
    );
    const desk = await login(browser, "accountant");
    await invoiceWay(desk, "invoice-way");
    await distributionTroubles(desk);
    await invoiceWay(
      await login(browser, "accountant", {width: 390, height: 1300}),
      "invoice-way-phone"
    );
    const fees = feePages({base, folder, open, call, shoot});
    await fees.desk(await login(browser, "manager", {width: 1400, height: 1000}));
    await fees.invoice(await login(browser, "manager"));
    await fees.phone(await login(browser, "manager", {width: 390, height: 844}));
    await fees.letter(await login(browser, "admin"));
    const debits = debitPages({base, open, call, shoot});
    await debits.desk(await login(browser, "manager", {width: 1400, height: 1000}));
    await debits.phone(await login(browser, "manager", {width: 390, height: 844}));
    await settings(await login(browser, "admin"));
    const invoices = JSON.parse(fs.readFileSync(world, "utf-8"));
    await customerPages(browser, base, invoices, folder);
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
