import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const SENTENCE = ".alert [name=sentence]";

/**
 * @param {string} content
 * @param {string} trigger
 */
const click = (content, trigger) => ({content, trigger, run: "click"});

/**
 * Chooses a policy on a simulation.
 *
 * @param {string} field
 * @param {string} policy
 */
const choose = (field, policy) => [
    click(`Open ${field}`, `.o_field_widget[name=${field}] input`),
    click(policy, `.o-autocomplete--dropdown-item:contains(${policy})`),
];

tours.add("billing_fee_policy_rule", {
    steps: () => [
        {
            content: "The rule reads as a sentence",
            trigger: `${SENTENCE}:contains(Customer for 2+ years, no late payment in 12 months → first fee forgiven)`,
        },
        {
            content: "Ask for a longer time",
            trigger: ".o_field_widget[name=relation_months] input",
            run: "edit 36",
        },
        click("Once late is forgiven too", ".o_field_widget[name=has_late] input"),
        {
            content: "The sentence follows before anything is saved",
            trigger: `${SENTENCE}:contains(Customer for 3+ years → first fee forgiven)`,
        },
        click("Save", ".o_form_button_save"),
        {
            content: "It is saved",
            trigger: ".o_form_saved",
        },
    ],
});

tours.add("billing_fee_policy_waive", {
    steps: () => [
        click("Drop the fee", "button[name=action_billing_waive]"),
        {
            content: "What is dropped is told",
            trigger: ".modal [name=charge_ids] .o_data_row:contains(38.00)",
        },
        click(
            "Say why",
            ".modal [name=reason_id] .o_selection_badge:contains(mistake)"
        ),
        click("Drop it", ".modal button[name=action_waive]"),
        {
            content: "Nothing is left to drop",
            trigger:
                "body:not(:has(.modal)):not(:has(button[name=action_billing_waive]))",
        },
        click("What was forgiven", "button[name=action_billing_waivers]"),
        click("Undo it", ".o_data_row:contains(mistake) button[name=action_undo]"),
        click("Really", ".modal .modal-footer .btn-primary"),
        {
            content: "It is undone",
            trigger: "body:not(:has(.modal)) .o_data_row [name=state]:contains(Undone)",
        },
        click("Back to the invoice", ".o_back_button"),
        {
            content: "The fee stands again",
            trigger: "button[name=action_billing_waive]",
        },
    ],
});

tours.add("billing_fee_policy_simulate", {
    steps: () => [
        click("A new simulation", ".o_list_button_add"),
        ...choose("policy_a_id", "Reminder, then collection notice"),
        ...choose("policy_b_id", "With a payment demand of our own"),
        click("Simulate", "button[name=action_run]"),
        {
            content: "Both stand side by side",
            trigger:
                ".o_billing_simulation table:first" +
                " tr:has(th:contains(collection notice)):has(th:contains(payment demand))",
        },
        {
            content: "Month by month",
            trigger: ".o_billing_simulation .table-responsive tbody tr:contains(2026)",
        },
    ],
});

tours.add("billing_fee_policy_approve", {
    steps: () => [
        {
            content: "Nothing stands against the claim",
            trigger: "[name=case_ids] .o_data_row:contains(Kari Nordmann)",
        },
        click("Approve it", "button[name=action_approve]"),
        click("Really", ".modal .modal-footer .btn-primary"),
        {
            content: "It may go, and nobody approves it twice",
            trigger:
                ".o_form_view:not(:has(button[name=action_approve]))" +
                " .o_arrow_button_current:contains(Approved)",
        },
    ],
});
