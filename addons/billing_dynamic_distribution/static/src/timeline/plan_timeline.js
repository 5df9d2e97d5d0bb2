import {CHANNEL_ICONS, barStyle, count, share} from "../funnel/format";
import {Component, onMounted, onPatched, useRef, useState} from "@odoo/owl";
import {ConfirmationDialog} from "@web/core/confirmation_dialog/confirmation_dialog";
import {FormViewDialog} from "@web/views/view_dialogs/form_view_dialog";
import {KeepLast} from "@web/core/utils/concurrency";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {useService} from "@web/core/utils/hooks";

const PLAN = "billing.distribution.plan";
const VERSION = "billing.distribution.version";
const STEP = "billing.distribution.step";

/**
 * The steps of a plan on a line, each with what came of it.
 *
 * The live version is always seen. Its draft stands below it and is saved with every
 * change: nothing is sent by a draft.
 */
export class PlanTimeline extends Component {
    static template = "billing_dynamic_distribution.PlanTimeline";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.root = useRef("root");
        this.state = useState({plan: null, period: 90, isBusy: false, live: ""});
        this.icons = CHANNEL_ICONS;
        this.keepLast = new KeepLast();
        this.toFocus = "";
        Object.assign(this, {barStyle, count, share});
        useRecordObserver((record) => {
            // What is being typed is not known to the server yet.
            if (!record.dirty) {
                this.load(record.resId);
            }
        });
        const focus = () => this.focus();
        onMounted(focus);
        onPatched(focus);
    }

    // Reading

    get planId() {
        return this.props.record.resId;
    }

    async load(planId = this.planId) {
        this.state.plan = planId
            ? await this.keepLast.add(
                  this.orm.call(PLAN, "get_timeline", [[planId], this.state.period])
              )
            : null;
    }

    /** @returns {?object} the draft, where there is one */
    get draft() {
        const {plan} = this.state;
        return plan && plan.versions.find((version) => version.state === "draft");
    }

    get canEdit() {
        const {plan} = this.state;
        return !this.props.readonly && (plan ? plan.can_edit : true);
    }

    titleOf(version) {
        return {
            live: _t("Live: version %s", version.number),
            trial: _t("Being tried: version %s", version.number),
            draft: _t("Draft: version %s", version.number),
        }[version.state];
    }

    sinceText(version) {
        return _t("since %s", version.published);
    }

    captionOf(step) {
        return _t("What came of step %(number)s, %(channel)s", {
            number: step.number,
            channel: step.label,
        });
    }

    /**
     * @param {object} step
     * @returns {{key: string, label: string, value: number, share: string, style: string}[]}
     */
    rowsOf(step) {
        const {counts} = step;
        const row = (key, label, whole) => ({
            key,
            label,
            value: counts[key],
            share: share(counts[key], whole),
            style: barStyle(counts[key], Math.max(counts.sent, counts.planned)),
        });
        const rows = [
            row("sent", _t("Sent"), 0),
            row("delivered", _t("Delivered"), counts.sent),
            row("opened", _t("Opened"), counts.sent),
            row("paid", _t("Paid"), counts.sent),
            row("failed", _t("Failed"), counts.planned),
        ];
        if (counts.uncertain) {
            rows.push(row("uncertain", _t("Uncertain"), counts.planned));
        }
        return rows;
    }

    waitingText(step) {
        return step.counts.waiting === 1
            ? _t("1 invoice waits for this step")
            : _t("%s invoices wait for this step", count(step.counts.waiting));
    }

    numberLabel(step, row) {
        return _t(
            "%(measure)s, step %(number)s, %(channel)s: %(count)s. Open the list",
            {
                measure: row.label,
                number: step.number,
                channel: step.label,
                count: count(row.value),
            }
        );
    }

    periodLabel(days) {
        return days
            ? _t("began in the last %s days", days)
            : _t("began since the version went live");
    }

    onPeriod(event) {
        this.state.period = Number(event.target.value);
        return this.load();
    }

    async open(step, measure) {
        const action = await this.orm.call(PLAN, "get_step_action", [
            [this.planId],
            step.id,
            measure,
            this.state.period,
        ]);
        return this.action.doAction(action);
    }

    // Telling and focus

    say(text) {
        // A screen reader reads the region; a text said twice has to change.
        this.state.live = this.state.live === text ? `${text} ` : text;
    }

    focus() {
        const target =
            this.toFocus && this.root.el && this.root.el.querySelector(this.toFocus);
        if (target) {
            this.toFocus = "";
            target.focus();
        }
    }

    /**
     * One change at a time; afterwards the plan is read again.
     *
     * @param {Function} change
     * @param {string} text what is said when it is done
     * @param {string} [toFocus] where the focus goes then
     */
    async change(change, text, toFocus = "") {
        if (this.state.isBusy) {
            return;
        }
        this.state.isBusy = true;
        try {
            await change();
            await this.load();
            this.toFocus = toFocus;
            this.say(text);
        } finally {
            this.state.isBusy = false;
        }
    }

    // The draft

    async edit() {
        // A plan has to be there before its steps.
        if (!(await this.props.record.save())) {
            return;
        }
        await this.change(
            () => this.orm.call(PLAN, "make_draft", [[this.planId]]),
            _t("A draft is made. Nothing is sent by it before it goes live."),
            ".o_timeline_add"
        );
    }

    async begin() {
        await this.edit();
        if (this.draft) {
            this.openStep(null);
        }
    }

    /** @param {?object} step to be changed, null for a new one */
    openStep(step) {
        const {steps, id} = this.draft;
        this.dialog.add(FormViewDialog, {
            resModel: STEP,
            resId: step ? step.id : false,
            title: step
                ? _t("Step %(number)s: %(channel)s", {
                      number: step.number,
                      channel: step.label,
                  })
                : _t("New Step"),
            canExpand: false,
            context: {
                default_version_id: id,
                // Behind all others, however they are numbered.
                default_sequence: 10 * (steps.length + 1),
                ...(steps.length
                    ? {default_template_id: steps.at(-1).content_id}
                    : {default_condition: "not_paid"}),
            },
            onRecordSaved: (record) => this.onSaved(step, record),
        });
    }

    async onSaved(step, record) {
        const ids = this.draft.steps.map((other) => other.id);
        if (!step) {
            ids.push(record.resId);
        }
        await this.change(
            () => this.orm.webResequence(STEP, ids, {offset: 1}),
            step ? _t("The step is changed.") : _t("The step is added."),
            `[data-step="${record.resId}"] .o_timeline_edit`
        );
    }

    move(step, offset) {
        const ids = this.draft.steps.map((other) => other.id);
        const from = step.number - 1;
        const to = from + offset;
        if (to < 0 || to >= ids.length) {
            return;
        }
        ids.splice(to, 0, ...ids.splice(from, 1));
        const side = offset < 0 ? "earlier" : "later";
        return this.change(
            () => this.orm.webResequence(STEP, ids, {offset: 1}),
            _t("%(channel)s is step %(number)s now.", {
                channel: step.label,
                number: to + 1,
            }),
            `[data-step="${step.id}"] .o_timeline_${side}`
        );
    }

    remove(step) {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Delete the step"),
            body: _t("Step %(number)s, %(channel)s, is taken out of the draft.", {
                number: step.number,
                channel: step.label,
            }),
            confirmLabel: _t("Delete"),
            cancelLabel: _t("Keep"),
            confirm: () =>
                this.change(
                    () => this.orm.unlink(STEP, [step.id]),
                    _t("The step is deleted."),
                    ".o_timeline_add"
                ),
            cancel: () => undefined,
        });
    }

    discard() {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Discard the draft"),
            body: _t("What is live stays as it is."),
            confirmLabel: _t("Discard the Draft"),
            cancelLabel: _t("Keep"),
            confirm: () =>
                this.change(
                    () => this.orm.unlink(VERSION, [this.draft.id]),
                    _t("The draft is discarded."),
                    ".o_timeline_change"
                ),
            cancel: () => undefined,
        });
    }

    publish() {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Go live"),
            body: _t(
                "Invoices begin with these steps from now on. Those on their way finish the steps they began with."
            ),
            confirmLabel: _t("Go Live"),
            cancelLabel: _t("Not Yet"),
            confirm: async () => {
                if (!(await this.props.record.save())) {
                    return;
                }
                await this.change(
                    async () => {
                        await this.orm.call(VERSION, "action_publish", [
                            [this.draft.id],
                        ]);
                        await this.props.record.load();
                    },
                    _t("The plan is live."),
                    ".o_timeline_change"
                );
            },
            cancel: () => undefined,
        });
    }

    replay() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("Replay on History"),
            res_model: "billing.distribution.replay",
            views: [[false, "form"]],
            context: {
                default_plan_id: this.planId,
                default_version_id: this.draft.id,
            },
        });
    }
}

registry.category("view_widgets").add("billing_plan_timeline", {
    component: PlanTimeline,
});
