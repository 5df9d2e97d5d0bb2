/** @odoo-module ignore */
/*
 * Counts the company's messages: in view for a second, and used. The server counts the
 * same thing once a day, so what is told twice does no harm. Without scripts a picture
 * and the addresses of the buttons do it.
 */
(() => {
    "use strict";

    const {kvitt} = window;
    /** For how long half of a message has to be in view, in milliseconds. */
    const SEEN_AFTER_MS = 1000;
    const told = new Set();

    /** @param {Element} banner whose form carries what the server wants to see */
    function tell(banner, url) {
        const form = banner.querySelector("form");
        if (!url || told.has(url) || !form || navigator.webdriver) {
            return;
        }
        told.add(url);
        // It arrives though the page is left.
        navigator.sendBeacon(url, new FormData(form));
    }

    function watch(banner) {
        let timer = null;
        const seen = new IntersectionObserver(
            ([entry]) => {
                clearTimeout(timer);
                // Of one that is higher than the window, half of the window will do.
                const half = Math.min(
                    entry.boundingClientRect.height,
                    window.innerHeight
                );
                if (entry.intersectionRect.height * 2 >= half && half > 0) {
                    timer = setTimeout(() => {
                        if (document.visibilityState === "visible") {
                            tell(banner, banner.dataset.shown);
                            seen.disconnect();
                        }
                    }, SEEN_AFTER_MS);
                }
            },
            {threshold: [0, 0.25, 0.5, 0.75, 1]}
        );
        seen.observe(banner);
    }

    kvitt.each("[data-banner][data-shown]", watch);
    // Who closed one with the keyboard goes on where it stood.
    kvitt.on("posted", ({form, ok}) => {
        const lost =
            !document.activeElement || document.activeElement === document.body;
        if (ok && lost && form.querySelector(".k-message-close")) {
            const next = document.querySelector(".k-message-title");
            (next || kvitt.root).focus({preventScroll: true});
        }
    });
    document.addEventListener("click", (ev) => {
        const link = ev.target.closest("a[data-clicked]");
        if (link) {
            tell(link.closest("[data-banner]"), link.dataset.clicked);
        }
    });
})();
