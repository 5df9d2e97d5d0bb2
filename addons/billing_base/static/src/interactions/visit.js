import {Interaction} from "@web/public/interaction";
import {registry} from "@web/core/registry";

/** How long the page has to be in view when nothing on it is used; as the server has it. */
const LOOKED_AFTER_MS = 4000;
const HAND = ["pointerdown", "keydown", "wheel", "touchstart"];

/**
 * Tells the server, once, that a person has the invoice before them: as soon as they use
 * the page, or after it has been in view for a while. What opens links in the background
 * does neither.
 */
export class Visit extends Interaction {
    static selector = ".o_billing_visit";
    dynamicContent = {
        _document: {
            "t-on-visibilitychange": this.watch,
            ...Object.fromEntries(HAND.map((name) => [`t-on-${name}`, this.onHand])),
        },
    };

    setup() {
        this.told = false;
        this.visibleMs = 0;
        this.visibleSince = null;
        this.timer = null;
    }

    start() {
        if (navigator.webdriver) {
            this.tell({automated: 1});
            return;
        }
        this.watch();
    }

    destroy() {
        clearTimeout(this.timer);
    }

    /** Count the time for which the page is in view. */
    watch() {
        clearTimeout(this.timer);
        if (this.visibleSince !== null) {
            this.visibleMs += performance.now() - this.visibleSince;
            this.visibleSince = null;
        }
        if (this.told || document.visibilityState !== "visible") {
            return;
        }
        this.visibleSince = performance.now();
        this.timer = setTimeout(
            () => {
                this.watch();
                this.tell({ms: Math.ceil(this.visibleMs)});
            },
            Math.max(LOOKED_AFTER_MS - this.visibleMs, 0)
        );
    }

    onHand(ev) {
        // Events that a script makes up are nobody's hand.
        if (ev.isTrusted && !navigator.webdriver) {
            this.tell({touched: 1});
        }
    }

    /** @param {object} sign what was seen; a beacon arrives though the page is left */
    tell(sign) {
        if (this.told) {
            return;
        }
        this.told = true;
        clearTimeout(this.timer);
        navigator.sendBeacon(this.el.dataset.url, new URLSearchParams(sign));
    }
}

registry.category("public.interactions").add("billing_base.visit", Visit);
