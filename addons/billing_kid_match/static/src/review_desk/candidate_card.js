import {day, money, percent, strength} from "./format";
import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";

/**
 * One invoice, or several that make the amount together, with all that speaks for and
 * against it.
 */
export class CandidateCard extends Component {
    static template = "billing_kid_match.CandidateCard";
    static props = {
        card: Object,
        number: Number,
        payment: Object,
        scale: Array,
        isActive: Boolean,
        canAccept: Boolean,
        isChosen: Function,
        onChoose: Function,
        onAccept: Function,
        onToggle: Function,
        onOpenInvoice: Function,
    };

    setup() {
        this.money = money;
        this.day = day;
        this.percent = percent;
        this.strength = strength;
    }

    get difference() {
        const {card} = this.props;
        if (!card.is_open) {
            return {kind: "other", text: _t("nothing is open any more")};
        }
        if (!card.same_currency) {
            return {kind: "other", text: _t("another currency")};
        }
        if (!card.difference) {
            return {kind: "equal", text: _t("just this amount")};
        }
        const amount = money(Math.abs(card.difference), card.currency_id);
        return card.difference < 0
            ? {kind: "less", text: _t("%s remains to be paid", amount)}
            : {
                  kind: "more",
                  text: _t("%s too much, stays as credit", amount),
              };
    }

    get account() {
        const {card} = this.props;
        if (card.account_count) {
            return {
                kind: "for",
                text: _t("paid for this customer before: %s times", card.account_count),
            };
        }
        return card.account_others
            ? {kind: "against", text: _t("has paid for other customers only")}
            : {kind: "none", text: _t("not seen before")};
    }

    /** Steps of the waterfall with the place of their bars, in percent. */
    get bars() {
        const [low, high] = this.props.scale;
        const width = high - low || 1;
        const place = (value) => ((value - low) / width) * 100;
        return this.props.card.steps
            .filter((step) => step.strength !== "none")
            .map((step, index) => ({
                ...step,
                index,
                left: Math.min(place(step.before), place(step.after)),
                width: Math.abs(step.weight / width) * 100,
                zero: place(0),
                words: strength(step),
            }));
    }

    /**
     * What was done to the reference, for those who do not see the marks.
     *
     * @param {Array} pairs of characters
     * @returns {string}
     */
    inWords(pairs) {
        const paid = pairs.map((pair) => pair[0]).join("");
        const issued = pairs.map((pair) => pair[1]).join("");
        return _t("paid %(paid)s, issued %(issued)s", {paid, issued});
    }

    title(kind) {
        return {
            missing: _t("missing in the payment"),
            extra: _t("only in the payment"),
            wrong: _t("another digit was paid"),
            swapped: _t("swapped in the payment"),
            zero: _t("leading zero"),
        }[kind];
    }
}
