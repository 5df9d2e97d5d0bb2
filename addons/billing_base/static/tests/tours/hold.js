import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("billing_base_hold", {
    steps: () => [
        {
            content: "Put the invoice on hold",
            trigger: ".o_form_view button[name=action_billing_hold]",
            run: "click",
        },
        {
            content: "Say why",
            trigger: ".modal .o_field_widget[name=reason] input",
            run: "edit Meter is being checked",
        },
        {
            content: "Place the hold",
            trigger: ".modal-footer button[name=action_place]",
            run: "click",
        },
        {
            content: "The invoice tells of it",
            trigger:
                "body:not(:has(.modal)) .o_form_view" +
                " .alert:contains(On hold since):contains(Meter is being checked)",
        },
        {
            content: "Release it",
            trigger: ".o_form_view button[name=action_billing_release_holds]",
            run: "click",
        },
        {
            content: "The banner is gone",
            trigger: ".o_form_view:not(:has(.alert:contains(On hold since)))",
        },
        {
            content: "Open the history",
            trigger: ".o_form_view button[name=action_billing_history]",
            run: "click",
        },
        {
            content: "It tells who held and released the invoice",
            trigger:
                ".o_list_view:has(.o_data_row:contains(Meter is being checked))" +
                " .o_data_row:contains(released)",
        },
    ],
});
