import {BulkDialog, CustomerDialog, KeysDialog, ParkDialog} from "./desk_dialogs";
import {
    Component,
    onMounted,
    onWillStart,
    useEffect,
    useExternalListener,
    useRef,
    useState,
} from "@odoo/owl";
import {count, day, duration, money, percent, sums} from "./format";
import {CandidateCard} from "./candidate_card";
import {DeskModel} from "./desk_model";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {Layout} from "@web/search/layout";
import {ReviewList} from "./review_list";
import {_t} from "@web/core/l10n/translation";
import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {useDebounced} from "@web/core/utils/timing";
import {useHotkey} from "@web/core/hotkeys/hotkey_hook";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";

/** Where a person's choice not to use single keys is kept. */
const KEYS_OFF = "billing_kid_match.review_desk.keys_off";
const TYPING = 250;
/** What already does something with Enter or an arrow. */
const OWN_KEYS = "a, button, input, select, summary, textarea, [contenteditable]";
/** Rows that Page Up and Page Down go. */
const PAGE = 8;

/**
 * The screen on which staff decides what matching leaves to people.
 *
 * A list of payments, and beside it the chosen one with the invoices it may belong to.
 * Everything can be done without the mouse; `?` shows how.
 */
export class ReviewDesk extends Component {
    static template = "billing_kid_match.ReviewDesk";
    static components = {CandidateCard, Dropdown, DropdownItem, Layout, ReviewList};
    static props = {...standardActionServiceProps};

    setup() {
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.model = useState(
            new DeskModel({
                orm: useService("orm"),
                say: (text, options) => this.say(text, options),
            })
        );
        this.state = useState({
            // on a phone one of them is seen at a time
            isDetailOpen: false,
            areFiltersOpen: false,
            raw: null,
            live: "",
            keysOn: !browser.localStorage.getItem(KEYS_OFF),
        });
        this.searchInput = useRef("search");
        this.textInput = useRef("text");
        this.detail = useRef("detail");
        this.focusList = () => undefined;
        this.display = {controlPanel: {}};
        Object.assign(this, {count, day, duration, money, percent, sums});
        this.filterText = useDebounced((text) => this.model.filter({text}), TYPING);
        this.useKeys();
        onWillStart(() => this.model.start(this.props.state));
        useSetupAction({getLocalState: () => this.model.remembered});
        onMounted(() => this.focusList());
        // The raw record and the place in the page are those of one payment.
        useEffect(
            () => {
                this.state.raw = null;
                if (this.detail.el) {
                    this.detail.el.scrollTop = 0;
                }
            },
            () => [this.model.current && this.model.current.id]
        );
        useEffect(
            (isOpen) => {
                if (isOpen && this.searchInput.el) {
                    this.searchInput.el.focus();
                }
            },
            () => [Boolean(this.model.search)]
        );
        // A card that a key has marked may be out of sight.
        useEffect(
            () => {
                const card =
                    this.model.marked &&
                    this.detail.el &&
                    this.detail.el.querySelector(".o_review_card_active");
                if (card) {
                    card.scrollIntoView({block: "nearest"});
                }
            },
            () => [this.model.marked]
        );
    }

    // Telling

    /**
     * @param {string} text a sentence
     * @param {object} [options] of the notification service; what is no trouble stays
     *     in the line below
     */
    say(text, options = {}) {
        // A screen reader reads the region; a text said twice has to change.
        this.state.live = this.state.live === text ? `${text} ` : text;
        if (["danger", "warning"].includes(options.type)) {
            this.notification.add(text, options);
        }
    }

    // Keys

    /** @returns {{keys: string, text: string}[]} for the list of keys */
    get keys() {
        return [
            {keys: "↑ ↓ J K", text: _t("previous and next payment")},
            {keys: "Enter", text: _t("accept the marked candidate, or what is chosen")},
            {keys: "← → 1 – 9", text: _t("mark another candidate")},
            {keys: "S", text: _t("search all open invoices")},
            {keys: "O", text: _t("choose among the customer's open items")},
            {keys: "A", text: _t("put the money on a customer's account")},
            {keys: "P", text: _t("park with a note, or take up again")},
            {keys: "R", text: _t("propose a refund")},
            {keys: "U", text: _t("undo the last decision")},
            {keys: "B", text: _t("accept all that are certain enough")},
            {keys: "F", text: _t("filter the list by text")},
            {keys: "Esc", text: _t("back to the list")},
            {keys: "?", text: _t("show these keys")},
        ];
    }

    useKeys() {
        const free = (target) => !target.closest(OWN_KEYS);
        const box = (target) => target.matches("input[type=checkbox]");
        // In the panel beside the list the arrows scroll.
        const inList = (target) => free(target) && !target.closest(".o_review_detail");
        const letter = (target) =>
            this.state.keysOn && target.closest(".o_dialog") === null;
        const add = (key, callback, isAvailable, allowRepeat = false) =>
            useHotkey(key, callback, {isAvailable, allowRepeat});
        add("arrowdown", () => this.model.move(1), inList, true);
        add("arrowup", () => this.model.move(-1), inList, true);
        add("pagedown", () => this.model.move(PAGE), inList, true);
        add("pageup", () => this.model.move(-PAGE), inList, true);
        add("home", () => this.model.select(0), inList);
        add("end", () => this.model.select(this.model.store.total - 1), inList);
        add("arrowright", () => this.model.chooseCard(this.model.card + 1), inList);
        add("arrowleft", () => this.model.chooseCard(this.model.card - 1), inList);
        add(
            "enter",
            () => this.decide(() => this.model.accept()),
            (target) => box(target) || free(target)
        );
        add("escape", () => this.onEscape());
        add("j", () => this.model.move(1), letter, true);
        add("k", () => this.model.move(-1), letter, true);
        add("s", () => this.openSearch(), letter);
        add("o", () => this.focusItems(), letter);
        add("a", () => this.assign(), letter);
        add("p", () => this.park(), letter);
        add("r", () => this.refund(), letter);
        add("u", () => this.model.undo(), letter);
        add("b", () => this.bulk(), letter);
        add("f", () => this.focusText(), letter);
        for (let number = 1; number <= 9; number++) {
            add(`${number}`, () => this.model.chooseCard(number - 1), letter);
        }
        // The question mark is on another key in every country.
        useExternalListener(window, "keydown", (event) => {
            const isTyping = event.target.closest?.(
                "input, textarea, select, .o_dialog"
            );
            if (event.key === "?" && this.state.keysOn && !isTyping) {
                event.preventDefault();
                this.showKeys();
            }
        });
    }

    onEscape() {
        if (this.model.search) {
            this.model.closeSearch();
        } else if (this.model.chosen.length) {
            this.model.clearChoice();
        }
        this.focusList();
    }

    showKeys() {
        this.open(KeysDialog, {
            keys: this.keys,
            isOn: this.state.keysOn,
            onSwitch: (isOn) => {
                this.state.keysOn = isOn;
                if (isOn) {
                    browser.localStorage.removeItem(KEYS_OFF);
                } else {
                    browser.localStorage.setItem(KEYS_OFF, "1");
                }
            },
        });
    }

    focusText() {
        this.state.isDetailOpen = false;
        this.textInput.el?.focus();
    }

    focusItems() {
        const box = this.detail.el?.querySelector(".o_review_item input");
        if (box) {
            box.focus();
        } else {
            this.say(_t("Nothing is open for this customer."));
        }
    }

    /** A dialog gives the focus back to the list. */
    open(Dialog, props) {
        this.dialog.add(Dialog, props, {onClose: () => this.focusList()});
    }

    // The list

    /** @returns {{state: string, label: string, count: number}[]} */
    get tabs() {
        const counts = this.model.overview ? this.model.overview.counts : {};
        return [
            ["waiting", _t("To decide")],
            ["proposed", _t("Proposed")],
            ["unmatched", _t("Unmatched")],
            ["parked", _t("Parked")],
            ["assigned", _t("On account")],
        ].map(([state, label]) => ({
            state,
            label,
            count: counts[state] ? counts[state].count : 0,
        }));
    }

    get sorts() {
        return [
            ["oldest", _t("Oldest first")],
            ["newest", _t("Newest first")],
            ["largest", _t("Largest first")],
            ["smallest", _t("Smallest first")],
            ["surest", _t("Most certain first")],
            ["unsurest", _t("Least certain first")],
        ];
    }

    get filterCount() {
        const {amount_from, amount_to, journal_id} = this.model.filters;
        return [amount_from, amount_to, journal_id].filter(Boolean).length;
    }

    onAmount(name, event) {
        this.model.filter({[name]: Number(event.target.value) || false});
    }

    onJournal(event) {
        this.model.filter({journal_id: Number(event.target.value) || false});
    }

    onTextKeydown(event) {
        if (["Enter", "ArrowDown"].includes(event.key)) {
            event.preventDefault();
            event.stopPropagation();
            this.focusList();
        }
    }

    openDetail() {
        this.state.isDetailOpen = true;
    }

    // What the desk has saved

    /** @returns {?{today: string, month: string}} sentences */
    get meter() {
        const {meter} = this.model;
        if (!meter) {
            return null;
        }
        const {today, month} = meter;
        return {
            today: _t(
                "%(placed)s payments found their invoice by themselves today, %(repaired)s of them with a damaged or missing reference: %(saved)s saved.",
                {
                    placed: count(today.placed),
                    repaired: count(today.repaired),
                    saved: duration(today.minutes_saved),
                }
            ),
            month: _t(
                "This month %(share)s of the cases needed nobody: %(before)s of work by hand became %(after)s.",
                {
                    share: `${count(month.share * 100)} %`,
                    before: duration(month.minutes_before),
                    after: duration(month.minutes_after),
                }
            ),
        };
    }

    /** @returns {{text: string, isBlocked: boolean}[]} one for each company */
    get closings() {
        const closings = this.model.overview ? this.model.overview.closing : [];
        return closings.map((closing) => {
            const parts = [];
            if (closings.length > 1) {
                parts.push(`${closing.company}:`);
            }
            parts.push(
                closing.locked
                    ? _t("Books closed until %s.", day(closing.locked))
                    : _t("No period is closed yet.")
            );
            if (closing.waiting) {
                parts.push(
                    _t("%(count)s payments booked by %(day)s keep that month open.", {
                        count: count(closing.waiting),
                        day: day(closing.until),
                    })
                );
            }
            return {text: parts.join(" "), isBlocked: closing.waiting > 0};
        });
    }

    // The payment

    get payment() {
        const {details} = this.model;
        return (
            details && {
                ...details.payment,
                account: details.payment.payer_account,
            }
        );
    }

    get acceptLabel() {
        const {model} = this;
        if (model.chosen.length === 1) {
            return _t("Accept %s", model.chosen[0].name);
        }
        if (model.chosen.length) {
            return _t("Accept %(count)s invoices", {count: model.chosen.length});
        }
        const card = model.cards[model.card];
        return card ? _t("Accept %s", card.invoices[0].name) : _t("Accept");
    }

    get canAccept() {
        const {model} = this;
        return model.chosen.length
            ? model.chosenRest >= 0 && model.mayDecide
            : model.canAccept(model.cards[model.card]);
    }

    /** @returns {string} what is left when the chosen amounts are taken */
    get restText() {
        const {chosenRest} = this.model;
        const amount = money(Math.abs(chosenRest), this.payment.currency_id);
        if (!chosenRest) {
            return _t("adds up");
        }
        return chosenRest > 0 ? _t("%s left over", amount) : _t("%s too much", amount);
    }

    /** Customers a payment may be of, each once, the likeliest first. */
    get customers() {
        const found = new Map();
        const {details, customer} = this.model;
        if (details && details.payment.owner_id) {
            found.set(details.payment.owner_id, {
                id: details.payment.owner_id,
                name: details.payment.owner,
                number: "",
            });
        }
        for (const card of this.model.cards) {
            if (!found.has(card.partner_id)) {
                found.set(card.partner_id, {
                    id: card.partner_id,
                    name: card.customer,
                    number: card.customer_number,
                });
            }
        }
        if (customer && !found.has(customer.id)) {
            found.set(customer.id, customer);
        }
        return [...found.values()];
    }

    onAmountOf(item, event) {
        this.model.setAmount(item.id, Number(event.target.value) || 0);
    }

    namesOf(ids) {
        return this.model.customer.items
            .filter((item) => ids.includes(item.id))
            .map((item) => item.name)
            .join(" + ");
    }

    async showRaw() {
        this.state.raw = this.state.raw
            ? null
            : await this.model.orm.call("billing.review.desk", "raw_record", [
                  this.payment.id,
              ]);
    }

    openInvoice(id) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "account.move",
            res_id: id,
            views: [[false, "form"]],
        });
    }

    openPayment() {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "billing.payment",
            res_id: this.payment.id,
            views: [[false, "form"]],
        });
    }

    openList() {
        this.action.doAction("billing_kid_match.billing_payment_review_action");
    }

    // Search

    openSearch() {
        if (!this.model.details) {
            return;
        }
        this.openDetail();
        if (this.model.search) {
            this.searchInput.el?.focus();
        } else {
            this.model.openSearch();
        }
    }

    onSearchKeydown(event) {
        const steps = {ArrowDown: 1, ArrowUp: -1};
        if (event.key in steps) {
            event.preventDefault();
            this.model.chooseCard(this.model.card + steps[event.key]);
        } else if (event.key === "Enter") {
            event.preventDefault();
            event.stopPropagation();
            // Never what was found for another text.
            if (this.model.isFound && this.model.search.text.trim()) {
                this.decide(() => this.model.accept());
            } else {
                this.model.find();
            }
        }
    }

    // Deciding

    /** Decisions leave the focus where the next one is made. */
    decide(callback) {
        callback();
        this.focusList();
    }

    assign() {
        if (!this.model.mayDecide) {
            return;
        }
        this.open(CustomerDialog, {
            title: _t("Put on a customer's account"),
            explanation: _t(
                "The money becomes the customer's credit. It settles an invoice as soon as somebody, or the next invoice, uses it."
            ),
            label: _t("Put on account"),
            customers: this.customers,
            onConfirm: (partnerId) => this.model.act("assign", {partner_id: partnerId}),
        });
    }

    refund() {
        if (!this.model.mayDecide) {
            return;
        }
        this.open(CustomerDialog, {
            title: _t("Propose a refund"),
            explanation: _t(
                "A payment back to the payer's account is drafted, for somebody with the right to pay to check and post. Whose money is it?"
            ),
            label: _t("Propose the refund"),
            customers: this.customers,
            onConfirm: (partnerId) => this.model.act("refund", {partner_id: partnerId}),
        });
    }

    park() {
        const {details} = this.model;
        if (!this.model.mayDecide) {
            return;
        }
        if (details.payment.tab === "parked") {
            this.decide(() => this.model.act("unpark", {}));
            return;
        }
        if (details.payment.tab === "assigned") {
            this.say(_t("Money on an account waits there; it cannot be parked."));
            return;
        }
        this.open(ParkDialog, {
            title: _t("Park this payment"),
            onConfirm: (note) => this.model.act("park", {note}),
        });
    }

    bulk() {
        this.open(BulkDialog, {
            preview: (probability) => this.model.bulkPreview(probability),
            accept: (probability, ids, progress) =>
                this.model.bulkAccept(probability, ids, progress),
        });
    }
}

registry.category("actions").add("billing_kid_match.review_desk", ReviewDesk);
