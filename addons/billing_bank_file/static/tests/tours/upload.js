import {registry} from "@web/core/registry";

/**
 * Steps that hand a bank file in, from the list of bank files.
 *
 * @param {string} url where the test keeps the file
 * @param {string} name file name to give it
 * @returns {object[]} steps, ending with the click on Import
 */
function handInSteps(url, name) {
    return [
        {
            content: "Open the upload form",
            trigger: ".o_control_panel button:contains(Upload)",
            run: "click",
        },
        {
            content: "Choose the file",
            trigger:
                ".modal .o_field_many2many_binary input.o_input_file:not(:visible)",
            async run({anchor}) {
                const response = await fetch(url);
                const files = new DataTransfer();
                files.items.add(new File([await response.blob()], name));
                anchor.files = files.files;
                anchor.dispatchEvent(new Event("change", {bubbles: true}));
            },
        },
        {
            content: "The file has arrived",
            trigger: `.modal .o_attachment:contains(${name})`,
        },
        {
            content: "Import it",
            trigger: ".modal-footer button[name=action_upload]",
            run: "click",
        },
    ];
}

/**
 * Steps that take a bank file through the upload form, from the list of bank files.
 *
 * @param {string} url where the test keeps the file
 * @param {string} name file name to give it
 * @returns {object[]} steps, ending with the form of the imported or refused file
 */
export function uploadSteps(url, name) {
    return [
        ...handInSteps(url, name),
        {
            content: "See what became of it",
            trigger: `body:not(:has(.modal)) .o_form_view .oe_title:contains(${name})`,
        },
    ];
}

registry.category("web_tour.tours").add("billing_bank_file_refused", {
    steps: () => [
        ...uploadSteps(
            "/billing_bank_file/tour/wrong_account.xml",
            "wrong_account.xml"
        ),
        {
            content: "Nothing came in, and why",
            trigger:
                ".o_form_view .alert-danger:contains(Nothing of this file was imported)" +
                ":contains(no bank journal has account 99992042764)",
        },
        {
            content: "No payments are offered",
            trigger: ".o_form_view:not(:has(button[name=action_open_payments]))",
        },
        {
            content: "Back to the list",
            trigger: ".o_breadcrumb .o_back_button",
            run: "click",
        },
        {
            content: "The list tells the reason too",
            trigger:
                ".o_data_row:contains(wrong_account.xml):contains(Refused)" +
                ":contains(no bank journal has account)",
        },
    ],
});

const COLUMN = ".modal .o_field_one2many .o_data_row:contains(Merknad)";

registry.category("web_tour.tours").add("billing_bank_file_table", {
    steps: () => [
        ...handInSteps("/billing_bank_file/tour/export.csv", "export.csv"),
        {
            content: "The form asks what the columns mean, and shows what it thinks",
            trigger:
                ".modal .o_billing_table_preview:contains(2 payments):contains(Kari)",
        },
        {
            content: "The note of the payer was not understood",
            trigger: `${COLUMN}:not(:contains(Text or message)) [name=role]`,
            run: "click",
        },
        {
            content: "It is a message",
            trigger: `${COLUMN} [name=role] input`,
            run: "edit Text or message",
        },
        {
            content: "Choose it",
            trigger: ".o_select_menu_item:contains(Text or message)",
            run: "click",
        },
        {
            content: "The preview follows",
            trigger: ".modal .o_billing_table_preview:contains(Takk for hjelpen)",
        },
        {
            content: "Keep it, and import",
            trigger: ".modal-footer button[name=action_import]",
            run: "click",
        },
        {
            content: "It came in",
            trigger:
                "body:not(:has(.modal)) .o_form_view .oe_title:contains(export.csv)",
        },
        {
            content: "Back to the list",
            trigger: ".o_breadcrumb .o_back_button",
            run: "click",
        },
        ...uploadSteps("/billing_bank_file/tour/next.csv", "next.csv"),
        {
            content: "The next file of the bank needed nobody",
            trigger: ".o_form_view button[name=action_open_payments]",
        },
    ],
});
