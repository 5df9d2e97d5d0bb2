/**
 * Pictures of the page of an invoice, as its customers see it, and of what staff see of
 * it. Called by shoot.cjs with the invoices that tests/browser/books.py made.
 */
const path = require("path");

const PHONE = {width: 360, height: 740};
const DESK = {width: 1280, height: 900};
/** As much of the page as tells how an invoice stands. */
const SENTENCE = {width: 360, height: 400};
// The page in English, the database's own language: no language in the address.
const address = (invoice) => invoice.link.replace(/^.*?(?=\/my\/)/, "");

async function visit(browser, base, invoice, viewport, options = {}) {
  const context = await browser.newContext({
    viewport,
    reducedMotion: "reduce",
    ...options,
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.goto(base + address(invoice));
  await page.waitForSelector("html[data-live]");
  return page;
}

/** A picture of the page; Playwright may wait for no word of a script here. */
async function shootPage(page, file, options = {}) {
  await page.evaluate("document.fonts.ready");
  await page.evaluate(
    "Promise.all([...document.images].map((i) => ((i.loading = 'eager'), i.decode())))"
  );
  await page.screenshot({path: file, ...options});
}

/** One sentence for each state, and the whole page on a phone and on a desk. */
async function customerPages(browser, base, world, folder) {
  const shoot = (page, name, options) =>
    shootPage(page, path.join(folder, `${name}.png`), options);
  const states = world.states.nb_NO;
  for (const [state, invoice] of Object.entries(states)) {
    if (state === "expired") {
      continue;
    }
    const page = await visit(browser, base, invoice, SENTENCE);
    await shoot(page, `invoice-page-state-${state.replace("_", "-")}`);
    await page.context().close();
  }
  const invoice = world.logins["kari.test"];
  for (const [name, screen] of [
    ["invoice-page-phone", PHONE],
    ["invoice-page-top", DESK],
  ]) {
    const page = await visit(browser, base, invoice, screen);
    await shoot(page, name, {fullPage: screen === PHONE});
    await page.context().close();
  }
  const dark = await visit(browser, base, invoice, PHONE, {colorScheme: "dark"});
  await shoot(dark, "invoice-page-dark-phone");
  await dark.context().setOffline(true);
  await dark.waitForSelector("#k-offline:visible");
  await shoot(dark, "invoice-page-offline-phone");
  await dark.context().close();
  const help = await visit(browser, base, states.open, PHONE);
  await help.click("#help-parts summary");
  await help.locator('[data-section="help"]').scrollIntoViewIfNeeded();
  await shoot(help, "invoice-page-help-phone");
  await help.context().close();
}

module.exports = {customerPages};
