import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("billing_base_settings", {
    steps: () => [
        {
            content: "What is installed is on",
            trigger: ".settings [name=module_billing_kid_match] input:checked:enabled",
        },
        {
            content: "What is not on the server says so and cannot be switched on",
            trigger:
                ".settings #billing_insights:has([name=module_billing_insights] input:disabled)" +
                " .text-muted:contains(Not on this server)",
        },
    ],
});
