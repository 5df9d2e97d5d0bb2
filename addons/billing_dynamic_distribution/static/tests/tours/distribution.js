import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const DRAFT = ".o_timeline_draft";
const LIVE = ".o_timeline_live";

/**
 * @param {string} content
 * @param {string} trigger
 */
const click = (content, trigger) => ({content, trigger, run: "click"});

/**
 * Fills in the form of a step and saves it.
 *
 * @param {string} channel as it is called
 * @param {number} wait days
 * @param {?string} text of the content, null = as the step before
 */
const fillStep = (channel, wait, text) => [
    click("Choose the channel", ".modal .o_field_widget[name=channel] input"),
    click(channel, `.o_select_menu_item:contains(${channel})`),
    ...(text
        ? [
              click(
                  "Choose the content",
                  ".modal .o_field_widget[name=template_id] input"
              ),
              click(
                  text,
                  `.o_field_many2one_selection .o-autocomplete--dropdown-item:contains(${text})`
              ),
          ]
        : []),
    {
        content: "Wait",
        trigger: ".modal .o_field_widget[name=wait] input",
        run: `edit ${wait}`,
    },
    click("Save", ".modal .o_form_button_save"),
    {
        content: "It is in the draft",
        trigger: `body:not(:has(.modal)) ${DRAFT} .o_timeline_step:contains(${channel})`,
    },
];

/**
 * What every screen of ours has to be able to say, and that it fits the window.
 *
 * @param {string} root
 */
const isAccessible = (root) => ({
    content: "Everything has a name, and nothing is wider than the window",
    trigger: root,
    run() {
        const wrong = [];
        for (const el of document.querySelectorAll(
            `${root} button, ${root} select, ${root} a`
        )) {
            const name =
                el.getAttribute("aria-label") ||
                (el.labels && el.labels.length && el.labels[0].textContent) ||
                el.textContent;
            if (!name.trim()) {
                wrong.push(`no name: ${el.outerHTML.slice(0, 80)}`);
            }
        }
        for (const table of document.querySelectorAll(`${root} table`)) {
            if (!table.caption && !table.closest(".o_list_view")) {
                wrong.push(`no caption: ${table.className}`);
            }
            if (table.querySelector("th:not([scope])")) {
                wrong.push(`a heading of nothing: ${table.className}`);
            }
        }
        const page = document.querySelector(root);
        if (page.scrollWidth > page.clientWidth + 1) {
            wrong.push(`${page.scrollWidth} wide in ${page.clientWidth}`);
        }
        if (wrong.length) {
            throw new Error(wrong.join("; "));
        }
    },
});

tours.add("billing_distribution_build_plan", {
    steps: () => [
        click("A new plan", ".o_list_button_add"),
        {
            content: "It says what it is for",
            trigger: ".o_timeline_empty:contains(No steps yet)",
        },
        {
            content: "Name it",
            trigger: ".o_field_widget[name=name] input",
            run: "edit Winter",
        },
        click("The first step", ".o_timeline_first"),
        ...fillStep("E-mail", 0, "Invoice"),
        click("Another one", ".o_timeline_add"),
        ...fillStep("SMS", 3, null),
        click("And another one", ".o_timeline_add"),
        ...fillStep("Letter", 2, null),
        {
            content: "They stand in order, in words",
            trigger: `${DRAFT} .o_timeline_step:nth-child(2):contains(3 days later):contains(if not opened)`,
        },
        click(
            "The letter comes before the SMS",
            `${DRAFT} .o_timeline_step:nth-child(3) .o_timeline_earlier`
        ),
        {
            content: "It moved, and the focus with it",
            trigger: `${DRAFT} .o_timeline_step:nth-child(2):contains(Letter) .o_timeline_earlier:focus`,
        },
        click("No letter", `${DRAFT} .o_timeline_step:nth-child(2) .o_timeline_delete`),
        click("Delete it", ".modal-footer .btn-primary:contains(Delete)"),
        {
            content: "It is gone",
            trigger: `${DRAFT} .o_timeline:not(:contains(Letter)) .o_timeline_step:nth-child(2):contains(SMS)`,
        },
        isAccessible(".o_timeline_plan"),
        click("Go live", ".o_timeline_publish"),
        click("Confirm", ".modal-footer .btn-primary:contains(Go Live)"),
        {
            content: "The live steps are read at first sight",
            trigger: `.o_timeline_plan:not(:has(${DRAFT})) ${LIVE} .o_timeline_step:nth-child(2):contains(SMS)`,
        },
        {
            content: "The plan is read aloud",
            trigger:
                ".o_timeline_sentence:contains(When the invoice is issued):contains(SMS 3 days later)",
        },
        click("Change it", ".o_timeline_change"),
        {
            content: "The draft stands beside what is live",
            trigger: `.o_timeline_plan:has(${LIVE}) ${DRAFT} .o_timeline_step:nth-child(2)`,
        },
        click("Rather not", ".o_timeline_discard"),
        click("Discard it", ".modal-footer .btn-primary:contains(Discard)"),
        {
            content: "What is live stays",
            trigger: `.o_timeline_plan:not(:has(${DRAFT})) ${LIVE} .o_timeline_step:nth-child(2)`,
        },
    ],
});

const step = (number) => `${LIVE} .o_timeline_step:nth-child(${number})`;

tours.add("billing_distribution_funnel", {
    steps: () => [
        {
            content: "Two e-mails went out, one was opened",
            trigger:
                `${step(1)}:has([data-measure=sent]:contains(2))` +
                ":has([data-measure=opened]:contains(50 %))",
        },
        {
            content: "One invoice waits for the SMS",
            trigger: `${step(2)} .o_timeline_waiting:contains(1 invoice waits)`,
        },
        isAccessible(".o_timeline_plan"),
        {
            content: "Since the version went live",
            trigger: ".o_timeline_period",
            run: "select 0",
        },
        click("Which one was opened", `${step(1)} [data-measure=opened] button`),
        {
            content: "One invoice",
            trigger:
                ".o_list_view .o_data_row:contains(Kari Nordmann):only-of-type, " +
                ".o_kanban_view",
        },
        click("To the dashboard", "[data-menu-xmlid*=menu_billing_distribution]"),
        click(
            "First entry of the menu",
            "[data-menu-xmlid='billing_dynamic_distribution.menu_billing_distribution_dashboard']"
        ),
        {
            content: "Two planned, two sent, one opened",
            trigger:
                ".o_distribution_total:has([data-measure=planned]:contains(2))" +
                ":has([data-measure=opened]:contains(50 %))",
        },
        {
            content: "One is on its way",
            trigger: "[data-tile=on_way]:contains(1)",
        },
        isAccessible(".o_distribution_page"),
        click("By step", ".o_distribution_tabs [data-by=step]"),
        {
            content: "The step of the plan",
            trigger:
                ".o_distribution_table[data-by=step] tr:contains(Funnel: 1. E-mail)" +
                " [data-measure=sent]:contains(2)",
        },
        click("By customer group", ".o_distribution_tabs [data-by=segment]"),
        {
            content: "Both are new private customers",
            trigger:
                ".o_distribution_table[data-by=segment] tr:contains(Private, new)" +
                " [data-measure=planned]:contains(2)",
        },
        {
            content: "Only SMS",
            trigger: ".o_distribution_channel",
            run: "select sms",
        },
        {
            content: "Nothing was sent by SMS",
            trigger: ".o_distribution_empty, .o_distribution_total:contains(0)",
        },
        {
            content: "All channels",
            trigger: ".o_distribution_channel",
            run: "selectByIndex 0",
        },
        click("What is on its way", "[data-tile=on_way]"),
        {
            content: "The list of it",
            trigger: ".o_list_view .o_data_row:contains(Ola Nordmann)",
        },
    ],
});

tours.add("billing_distribution_phone", {
    steps: () => [
        {
            content: "The steps stand one below the other",
            trigger: `${step(1)}:has([data-measure=sent]:contains(2))`,
        },
        isAccessible(".o_timeline_plan"),
        {
            content: "To the dashboard",
            trigger: ".o_timeline_plan",
            run() {
                document.location = "/odoo/distribution";
            },
            expectUnloadPage: true,
        },
        {
            content: "Two sent",
            trigger: ".o_distribution_total [data-measure=sent]:contains(2)",
        },
        isAccessible(".o_distribution_page"),
        click("By channel", ".o_distribution_tabs [data-by=channel]"),
        {
            content: "A row is a card that names its figures",
            trigger:
                ".o_distribution_table[data-by=channel] td[data-label=Opened]:contains(50 %)",
        },
        isAccessible(".o_distribution_page"),
    ],
});
