/** @odoo-module ignore */
// Goes on to the bank by itself. Who comes back by the browser's history is not sent
// there again; the button is there all the same.
"use strict";

const [visit] = performance.getEntriesByType("navigation");
if (!visit || visit.type === "navigate") {
    document.getElementById("handover").submit();
}
