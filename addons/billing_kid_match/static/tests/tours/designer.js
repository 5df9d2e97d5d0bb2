import {registry} from "@web/core/registry";

const FIRST = "[name=design_ids] .o_data_row:first";

registry.category("web_tour.tours").add("billing_kid_match_designer", {
    steps: () => [
        {
            content: "Open the configuration",
            trigger: "[data-menu-xmlid='billing_base.menu_billing_configuration']",
            run: "click",
        },
        {
            content: "Open the designer",
            trigger:
                "[data-menu-xmlid='billing_kid_match.menu_billing_reference_designer']",
            run: "click",
        },
        {
            content: "The scheme in use stands beside others, with a verdict on each",
            trigger:
                "[name=comparison]:has(.badge:contains(In use))" +
                ":has(.badge:contains(Recommended)) .o_billing_verdict",
        },
        {
            content: "Take another number of digits",
            trigger: `${FIRST} td[name=serial_length]`,
            run: "click",
        },
        {
            content: "Nine",
            trigger: `${FIRST} td[name=serial_length] input`,
            run: "edit 9",
        },
        {
            content: "Leave the field",
            trigger: "h1:contains(KID Designer)",
            run: "click",
        },
        {
            content: "The comparison follows",
            trigger: "[name=comparison] h3:contains(17 digits)",
        },
        {
            content: "What to send to the bank",
            trigger: `${FIRST} button[name=action_show_tests]`,
            run: "click",
        },
        {
            content: "Valid ones and others, to copy and to download",
            trigger:
                ".modal:has(.badge:contains(not valid)):has(.o_clipboard_button)" +
                " td:contains(wrong check digit)",
        },
        {
            content: "Close",
            trigger: ".modal-footer button:contains(Close)",
            run: "click",
        },
        {
            content: "Make a scheme of it",
            trigger: `body:not(:has(.modal)) ${FIRST} button[name=action_create_scheme]`,
            run: "click",
        },
        {
            content: "Here it is; back to the designer from here",
            trigger:
                ".o_form_view:has([name=total_length]:contains(17))" +
                " button[name=action_design]",
            run: "click",
        },
        {
            content: "It is in use now",
            trigger:
                "[name=comparison] h3:contains(17 digits):has(.badge:contains(In use))",
        },
    ],
});
