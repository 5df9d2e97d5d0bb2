import {
    CHANNEL_ICONS,
    barStyle,
    bucketLabel,
    count,
    day,
    hour,
    share,
    sums,
} from "../funnel/format";
import {Component, onWillStart, useState} from "@odoo/owl";
import {KeepLast} from "@web/core/utils/concurrency";
import {Layout} from "@web/search/layout";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";

const FUNNEL = "billing.distribution.funnel";
/** Labels that have room below the columns of the trend. */
const MOST_LABELS = 6;
/** How far an invoice comes. */
const MEASURES = ["planned", "sent", "delivered", "opened", "paid"];

/**
 * How far invoices come: from the plan to the payment.
 *
 * Every number opens what it counts. Every picture is a table for who reads instead.
 */
export class DistributionDashboard extends Component {
    static template = "billing_dynamic_distribution.Dashboard";
    static components = {Layout};
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.keepLastGroups = new KeepLast();
        const remembered = this.props.state || {};
        this.state = useState({
            filters: {
                period: 90,
                company_id: false,
                plan_id: false,
                channel: false,
                ...remembered.filters,
            },
            by: remembered.by || "plan",
            data: null,
            groups: null,
            isLoading: false,
        });
        this.display = {controlPanel: {}};
        this.icons = CHANNEL_ICONS;
        Object.assign(this, {barStyle, count, share, sums});
        onWillStart(() => this.load());
        useSetupAction({
            getLocalState: () => ({
                filters: {...this.state.filters},
                by: this.state.by,
            }),
        });
    }

    // Reading

    async load() {
        this.state.isLoading = true;
        this.state.groups = null;
        const filters = {...this.state.filters};
        try {
            this.state.data = await this.keepLast.add(
                this.orm.call(FUNNEL, "get_dashboard", [filters])
            );
        } finally {
            this.state.isLoading = false;
        }
        if (this.state.by === "segment") {
            this.loadGroups();
        }
    }

    async loadGroups() {
        this.state.groups = await this.keepLastGroups.add(
            this.orm.call(FUNNEL, "get_segments", [{...this.state.filters}])
        );
    }

    filter(changes) {
        Object.assign(this.state.filters, changes);
        return this.load();
    }

    onPeriod(event) {
        return this.filter({period: Number(event.target.value)});
    }

    onCompany(event) {
        return this.filter({
            company_id: Number(event.target.value) || false,
            plan_id: false,
        });
    }

    onPlan(event) {
        return this.filter({plan_id: Number(event.target.value) || false});
    }

    onChannel(event) {
        return this.filter({channel: event.target.value || false});
    }

    showBy(by) {
        this.state.by = by;
        if (by === "segment" && !this.state.groups) {
            this.loadGroups();
        }
    }

    // What is shown

    /** Headings, which stand beside each figure on a phone. */
    get words() {
        return {
            planned: _t("Planned"),
            sent: _t("Sent"),
            delivered: _t("Delivered"),
            opened: _t("Opened"),
            paid: _t("Paid in time"),
            messages: _t("Messages"),
            failed: _t("Failed"),
            parts: _t("Parts of SMS"),
            cost: _t("Cost"),
            each: _t("Each"),
        };
    }

    periodLabel(days) {
        return _t("Last %s days", days);
    }

    /** Plans of the chosen company; with its name where there are several. */
    get plans() {
        const {plans, companies} = this.state.data.options;
        const {company_id} = this.state.filters;
        return plans
            .filter((plan) => !company_id || plan.company_id === company_id)
            .map((plan) => ({
                id: plan.id,
                name:
                    company_id || companies.length === 1
                        ? plan.name
                        : `${plan.name} (${plan.company})`,
            }));
    }

    get isEmpty() {
        const {data} = this.state;
        return !data.total.planned && !data.costs.length;
    }

    get tiles() {
        const {tiles} = this.state.data;
        let next = "–";
        if (tiles.next_at) {
            next = tiles.is_due ? _t("now") : hour(tiles.next_at);
        }
        return [
            {
                key: "on_way",
                icon: "fa-road",
                value: count(tiles.on_way),
                label: _t("Invoices on their way"),
            },
            {
                key: "stuck",
                icon: "fa-hand-paper-o",
                value: count(tiles.stuck),
                label: _t("Need somebody"),
                isTrouble: tiles.stuck > 0,
            },
            {
                key: "bounced",
                icon: "fa-chain-broken",
                value: count(tiles.bounced),
                label: _t("Addresses that fail"),
                isTrouble: tiles.bounced > 0,
            },
            {
                key: "letters",
                icon: "fa-file-text-o",
                value: count(tiles.letters),
                label: _t("Letters waiting"),
            },
            {
                key: "next",
                icon: "fa-clock-o",
                value: next,
                label: tiles.next_at
                    ? _t("Next hour planned: %s messages", count(tiles.due))
                    : _t("Nothing is planned"),
            },
        ];
    }

    /** Rows of the funnel of all invoices together. */
    get total() {
        const {total} = this.state.data;
        return MEASURES.map((key) => ({
            key,
            label: this.words[key],
            value: total[key],
            share: key === "planned" ? "" : this.shareOf(total, key),
            style: barStyle(total[key], total.planned),
        }));
    }

    get totalTitle() {
        return _t("Invoices that began since %s", day(this.state.data.since));
    }

    get costNote() {
        return _t(
            "All messages sent since %s, those by hand and of Send & Print too.",
            day(this.state.data.since)
        );
    }

    get ripeText() {
        const {total} = this.state.data;
        return total.ripe
            ? _t(
                  "Of %(ripe)s invoices whose time to pay is over, %(paid)s were paid in time.",
                  {ripe: count(total.ripe), paid: count(total.ripe_paid)}
              )
            : _t("The time to pay is not over for any of these invoices yet.");
    }

    /** A share that says the same on a young invoice and on an old one. */
    shareOf(row, key) {
        if (key === "paid" && "ripe" in row) {
            return share(row.ripe_paid, row.ripe);
        }
        return share(row[key], row.planned);
    }

    get tabs() {
        return [
            ["plan", _t("Plan")],
            ["step", _t("Step")],
            ["channel", _t("Channel")],
            ["segment", _t("Customer group")],
        ].map(([key, label]) => ({key, label}));
    }

    /** @returns {{rows: ?object[], columns: {key: string, label: string}[]}} */
    get table() {
        const {data, by, groups} = this.state;
        const rows = {
            plan: data.plans,
            step: data.steps,
            channel: data.channels,
            segment: groups,
        }[by];
        const isMessages = by === "step" || by === "channel";
        const columns = isMessages ? [...MEASURES, "failed"] : MEASURES;
        const words = {
            ...this.words,
            ...(isMessages && {paid: _t("Paid after it")}),
        };
        return {
            rows,
            columns: columns.map((key) => ({key, label: words[key]})),
            first: this.tabs.find((tab) => tab.key === by).label,
        };
    }

    keyOf(row) {
        return Array.isArray(row.key) ? row.key.join() : row.key;
    }

    numberLabel(name, measure, value) {
        return _t("%(name)s, %(measure)s: %(count)s. Open the list", {
            name,
            measure,
            count: count(value),
        });
    }

    /** Columns of the trend, with as many labels as there is room for. */
    get trend() {
        const {trend, unit} = this.state.data;
        const most = Math.max(1, ...trend.map((row) => row.planned));
        const every = Math.ceil(trend.length / MOST_LABELS);
        return trend.map((row, index) => ({
            ...row,
            label: bucketLabel(row.key, unit),
            // From the last one backwards: it is the one that is looked for.
            isLabelled:
                (trend.length - 1 - index) % every === 0 && (index || every === 1),
            height: `height: ${((100 * row.planned) / most).toFixed(1)}%`,
            opened_height: `height: ${row.planned ? ((100 * row.opened) / row.planned).toFixed(1) : 0}%`,
        }));
    }

    get costTotal() {
        const totals = new Map();
        for (const row of this.state.data.costs) {
            for (const {currency_id, amount} of row.cost) {
                totals.set(currency_id, (totals.get(currency_id) || 0) + amount);
            }
        }
        return {
            messages: this.state.data.costs.reduce((sum, row) => sum + row.messages, 0),
            cost: [...totals].map(([currency_id, amount]) => ({currency_id, amount})),
        };
    }

    /** What one message cost, where all is paid in one currency. */
    costOfOne(row) {
        return row.cost.length === 1
            ? sums([
                  {
                      currency_id: row.cost[0].currency_id,
                      amount: row.cost[0].amount / row.messages,
                  },
              ])
            : "";
    }

    // Opening

    async open(level, key, measure) {
        const filters = {...this.state.filters};
        const action = await this.orm.call(FUNNEL, "get_action", [
            filters,
            level,
            key,
            measure,
        ]);
        return this.action.doAction(action);
    }

    async openTile(tile) {
        const action = await this.orm.call(FUNNEL, "get_tile_action", [
            {...this.state.filters},
            tile,
        ]);
        return this.action.doAction(action);
    }

    openPlans() {
        return this.action.doAction(
            "billing_dynamic_distribution.billing_distribution_plan_action"
        );
    }
}

registry
    .category("actions")
    .add("billing_dynamic_distribution.dashboard", DistributionDashboard);
