import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const LIST = ".o_review_list";

/**
 * @param {string} text of the row
 * @returns {string} the row if it is the chosen one
 */
const chosen = (text) => `.o_review_row_selected:contains(${text})`;

const gone = (text) => `${LIST}:not(:has(.o_review_row:contains(${text})))`;

/**
 * @param {string} content
 * @param {string} key as hoot names it
 * @param {string} [trigger] where the key is pressed
 */
const press = (content, key, trigger = LIST) => ({
    content,
    trigger,
    run: `press ${key}`,
});

/**
 * The payment is chosen, and what is beside it is its own.
 *
 * @param {string} name of the payer
 */
const ready = (name) => ({
    content: `${name} is chosen and shown`,
    trigger: `.o_review_desk:has(${chosen(name)}) .o_review_title:contains(${name})`,
});

tours.add("billing_kid_match_review_desk", {
    steps: () => [
        {
            content: "The list has the focus",
            trigger: `${LIST}:focus`,
        },
        ready("Anna Først"),
        {
            content: "The wrong digit is marked, the evidence told",
            trigger:
                ".o_review_card_active:has(.o_review_digit_wrong)" +
                ":has(.o_review_bar_for):contains(Together)",
        },
        press("Down to the second", "ArrowDown"),
        ready("Berit Annen"),
        press("Up with the letter", "k"),
        ready("Anna Først"),

        // Accept and undo
        {
            content: "The invoice is still open on the screen",
            trigger: ".o_review_main_accept:enabled",
        },
        press("Accept", "Enter"),
        ready("Berit Annen"),
        {
            content: "It is off the list and can be undone",
            trigger: `.o_review_desk:has(${gone("Anna Først")}) .o_review_log:contains(1)`,
        },
        press("Undo", "u"),
        ready("Anna Først"),
        {
            content: "Nothing is left to undo",
            trigger: ".o_review_undo:disabled",
        },

        // Search
        press("To the one nobody knows", "j"),
        press("and further", "j"),
        ready("Cecilie Ukjent"),
        {
            content: "It has no candidate",
            trigger: ".o_review_none",
        },
        press("Search", "s"),
        {
            content: "The field has the focus",
            trigger: "#o_review_search:focus",
            run: "edit Sokt Kunde",
        },
        {
            content: "The customer's invoice is found",
            trigger:
                ".o_review_card_active:contains(Søkt Kunde) .o_review_accept:enabled",
        },
        press("Accept what was found", "Enter", "#o_review_search"),
        ready("Dina Deler"),
        {
            content: "The focus is back on the list",
            trigger: `${LIST}:focus`,
        },

        // Split
        press("To the open items", "o"),
        press("Choose the first", "Space", ".o_review_item:first input:focus"),
        press("On to the next", "Tab", ".o_review_item:first input:focus"),
        {
            content: "The sum says what is left over",
            trigger: ".o_review_split_sum:contains(left over)",
        },
        press("Choose the second", "Space", ".o_review_item:nth-child(2) input:focus"),
        {
            content: "It adds up",
            trigger: ".o_review_split_sum:contains(adds up)",
        },
        {
            content: "The button says what Enter does",
            trigger: ".o_review_main_accept:contains(Accept 2 invoices)",
        },
        press("Accept them", "Enter", ".o_review_item:nth-child(2) input:focus"),
        ready("Eva Parker"),

        // Park
        press("Park", "p"),
        {
            content: "Tell why",
            trigger: "#o_review_note:focus",
            run: "edit Ringer i morgen",
        },
        press("Done", "Enter", "#o_review_note"),
        ready("Frida Masse"),

        // Many at once
        press("Accept many", "b"),
        {
            content: "It says how many before it does anything",
            trigger: ".o_review_preview_count:contains(3)",
        },
        {
            content: "Do it",
            trigger: ".o_review_bulk_confirm:contains(Accept 3 payments)",
            run: "click",
        },
        {
            content: "Done",
            trigger: ".o_review_bulk_result:contains(3 payments)",
        },
        press("Close", "Escape", ".modal"),
        {
            content: "The list has become short, the focus is on it",
            trigger: "body:not(:has(.modal)) .o_review_empty:contains(Every payment)",
        },
        {
            content: "The parked one is under its own heading",
            trigger: ".o_review_tabs [data-state=parked]:contains(1)",
            run: "click",
        },
        {
            content: "with its note",
            trigger: ".o_review_row:contains(Ringer i morgen)",
        },
        {
            content: "The keys are told",
            trigger: LIST,
            run: "press ?",
        },
        {
            content: "in a dialog",
            trigger: ".modal .o_review_keys kbd:contains(Enter)",
        },
        press("Close", "Escape", ".modal"),
        {
            content: "Back on the desk",
            trigger: "body:not(:has(.modal)) .o_review_row_selected",
        },
    ],
});

/** A mark that a reload of the page would wipe out. */
const MARK = "reviewDeskIsTheSamePage";
/** Elements the list may have in the page, however long it is. */
const MOST_ELEMENTS = 80;

function checkSize() {
    const rows = document.querySelectorAll(".o_review_row").length;
    if (!rows || rows > MOST_ELEMENTS) {
        throw new Error(`${rows} rows are in the page`);
    }
    if (!window[MARK]) {
        throw new Error("the page was loaded anew");
    }
}

tours.add("billing_kid_match_review_desk_long", {
    steps: () => [
        {
            content: "A thousand payments, of which the first are read",
            trigger: ".o_review_total:contains(1,000)",
            run() {
                window[MARK] = true;
                checkSize();
            },
        },
        press("To the very last", "End"),
        {
            content: "It is there",
            trigger: ".o_review_row_selected[aria-posinset='1000']:contains(Nr 999)",
            run: checkSize,
        },
        ready("Nr 999"),
        {
            content: "To the middle, with the mouse",
            trigger: LIST,
            run() {
                const list = document.querySelector(".o_review_list");
                list.scrollTop = list.scrollHeight / 2;
            },
        },
        {
            content: "What is there is read",
            trigger: ".o_review_row:contains(Nr 500)",
            run: "click",
        },
        ready("Nr 500"),
        press("Next", "ArrowDown"),
        ready("Nr 501"),
        {
            content: "Still few elements, still the same page",
            trigger: LIST,
            run: checkSize,
        },
    ],
});
