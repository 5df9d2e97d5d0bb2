import {registry} from "@web/core/registry";

const TAB = ".o_form_view a[name=billing_way]";
const WAY = ".o_billing_way";

const openTab = {content: "Open the invoice's way", trigger: TAB, run: "click"};

registry.category("web_tour.tours").add("billing_distribution_way", {
    steps: () => [
        {
            content: "How far it has come is told beside the history",
            trigger:
                "button[name=action_billing_distribution]" +
                " [name=billing_distribution_state]:contains(Sent)",
        },
        openTab,
        {
            content: "One sentence says how things stand",
            trigger: `${WAY}_sentence:contains(has not been opened yet)`,
        },
        {
            content: "The e-mail, where it went, and its state",
            trigger:
                `${WAY}_message:contains(E-mail to kari@example.com)` +
                ` ${WAY}_state:contains(Sent)`,
        },
        {
            content: "What is next, and why not earlier",
            trigger:
                `${WAY}_next:contains(SMS to +4740612345)` +
                ` ${WAY}_why:contains(3 days after the message)`,
        },
        {
            content: "What comes after that",
            trigger: `${WAY}_later:contains(Letter)`,
        },
        {
            content: "Leave out the SMS, with an impatient finger",
            trigger: `${WAY}_run button[data-act=skip]`,
            run: "dblclick",
        },
        {
            content: "One step was left out",
            trigger:
                `${WAY}_event:contains(SMS left out: Left out by hand)` +
                `:not(:has(~ ${WAY}_event:contains(Left out by hand)))`,
        },
        {
            content: "The letter is next",
            trigger: `${WAY}_next:contains(Letter)`,
        },
        {
            content: "Rather another channel",
            trigger: `${WAY}_run button[data-act=reroute]`,
            run: "click",
        },
        {
            content: "SMS after all",
            trigger: ".o-dropdown--menu [data-channel=sms]",
            run: "click",
        },
        {
            content: "It is in the way, with who chose it",
            trigger: `${WAY}_event:contains(Tour Clerk sends the next message by SMS)`,
        },
        {
            content: "Send the e-mail again",
            trigger: `${WAY}_message:contains(E-mail) button:contains(Send Again)`,
            run: "click",
        },
        {
            content: "It is on its way, and cannot be sent again from the old one",
            trigger:
                `${WAY}_list:not(:has(${WAY}_message button:contains(Send Again)))` +
                ` ${WAY}_message:contains(Planned)`,
        },
        {
            content: "Stop the plan",
            trigger: `${WAY}_run button[data-act=stop]`,
            run: "click",
        },
        {
            content: "It stands still, and could go on",
            trigger: `${WAY}_run[data-state=stopped] button[data-act=resume]`,
        },
        {
            content: "Open the run itself",
            trigger: `${WAY}_run h3 button:contains(Invoice)`,
            run: "click",
        },
        {
            content: "It has the same way",
            trigger:
                ".o_form_view:has(.o_arrow_button_current:contains(Stopped))" +
                ` ${WAY}_message:contains(E-mail to kari@example.com)`,
        },
    ],
});

registry.category("web_tour.tours").add("billing_distribution_bounce", {
    steps: () => [
        {
            content: "What was probably meant is proposed",
            trigger:
                ".o_data_row:contains(kari@gmial.com)" +
                " [name=new_address]:contains(kari@gmail.com)",
        },
        {
            content: "One click puts it right",
            trigger:
                ".o_data_row:contains(kari@gmial.com)" +
                " button[name=action_fix_and_resend]",
            run: "click",
        },
        {
            content: "It says what was sent again",
            trigger:
                ".o_notification:contains(Replaced by kari@gmail.com; invoices sent again: 1)",
        },
        {
            content: "The row has gone; type the address of the other one",
            trigger:
                ".o_list_view:not(:has(.o_data_row:contains(kari@gmial.com)))" +
                " .o_data_row:contains(Ola) td[name=new_address]",
            run: "click",
        },
        {
            content: "The right one",
            trigger: ".o_selected_row [name=new_address] input",
            run: "edit ola@riktig.example",
        },
        {
            content: "Save and send again",
            trigger: ".o_selected_row button[name=action_fix_and_resend]",
            run: "click",
        },
        {
            content: "It is done",
            trigger: ".o_notification:contains(Replaced by ola@riktig.example)",
        },
        {
            content: "Nothing is left",
            trigger: ".o_list_view:not(:has(.o_data_row))",
        },
    ],
});

registry.category("web_tour.tours").add("billing_distribution_stuck", {
    steps: () => [
        {
            content: "Groups are headed by reasons",
            trigger: ".o_group_header:contains(No channel could be used)",
        },
        {
            content: "One has an address by now: send by letter",
            trigger: ".o_data_row:contains(Har) button[name=action_send_by_letter]",
            run: "click",
        },
        {
            content: "It is off the list; stop the other one",
            trigger:
                ".o_list_view:not(:has(.o_data_row:contains(Har)))" +
                " .o_data_row:contains(Per) button[name=action_stop]",
            run: "click",
        },
        {
            content: "Nothing needs anybody any more",
            trigger: ".o_view_nocontent:contains(Nothing needs you)",
        },
    ],
});

registry.category("web_tour.tours").add("billing_distribution_way_phone", {
    steps: () => [
        openTab,
        {
            content: "Nothing sticks out of the screen",
            trigger: `${WAY}_run button[data-act=fix]`,
            run() {
                const way = document.querySelector(".o_billing_way");
                const widest = Math.max(
                    ...[...way.querySelectorAll("*")].map(
                        (element) => element.getBoundingClientRect().right
                    )
                );
                if (widest > document.documentElement.clientWidth) {
                    throw new Error(`${widest} is beyond the edge`);
                }
                for (const button of way.querySelectorAll(
                    ".o_billing_way_buttons .btn"
                )) {
                    if (button.getBoundingClientRect().height < 44) {
                        throw new Error(
                            `«${button.textContent}» is too small a target`
                        );
                    }
                }
            },
        },
        {
            content: "Put the address right from here",
            trigger: `${WAY}_run button[data-act=fix]`,
            run: "click",
        },
        {
            content: "What did not get through is sent again unless somebody says no",
            trigger: ".modal [name=resend] input:checked",
        },
        {
            content: "Type the right one",
            trigger: ".modal [name=address] input",
            run: "edit per@riktig.example",
        },
        {
            content: "Use it",
            trigger: ".modal button[name=action_replace]",
            run: "click",
        },
        {
            content: "The e-mail is next, to the new address",
            trigger: `body:not(:has(.modal)) ${WAY}_next:contains(E-mail to per@riktig.example)`,
        },
        {
            content: "Stop it",
            trigger: `${WAY}_run button[data-act=stop]`,
            run: "click",
        },
        {
            content: "It stands still",
            trigger: `${WAY}_run[data-state=stopped]`,
        },
    ],
});
