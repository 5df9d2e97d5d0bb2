import {Component, onWillUnmount, useEffect, useState} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {useService} from "@web/core/utils/hooks";

const HEARTBEAT_MS = 60000;

/**
 * Says while the customer has the page of the invoice open, and lets that page say that
 * customer service is looking at the invoice.
 */
export class PresenceField extends Component {
    static template = "billing_interactive_invoice.PresenceField";
    static props = {...standardFieldProps};

    setup() {
        this.bus = useService("bus_service");
        this.state = useState({customer: false});
        this.current = null;
        this.onPresence = this.onPresence.bind(this);
        this.tell = this.tell.bind(this);
        this.bus.subscribe("billing_page_presence", this.onPresence);
        document.addEventListener("visibilitychange", this.tell);
        const timer = setInterval(this.tell, HEARTBEAT_MS);
        useEffect(
            () => this.follow(),
            () => [this.value.move_id]
        );
        onWillUnmount(() => {
            clearInterval(timer);
            document.removeEventListener("visibilitychange", this.tell);
            this.bus.unsubscribe("billing_page_presence", this.onPresence);
            this.leave();
        });
    }

    get value() {
        return this.props.record.data[this.props.name] || {};
    }

    get channel() {
        return `billing_page:${this.current.ticket}`;
    }

    /** Go over to the invoice that the form shows now. */
    follow() {
        this.leave();
        this.state.customer = Boolean(this.value.customer);
        if (this.value.ticket) {
            this.current = this.value;
            this.bus.addChannel(this.channel);
            this.tell();
        }
    }

    leave() {
        if (this.current) {
            this.send(false);
            this.bus.deleteChannel(this.channel);
            this.current = null;
        }
    }

    tell() {
        if (this.current) {
            this.send(document.visibilityState === "visible");
        }
    }

    send(visible) {
        this.bus.send("billing_page", {ticket: this.current.ticket, visible});
    }

    onPresence(payload) {
        if (this.current && payload.move_id === this.current.move_id) {
            this.state.customer = payload.customer;
        }
    }
}

registry.category("fields").add("billing_page_presence", {
    component: PresenceField,
    supportedTypes: ["json"],
});
