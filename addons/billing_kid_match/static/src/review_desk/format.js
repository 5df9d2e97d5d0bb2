import {deserializeDate, formatDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {formatCurrency} from "@web/core/currency";
import {formatFloat} from "@web/core/utils/numbers";

const MOST = 0.9995;
const LEAST = 0.001;
const MOST_TIMES = 1000000;

/**
 * @param {number} amount
 * @param {number} currencyId
 * @returns {string} such as «1 249,00 kr»
 */
export function money(amount, currencyId) {
    return formatCurrency(amount, currencyId);
}

/**
 * @param {{currency_id: number, amount: number}[]} amounts
 * @returns {string} sums of several currencies, one after the other
 */
export function sums(amounts) {
    return amounts.map((sum) => money(sum.amount, sum.currency_id)).join(" + ");
}

/**
 * @param {string|boolean} date as the server writes it
 * @returns {string} in the reader's format
 */
export function day(date) {
    return date ? formatDate(deserializeDate(date)) : "";
}

/**
 * A probability without promising what nobody can know.
 *
 * @param {?number} probability 0..1
 * @returns {string}
 */
export function percent(probability) {
    if (probability === null || probability === undefined) {
        return "";
    }
    if (probability >= MOST) {
        return `> ${formatFloat(99.9, {digits: [0, 1]})} %`;
    }
    if (probability < LEAST) {
        return `< ${formatFloat(0.1, {digits: [0, 1]})} %`;
    }
    return `${formatFloat(probability * 100, {digits: [0, 1]})} %`;
}

/**
 * @param {number} value
 * @returns {string} a whole number with its separators
 */
export function count(value) {
    return formatFloat(value, {digits: [0, 0]});
}

/**
 * @param {number} minutes
 * @returns {string} such as «40 minutes» or «3.5 hours»
 */
export function duration(minutes) {
    if (minutes < 60) {
        return _t("%s minutes", count(Math.round(minutes)));
    }
    return _t("%s hours", formatFloat(minutes / 60, {digits: [0, 1]}));
}

/**
 * What a part of the evidence says, for people who do not think in logarithms.
 *
 * @param {object} step of the waterfall
 * @returns {string} such as «strong: 120 times likelier»
 */
export function strength(step) {
    const words = {
        decisive: _t("decisive"),
        strong: _t("strong"),
        some: _t("fair"),
        slight: _t("slight"),
    };
    // Two figures: more would pretend to know.
    const factor = Number(step.factor.toPrecision(2));
    const times =
        factor > MOST_TIMES
            ? `> ${count(MOST_TIMES)}`
            : formatFloat(factor, {digits: [0, factor < 10 ? 1 : 0]});
    return step.weight > 0
        ? _t("%(strength)s, %(times)s times likelier", {
              strength: words[step.strength],
              times,
          })
        : _t("%(strength)s, %(times)s times less likely", {
              strength: words[step.strength],
              times,
          });
}
