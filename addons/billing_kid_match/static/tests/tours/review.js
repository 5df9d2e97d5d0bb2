import {uploadSteps} from "@billing_bank_file/../tests/tours/upload";
import {registry} from "@web/core/registry";

const undo = (run, trigger) => [
    {content: "Undo", trigger, run},
    {
        content: "Confirm",
        trigger: ".modal-footer button.btn-primary",
        run: "click",
    },
    {
        content: "It waits for a person again, with its candidates",
        trigger:
            "body:not(:has(.modal)) .o_form_view" +
            ":has(.o_statusbar_status .o_arrow_button_current:contains(Proposed))" +
            " [name=candidate_ids] .o_data_row .o_billing_digit_wrong",
    },
];

registry.category("web_tour.tours").add("billing_kid_match_review", {
    steps: () => [
        ...uploadSteps("/billing_kid_match/tour/bank.xml", "bank.xml"),
        {
            content: "Two payments came in and wait",
            trigger: ".o_form_view .o_field_widget[name=review_count]:contains(2)",
        },
        {
            content: "Open the menu",
            trigger: "[data-menu-xmlid='billing_base.menu_billing_payments']",
            run: "click",
        },
        {
            content: "Open what is to be reviewed",
            trigger:
                "[data-menu-xmlid='billing_kid_match.menu_billing_payment_review']",
            run: "click",
        },
        {
            content: "The wrong digit is marked",
            trigger:
                ".o_data_row:contains(Åse Mus) .o_billing_candidate mark.o_billing_digit_wrong",
        },
        {
            content: "Accept with the mouse",
            trigger: ".o_data_row:contains(Åse Mus) button[name=action_accept]",
            run: "click",
        },
        {
            content: "It is off the list, the other one stays",
            trigger:
                ".o_list_view:not(:has(.o_data_row:contains(Åse Mus)))" +
                " .o_data_row:contains(Åse Tast) td[name=payer_name]",
            run: "click",
        },
        {
            content: "The payment beside its candidate",
            trigger: ".o_form_view [name=candidate_ids] mark.o_billing_digit_wrong",
        },
        {
            content: "Accept with the key",
            trigger: ".o_form_view button[name=action_accept]:contains(Accept Best)",
            run: "press alt+a",
        },
        ...undo(
            "click",
            ".o_form_view:has(.o_arrow_button_current:contains(Reconciled))" +
                " button[name=action_undo]"
        ),
        {
            content: "Accept with the mouse, the candidate itself",
            trigger: "[name=candidate_ids] .o_data_row button[name=action_accept]",
            run: "click",
        },
        ...undo(
            "press alt+u",
            ".o_form_view:has(.o_arrow_button_current:contains(Reconciled))" +
                " button[name=action_undo]"
        ),
    ],
});
