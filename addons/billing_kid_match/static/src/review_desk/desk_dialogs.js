import {Component, onMounted, onWillStart, useRef, useState} from "@odoo/owl";
import {count, sums} from "./format";
import {Dialog} from "@web/core/dialog/dialog";
import {KeepLast} from "@web/core/utils/concurrency";
import {RecordSelector} from "@web/core/record_selectors/record_selector";
import {_t} from "@web/core/l10n/translation";
import {formatFloat} from "@web/core/utils/numbers";
import {useAutofocus, useChildRef} from "@web/core/utils/hooks";

/**
 * Odoo's dialogs have a title to see, but no name for a screen reader.
 *
 * @param {string} title
 * @returns {object} ref for the dialog's `modalRef`
 */
function useNamedDialog(title) {
    const modal = useChildRef();
    onMounted(() => modal.el.setAttribute("aria-label", title));
    return modal;
}

/** Why a payment is set aside, for colleagues. */
export class ParkDialog extends Component {
    static template = "billing_kid_match.ParkDialog";
    static components = {Dialog};
    static props = {title: String, onConfirm: Function, close: Function};

    setup() {
        this.modal = useNamedDialog(this.props.title);
        this.state = useState({note: ""});
        useAutofocus({refName: "note"});
    }

    onKeydown(event) {
        if (event.key === "Enter") {
            event.preventDefault();
            event.stopPropagation();
            this.confirm();
        }
    }

    confirm() {
        const note = this.state.note.trim();
        if (note) {
            this.props.close();
            this.props.onConfirm(note);
        }
    }
}

/** Whose account gets the money, or whom it goes back to. */
export class CustomerDialog extends Component {
    static template = "billing_kid_match.CustomerDialog";
    static components = {Dialog, RecordSelector};
    static props = {
        title: String,
        explanation: String,
        label: String,
        // customers that are likely, the likeliest first
        customers: Array,
        onConfirm: Function,
        close: Function,
    };

    setup() {
        this.modal = useNamedDialog(this.props.title);
        const [first] = this.props.customers;
        this.state = useState({partnerId: first ? first.id : false});
        this.root = useRef("root");
        onMounted(() => {
            this.root.el
                .querySelector(".o-autocomplete--input")
                .setAttribute("aria-label", _t("Another customer"));
            this.root.el.querySelector("input").focus();
        });
    }

    onKeydown(event) {
        const isButton = event.target.closest("button, .o-autocomplete");
        if (event.key === "Enter" && !isButton) {
            event.preventDefault();
            event.stopPropagation();
            this.confirm();
        }
    }

    confirm() {
        if (this.state.partnerId) {
            this.props.close();
            this.props.onConfirm(this.state.partnerId);
        }
    }
}

/** All keys of the desk, and the switch for those without a modifier. */
export class KeysDialog extends Component {
    static template = "billing_kid_match.KeysDialog";
    static components = {Dialog};
    static props = {
        keys: Array,
        isOn: Boolean,
        onSwitch: Function,
        close: Function,
    };

    setup() {
        this.title = _t("Keys of the review desk");
        this.modal = useNamedDialog(this.title);
        this.state = useState({isOn: this.props.isOn});
    }

    onSwitch(event) {
        this.state.isOn = event.target.checked;
        this.props.onSwitch(this.state.isOn);
    }
}

/** Many payments at once, but not before it is said how many and how much. */
export class BulkDialog extends Component {
    static template = "billing_kid_match.BulkDialog";
    static components = {Dialog};
    static props = {
        preview: Function,
        accept: Function,
        close: Function,
    };

    setup() {
        this.title = _t("Accept all that are certain enough");
        this.modal = useNamedDialog(this.title);
        this.count = count;
        this.sums = sums;
        this.presets = [0.9999, 0.999, 0.99, 0.95];
        this.lastPreview = new KeepLast();
        this.state = useState({
            probability: 0.99,
            preview: null,
            progress: null,
            result: null,
            isStopped: false,
        });
        useAutofocus({refName: "probability"});
        onWillStart(() => this.look());
    }

    presetLabel(probability) {
        return `${formatFloat(probability * 100, {digits: [0, 2]})} %`;
    }

    async onProbability(event) {
        this.state.probability = Number(event.target.value);
        await this.look();
    }

    async look() {
        this.state.preview = null;
        this.state.preview = await this.lastPreview.add(
            this.props.preview(this.state.probability)
        );
    }

    get isBusy() {
        return Boolean(this.state.progress && !this.state.result);
    }

    get question() {
        const {preview} = this.state;
        return _t("Accept %(count)s payments, %(sum)s", {
            count: count(preview.count),
            sum: sums(preview.sums),
        });
    }

    async confirm() {
        const {preview, probability} = this.state;
        this.state.progress = {done: 0, total: preview.count};
        this.state.result = await this.props.accept(
            probability,
            preview.ids,
            (done) => {
                this.state.progress.done = done.accepted.length + done.refused.length;
                return !this.state.isStopped;
            }
        );
    }

    stop() {
        this.state.isStopped = true;
    }
}
