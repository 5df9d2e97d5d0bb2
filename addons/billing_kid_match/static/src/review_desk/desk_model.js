import {KeepLast, Mutex} from "@web/core/utils/concurrency";
import {RowStore} from "./row_store";
import {_t} from "@web/core/l10n/translation";
import {browser} from "@web/core/browser/browser";
import {markRaw} from "@odoo/owl";

const DESK = "billing.review.desk";
/** Rows read at a time. */
const CHUNK = 80;
/** Milliseconds somebody rests on a row before its details are asked for. */
const REST = 90;
/** Milliseconds after the last key before a search begins. */
const TYPING = 220;
/** Decisions of this sitting that can be taken back. */
const LONGEST_LOG = 200;
/** Payments whose details are kept. */
const KEPT = 30;
/** Payments accepted in one transaction of a bulk accept. */
const TOGETHER = 20;

/**
 * @param {Error} error of a call
 * @returns {string} what a person can do something with
 */
export function sentence(error) {
    if (error.data && error.data.message) {
        return error.data.message;
    }
    return _t("The server could not be reached. Nothing has been changed.");
}

/**
 * What the review desk knows, and what can be done on it.
 *
 * Decisions go to the server one after the other while the person is at the next
 * payment already; what the server refuses comes back to its place in the list with the
 * reason.
 */
export class DeskModel {
    /**
     * @param {object} services
     * @param {object} services.orm
     * @param {Function} services.say tells a sentence: text, options
     */
    constructor({orm, say}) {
        this.orm = markRaw(orm);
        this.say = say;
        this.store = markRaw(new RowStore());
        this.saving = markRaw(new Mutex());
        this.reading = markRaw(new Map());
        this.known = markRaw(new Map());
        this.lastDetails = markRaw(new KeepLast());
        this.lastSearch = markRaw(new KeepLast());
        this.timers = markRaw({});
        this.version = 0;
        this.total = 0;
        this.generation = 0;
        this.serial = 0;
        this.marked = 0;
        this.filters = {
            state: "waiting",
            sort: "oldest",
            text: "",
            journal_id: false,
            amount_from: false,
            amount_to: false,
        };
        this.isLoaded = false;
        this.index = 0;
        this.details = null;
        this.card = 0;
        this.chosen = [];
        this.customer = null;
        this.search = null;
        this.log = [];
        this.overview = null;
        this.meter = null;
        this.pending = 0;
    }

    // Reading the list

    /**
     * @param {object} [memory] what {@link remembered} told when the screen was left
     */
    async start(memory) {
        if (memory) {
            Object.assign(this.filters, memory.filters);
            this.log = memory.log;
            this.serial = memory.log.length;
        }
        await Promise.all([this.reload(), this.loadOverview()]);
        const index = memory ? this.store.indexOf(memory.paymentId) : -1;
        if (index > 0) {
            this.select(index);
        }
        this.loadMeter();
    }

    /** @returns {object} what brings the screen back as it is */
    get remembered() {
        return {
            filters: {...this.filters},
            log: this.log.map((entry, at) => ({...entry, key: at + 1})),
            paymentId: this.current ? this.current.id : false,
        };
    }

    /** Read the list anew from its beginning. */
    async reload() {
        this.generation++;
        const generation = this.generation;
        const page = await this.saving.exec(() =>
            this.orm.call(DESK, "load", [this.filters, 0, CHUNK])
        );
        if (generation !== this.generation) {
            return;
        }
        this.reading.clear();
        this.store.reset(page.total);
        this.store.fill(0, page.rows, page.total);
        this.isLoaded = true;
        this.changed();
        this.select(0);
    }

    /**
     * Read what is missing of a stretch of the list.
     *
     * @param {number} start first place
     * @param {number} end last place
     */
    async show(start, end) {
        const missing = this.store.missing(start, end, CHUNK);
        if (!missing || this.reading.has(missing.offset)) {
            return;
        }
        const generation = this.generation;
        this.reading.set(missing.offset, true);
        try {
            // Not while a decision is under way: places would not fit.
            await this.saving.exec(async () => {
                const page = await this.orm.silent.call(DESK, "load", [
                    this.filters,
                    missing.offset,
                    missing.limit,
                ]);
                if (generation !== this.generation) {
                    return;
                }
                if (this.store.fill(missing.offset, page.rows, page.total)) {
                    this.changed();
                    if (this.current && !this.details) {
                        this.loadDetails();
                    }
                } else {
                    this.refill(page.total, missing.offset, page.rows);
                }
            });
        } finally {
            this.reading.delete(missing.offset);
        }
    }

    /** Others have worked on the list too: start from what was just read. */
    refill(total, offset, rows) {
        const current = this.current;
        this.store.reset(total);
        this.store.fill(offset, rows, total);
        this.changed();
        const index = current ? this.store.indexOf(current.id) : -1;
        if (index >= 0) {
            this.index = index;
        } else {
            this.select(this.index);
        }
    }

    changed() {
        this.version++;
        this.total = this.store.total;
    }

    async loadOverview() {
        this.overview = await this.orm.silent.call(DESK, "overview", []);
    }

    async loadMeter() {
        this.meter = await this.orm.silent.call(DESK, "meter", []);
    }

    /** Numbers above the list follow decisions, but not each at once. */
    refreshNumbers() {
        browser.clearTimeout(this.timers.numbers);
        this.timers.numbers = browser.setTimeout(() => {
            this.loadOverview();
            this.loadMeter();
        }, 600);
    }

    /**
     * @param {object} filters those that change
     */
    filter(filters) {
        Object.assign(this.filters, filters);
        return this.reload();
    }

    // The chosen payment

    get current() {
        return this.store.at(this.index);
    }

    /**
     * @param {number} index place in the list
     */
    select(index) {
        this.index = Math.max(0, Math.min(index, this.store.total - 1));
        this.clearChoice();
        const row = this.current;
        this.details = (row && this.known.get(row.id)) || null;
        this.takeCustomer();
        this.card = this.firstOpen();
        browser.clearTimeout(this.timers.rest);
        if (row) {
            this.timers.rest = browser.setTimeout(() => this.loadDetails(), REST);
        }
    }

    move(step) {
        this.select(this.index + step);
    }

    clearChoice() {
        this.chosen = [];
        this.search = null;
    }

    async loadDetails() {
        const row = this.current;
        if (!row) {
            return;
        }
        const details = await this.lastDetails.add(
            this.orm.silent.call(DESK, "details", [row.id])
        );
        this.keep(details);
        if (this.current && this.current.id === row.id) {
            this.see(details);
            this.readAhead();
        }
    }

    /** The next payment is there before somebody asks for it. */
    async readAhead() {
        const next = this.store.at(this.index + 1);
        if (next && !this.known.has(next.id)) {
            this.keep(await this.orm.silent.call(DESK, "details", [next.id]));
        }
    }

    keep(details) {
        this.known.delete(details.payment.id);
        this.known.set(details.payment.id, markRaw(details));
        if (this.known.size > KEPT) {
            this.known.delete(this.known.keys().next().value);
        }
    }

    /** Show details, and keep what the person has chosen if they are the same. */
    see(details) {
        if (this.details && this.details.stamp === details.stamp) {
            this.details = markRaw(details);
            return;
        }
        const isNew = !this.details || this.details.payment.id !== details.payment.id;
        this.details = markRaw(details);
        this.takeCustomer();
        this.card = this.firstOpen();
        if (!isNew) {
            this.chosen = [];
        }
    }

    takeCustomer() {
        this.customer = this.details ? this.details.customer : null;
    }

    // Candidates

    get cards() {
        if (this.search) {
            return this.search.cards;
        }
        return this.details ? this.details.cards : [];
    }

    get scale() {
        const shown = this.search || this.details;
        return (shown && shown.scale) || [0, 0];
    }

    firstOpen() {
        const index = this.cards.findIndex((card) => this.canAccept(card));
        return Math.max(index, 0);
    }

    canAccept(card) {
        return Boolean(
            card &&
            card.is_open &&
            card.is_whole &&
            card.same_currency &&
            this.mayDecide
        );
    }

    /** Whether the payment is here to be decided. */
    get mayDecide() {
        return Boolean(
            this.details &&
            this.details.payment.tab !== "decided" &&
            !this.details.payment.refund_id
        );
    }

    chooseCard(index) {
        if (index >= 0 && index < this.cards.length) {
            this.card = index;
            this.marked++;
            this.showCustomer(this.cards[index].partner_id);
        }
    }

    /**
     * Show what another customer owes.
     *
     * @param {number} partnerId
     */
    async showCustomer(partnerId) {
        if (!this.details || (this.customer && this.customer.id === partnerId)) {
            return;
        }
        const paymentId = this.details.payment.id;
        const customer = await this.orm.silent.call(DESK, "customer", [
            paymentId,
            partnerId,
        ]);
        if (this.details && this.details.payment.id === paymentId) {
            this.customer = customer;
        }
    }

    // Search

    openSearch() {
        if (this.details && !this.search) {
            this.search = {
                text: "",
                asked: "",
                cards: [],
                scale: [0, 0],
                isBusy: false,
                limited: false,
            };
            this.card = 0;
        }
    }

    closeSearch() {
        this.search = null;
        this.card = this.firstOpen();
    }

    type(text) {
        this.search.text = text;
        browser.clearTimeout(this.timers.typing);
        this.timers.typing = browser.setTimeout(() => this.find(), TYPING);
    }

    async find() {
        const search = this.search;
        if (!search || !this.details) {
            return;
        }
        browser.clearTimeout(this.timers.typing);
        const text = search.text.trim();
        search.isBusy = true;
        const found = await this.lastSearch.add(
            this.orm.silent.call(DESK, "search_invoices", [
                this.details.payment.id,
                text,
            ])
        );
        if (this.search === search) {
            Object.assign(search, {
                asked: text,
                cards: found.cards.map(markRaw),
                scale: found.scale,
                limited: found.limited,
                isBusy: false,
            });
            this.card = this.firstOpen();
            if (found.cards.length) {
                this.showCustomer(found.cards[this.card].partner_id);
            }
        }
    }

    /** Whether the cards are those of what is typed. */
    get isFound() {
        return this.search && this.search.asked === this.search.text.trim();
    }

    // Splitting

    isChosen(moveId) {
        return this.chosen.some((item) => item.id === moveId);
    }

    /**
     * @param {{id: number, name: string, open: number}} item invoice or credit note
     */
    toggle(item) {
        const at = this.chosen.findIndex((other) => other.id === item.id);
        if (at >= 0) {
            this.chosen.splice(at, 1);
        } else {
            const left = this.details.payment.amount - this.chosenSum;
            const amount =
                item.open > 0 && left > 0 ? Math.min(item.open, left) : item.open;
            this.chosen.push({
                id: item.id,
                name: item.name,
                open: item.open,
                amount: this.round(amount),
            });
        }
    }

    /**
     * @param {number[]} moveIds choose just these of the customer's open items
     */
    chooseAll(moveIds) {
        this.chosen = this.customer.items
            .filter((item) => moveIds.includes(item.id))
            .map((item) => ({
                id: item.id,
                name: item.name,
                open: item.open,
                amount: item.open,
            }));
    }

    setAmount(moveId, amount) {
        this.chosen.find((item) => item.id === moveId).amount = amount;
    }

    get chosenSum() {
        return this.round(this.chosen.reduce((sum, item) => sum + item.amount, 0));
    }

    /** What the payment brings beyond what is chosen; below zero when it is short. */
    get chosenRest() {
        return this.round(this.details.payment.amount - this.chosenSum);
    }

    round(amount) {
        return Math.round(amount * 10000) / 10000;
    }

    // Deciding

    /** What Enter does. */
    accept() {
        if (!this.details) {
            return null;
        }
        if (this.chosen.length) {
            return this.acceptChosen();
        }
        return this.acceptCard(this.cards[this.card]);
    }

    acceptCard(card) {
        if (!this.canAccept(card)) {
            this.say(
                this.cards.length
                    ? _t("This invoice cannot be accepted for the payment.")
                    : _t(
                          "No invoice is proposed. Press S to search, or put the money on a customer's account."
                      ),
                {type: "info"}
            );
            return null;
        }
        return this.act("accept", {move_ids: card.move_ids});
    }

    acceptChosen() {
        if (this.chosenRest < 0) {
            this.say(_t("The amounts add up to more than was paid."), {
                type: "warning",
            });
            return null;
        }
        return this.act("split", {
            shares: this.chosen.map((item) => [item.id, item.amount]),
        });
    }

    /**
     * Decide on the chosen payment. The next one is shown at once.
     *
     * @param {string} action as in `billing.review.desk.act`
     * @param {object} values
     * @returns {Promise<boolean>} whether the server has done it
     */
    act(action, values) {
        const row = this.current;
        const details = this.details;
        if (!row || !details || details.payment.id !== row.id) {
            return Promise.resolve(false);
        }
        const index = this.index;
        this.store.remove(index);
        this.changed();
        this.select(index);
        return this.save(row, index, action, () =>
            this.orm.call(DESK, "act", [row.id, action, values, details.stamp])
        );
    }

    /**
     * Take back a decision of this sitting.
     *
     * @param {object} [entry] of the log; the last one without
     */
    async undo(entry = this.log[this.log.length - 1]) {
        if (!entry) {
            this.say(_t("There is nothing to undo."), {type: "info"});
            return;
        }
        this.log.splice(this.log.indexOf(entry), 1);
        this.pending++;
        try {
            const result = await this.saving.exec(() =>
                this.orm.call(DESK, "undo", [entry.id])
            );
            this.known.delete(entry.id);
            if (entry.isBulk) {
                await this.reload();
            } else if (result.row && this.belongs(result.row)) {
                const place = this.store.insert(entry.index, result.row);
                this.changed();
                this.select(place);
            }
            this.say(result.message, {type: "success"});
            this.refreshNumbers();
        } catch (error) {
            this.say(sentence(error), {type: "danger", sticky: true});
        } finally {
            this.pending--;
        }
    }

    async save(row, index, action, call) {
        this.pending++;
        try {
            const result = await this.saving.exec(call);
            this.known.delete(row.id);
            if (!result.done) {
                this.putBack(result.row || row, index, result.message);
                return false;
            }
            if (action !== "unpark") {
                this.remember({id: row.id, index, message: result.message});
            }
            if (result.row && this.belongs(result.row)) {
                this.store.insert(index, result.row);
                this.changed();
            }
            this.say(result.message, {type: "success"});
            this.refreshNumbers();
            return true;
        } catch (error) {
            this.putBack(row, index, sentence(error));
            return false;
        } finally {
            this.pending--;
        }
    }

    remember(entry) {
        this.log.push({...entry, key: ++this.serial});
        if (this.log.length > LONGEST_LOG) {
            this.log.shift();
        }
    }

    /**
     * Whether a row is one of those the list shows now.
     *
     * @param {object} row
     * @returns {boolean}
     */
    belongs(row) {
        const {state} = this.filters;
        const part = ["proposed", "unmatched"].includes(state) ? "waiting" : state;
        return row.tab === part;
    }

    /** A refused decision: its payment returns, the choice stays where it is. */
    putBack(row, index, problem) {
        this.known.delete(row.id);
        const current = this.current;
        const place = this.store.insert(index, {...row, problem});
        if (current && place <= this.index) {
            this.index++;
        }
        this.changed();
        if (!current) {
            this.select(place);
        }
        this.say(problem, {
            type: "danger",
            sticky: true,
            buttons: [
                {
                    name: _t("Show"),
                    primary: true,
                    onClick: () => {
                        const at = this.store.indexOf(row.id);
                        if (at >= 0) {
                            this.select(at);
                        }
                    },
                },
            ],
        });
    }

    // Many at once

    /**
     * @param {number} probability 0..1
     * @returns {Promise<object>} what a bulk accept would do
     */
    bulkPreview(probability) {
        return this.saving.exec(() =>
            this.orm.call(DESK, "bulk_preview", [this.filters, probability])
        );
    }

    /**
     * Accept payments a few at a time, so that what is done stays done.
     *
     * @param {number} probability 0..1
     * @param {number[]} ids
     * @param {Function} progress called with what is done so far; returns false to stop
     * @returns {Promise<{accepted: number[], refused: Array}>}
     */
    async bulkAccept(probability, ids, progress) {
        const done = {accepted: [], refused: []};
        this.pending++;
        try {
            for (let at = 0; at < ids.length; at += TOGETHER) {
                const result = await this.saving.exec(() =>
                    this.orm.silent.call(DESK, "bulk_accept", [
                        probability,
                        ids.slice(at, at + TOGETHER),
                    ])
                );
                done.accepted.push(...result.accepted);
                done.refused.push(...result.refused);
                if (progress(done) === false) {
                    break;
                }
            }
        } finally {
            this.pending--;
            for (const id of done.accepted) {
                this.remember({id, isBulk: true, message: this.nameOf(id)});
            }
            this.known.clear();
        }
        await this.reload();
        this.refreshNumbers();
        return done;
    }

    nameOf(id) {
        const index = this.store.indexOf(id);
        const row = index >= 0 && this.store.at(index);
        return row
            ? _t("Accepted: %s", row.payer || row.stated)
            : _t("Accepted in bulk");
    }
}
