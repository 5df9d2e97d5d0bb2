import {deserializeDate, deserializeDateTime, formatDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {formatCurrency} from "@web/core/currency";
import {formatFloat} from "@web/core/utils/numbers";

/** Pictures beside the names of channels. */
export const CHANNEL_ICONS = {
    email: "fa-envelope-o",
    sms: "fa-mobile",
    letter: "fa-file-text-o",
    ehf: "fa-exchange",
    efaktura: "fa-university",
    mailbox: "fa-inbox",
    debit: "fa-refresh",
    preferred: "fa-star-o",
    last_opened: "fa-history",
};

/**
 * @param {number} value
 * @returns {string} a whole number with its separators
 */
export function count(value) {
    return formatFloat(value, {digits: [0, 0]});
}

/**
 * @param {number} part
 * @param {number} whole
 * @returns {string} such as «87 %»; empty where there is nothing to share
 */
export function share(part, whole) {
    if (!whole) {
        return "";
    }
    const percent = (100 * part) / whole;
    if (part && percent < 1) {
        return "< 1 %";
    }
    if (part < whole && percent > 99) {
        return "> 99 %";
    }
    return `${Math.round(percent)} %`;
}

/**
 * @param {number} part
 * @param {number} whole
 * @returns {string} the style of a bar
 */
export function barStyle(part, whole) {
    const percent = whole ? Math.min(100, (100 * part) / whole) : 0;
    return `width: ${percent.toFixed(1)}%`;
}

/**
 * @param {{currency_id: number, amount: number}[]} amounts
 * @returns {string} sums of several currencies, one after the other
 */
export function sums(amounts) {
    return amounts
        .map((sum) => formatCurrency(sum.amount, sum.currency_id))
        .join(" + ");
}

/**
 * @param {string} date as the server writes it
 * @returns {string} in the reader's format
 */
export function day(date) {
    return formatDate(deserializeDate(date));
}

/**
 * @param {string} date first day of a bucket
 * @param {string} unit `day`, `week` or `month`
 * @returns {string} short enough to stand below a bar
 */
export function bucketLabel(date, unit) {
    const first = deserializeDate(date);
    if (unit === "month") {
        return first.toFormat("LLL yyyy");
    }
    return unit === "week"
        ? _t("week %s", first.toFormat("W"))
        : first.toFormat("d LLL");
}

/**
 * @param {string} moment as the server writes it
 * @returns {string} weekday, day and hour by the reader's clock
 */
export function hour(moment) {
    const local = deserializeDateTime(moment);
    return local.hasSame(luxon.DateTime.local(), "day")
        ? local.toFormat("HH:mm")
        : local.toFormat("ccc d LLL HH:mm");
}
