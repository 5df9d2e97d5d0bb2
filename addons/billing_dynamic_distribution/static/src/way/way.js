import {Component, useState} from "@odoo/owl";
import {deserializeDateTime, toLocaleDateTimeString} from "@web/core/l10n/dates";
import {CHANNEL_ICONS} from "../funnel/format";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {KeepLast} from "@web/core/utils/concurrency";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {useService} from "@web/core/utils/hooks";

const WAY = "billing.distribution.way";
const RUN = "billing.distribution.run";
const MESSAGE = "billing.distribution.attempt";
const INVOICE = "account.move";

/**
 * The way of an invoice to its customer: what happened, what comes next, and what can
 * be done about it. Stands in the form of an invoice, and of one of its runs.
 *
 * A button sends along what was seen, so that the server does nothing twice.
 */
export class Way extends Component {
    static template = "billing_dynamic_distribution.Way";
    static components = {Dropdown, DropdownItem};
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({way: null, isBusy: false, live: ""});
        this.keepLast = new KeepLast();
        useRecordObserver((record) => {
            // What is being typed is not known to the server yet.
            if (!record.dirty) {
                this.load(record);
            }
        });
    }

    // Reading

    async load(record = this.props.record) {
        this.state.way = record.resId
            ? await this.keepLast.add(
                  this.orm.call(WAY, "load", [record.resModel, record.resId])
              )
            : null;
    }

    /**
     * @param {string} moment as the server writes it
     * @returns {string} in the reader's format and by the reader's clock
     */
    moment(moment) {
        return toLocaleDateTimeString(deserializeDateTime(moment));
    }

    /**
     * @param {string} moment as the server writes it
     * @returns {string} as machines read it
     */
    iso(moment) {
        return deserializeDateTime(moment).toISO();
    }

    isPast(moment) {
        return deserializeDateTime(moment) <= luxon.DateTime.now();
    }

    icon(entry) {
        return entry.icon || CHANNEL_ICONS[entry.channel] || "fa-paper-plane-o";
    }

    // Doing

    /**
     * @param {string} model
     * @param {string} method
     * @param {any[]} args
     * @param {any} seen what the screen shows
     */
    async act(model, method, args, seen) {
        if (this.state.isBusy) {
            return;
        }
        this.state.isBusy = true;
        try {
            const record = this.props.record;
            if (record.dirty && !(await record.save())) {
                return;
            }
            const answer = await this.orm.call(model, method, args, {
                context: {...record.context, billing_seen: seen},
            });
            if (answer && answer.type) {
                // The form is read anew below, not the whole screen.
                const params = {...answer.params, next: undefined};
                await this.action.doAction({...answer, params});
            }
            await record.load();
            await this.load();
            this.state.live = this.state.way ? this.state.way.sentence : "";
        } finally {
            this.state.isBusy = false;
        }
    }

    stop(run) {
        return this.act(RUN, "action_stop", [[run.id]], run.stamp);
    }

    skip(run) {
        return this.act(RUN, "action_skip", [[run.id]], run.stamp);
    }

    hurry(run) {
        return this.act(RUN, "action_send_now", [[run.id]], run.stamp);
    }

    resume(run) {
        return this.act(RUN, "action_resume", [[run.id]], run.stamp);
    }

    reroute(run, channel) {
        return this.act(RUN, "action_send_by", [[run.id], channel.channel], run.stamp);
    }

    askForAddress(run) {
        return this.act(RUN, "action_ask_for_address", [[run.id]], run.stamp);
    }

    /** Opens the form in which an address is put right, and comes back to here. */
    async fix(run) {
        const action = await this.orm.call("billing.contact.point", "action_fix", [
            [run.failing.id],
        ]);
        await this.action.doAction(action, {
            onClose: async () => {
                await this.props.record.load();
                await this.load();
            },
        });
    }

    resend(message) {
        return this.act(MESSAGE, "action_resend", [[message.id]], false);
    }

    sendBy(channel) {
        return this.act(
            INVOICE,
            "action_billing_send_by",
            [[this.state.way.move_id], channel.channel],
            this.state.way.seen
        );
    }

    open(model, resId) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: resId,
            views: [[false, "form"]],
        });
    }

    openMessage(message) {
        return this.open(MESSAGE, message.id);
    }

    openRun(run) {
        return this.open(RUN, run.id);
    }

    // Words

    /**
     * @param {{title: string, address: string}} entry
     * @returns {string} by what, and to where
     */
    whereText({title, address}) {
        return address
            ? _t("%(channel)s to %(address)s", {channel: title, address})
            : title;
    }

    othersText(message) {
        return message.others === 1
            ? _t("with one more invoice")
            : _t("with %s more invoices", message.others);
    }

    fixText(run) {
        return _t("Put %s Right", run.failing.address);
    }

    /** Nothing goes out by itself any more, so that it is sent by hand or not at all. */
    get isByHand() {
        const {ahead, channels} = this.state.way;
        return (
            !this.isRun &&
            channels.length &&
            ahead.every((run) => run.state === "stopped")
        );
    }

    get isRun() {
        return this.props.record.resModel === RUN;
    }
}

registry.category("view_widgets").add("billing_way", {component: Way});
