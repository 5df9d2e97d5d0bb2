import {FormController} from "@web/views/form/form_controller";
import {formView} from "@web/views/form/form_view";
import {registry} from "@web/core/registry";
import {useEffect} from "@odoo/owl";
import {useService} from "@web/core/utils/hooks";

/** Whoever opens a conversation has read what the customer wrote. */
export class ConversationFormController extends FormController {
    setup() {
        super.setup();
        this.conversations = useService("orm");
        useEffect(
            (id) => {
                if (id) {
                    this.conversations.silent.call(
                        "billing.conversation",
                        "action_mark_read",
                        [[id]]
                    );
                }
            },
            () => [this.model.root.resId]
        );
    }
}

registry.category("views").add("billing_conversation_form", {
    ...formView,
    Controller: ConversationFormController,
});
