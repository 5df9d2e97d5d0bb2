/** @odoo-module ignore */
/* Small things all sections share: copying, opening what is gone to, and being seen. */
(() => {
    "use strict";

    const {kvitt} = window;

    // --- Copy buttons: there only where they work ---

    async function copy(button) {
        const label = button.querySelector(".k-copy-word") || button;
        const before = button.dataset.word || label.textContent;
        button.dataset.word = before;
        let done = true;
        try {
            await navigator.clipboard.writeText(button.dataset.copy);
        } catch {
            done = false;
        }
        const text = kvitt.word(done ? "copied" : "copy_failed");
        kvitt.say(text);
        label.textContent = text;
        setTimeout(() => {
            label.textContent = before;
        }, 3000);
    }

    kvitt.each("[data-copy]", (button) => {
        button.hidden = !navigator.clipboard;
    });

    document.addEventListener("click", (ev) => {
        const button = ev.target.closest("[data-copy]");
        if (button) {
            copy(button);
        }
    });

    // --- What an address on the page leads to is open when one gets there ---

    function openTarget() {
        const target =
            location.hash.length > 1 &&
            document.getElementById(decodeURIComponent(location.hash.slice(1)));
        const details =
            target &&
            (target.closest("details") || target.querySelector("[data-opens]"));
        if (details) {
            details.open = true;
        }
    }

    window.addEventListener("hashchange", openTarget);
    openTarget();

    // The answer to a form is told once, not at every reload.
    const address = new URL(location.href);
    if (address.searchParams.has("said")) {
        address.searchParams.delete("said");
        history.replaceState(null, "", address);
    }

    // An open menu closes when one goes elsewhere.
    document.addEventListener("click", (ev) => {
        document.querySelectorAll(".k-lang[open]").forEach((menu) => {
            menu.open = menu.contains(ev.target);
        });
    });
    document.addEventListener("keydown", (ev) => {
        const menu = ev.key === "Escape" && document.querySelector(".k-lang[open]");
        if (menu) {
            menu.open = false;
            menu.querySelector("summary").focus();
        }
    });
})();

/*
 * Tells the server, once, that a person has the invoice before them: as soon as they use
 * the page, or after it has been in view for a while. What opens links in the background
 * does neither.
 */
(() => {
    "use strict";

    const url = window.kvitt.root.dataset.visit;
    /** How long the page has to be in view when nothing on it is used; as the server has it. */
    const LOOKED_AFTER_MS = 4000;
    let told = !url;
    let visibleMs = 0;
    let visibleSince = null;
    let timer = 0;

    function tell(sign) {
        if (!told) {
            told = true;
            clearTimeout(timer);
            // A beacon arrives though the page is left.
            navigator.sendBeacon(url, new URLSearchParams(sign));
        }
    }

    function watch() {
        clearTimeout(timer);
        if (visibleSince !== null) {
            visibleMs += performance.now() - visibleSince;
            visibleSince = null;
        }
        if (told || document.visibilityState !== "visible") {
            return;
        }
        visibleSince = performance.now();
        timer = setTimeout(
            () => {
                watch();
                tell({ms: Math.ceil(visibleMs)});
            },
            Math.max(LOOKED_AFTER_MS - visibleMs, 0)
        );
    }

    if (navigator.webdriver) {
        tell({automated: 1});
    } else {
        document.addEventListener("visibilitychange", watch);
        for (const name of ["pointerdown", "keydown", "wheel", "touchstart"]) {
            document.addEventListener(
                name,
                (ev) => {
                    // Events that a script makes up are nobody's hand.
                    if (ev.isTrusted) {
                        tell({touched: 1});
                    }
                },
                {passive: true}
            );
        }
        watch();
    }
})();
