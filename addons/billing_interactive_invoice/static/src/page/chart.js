/** @odoo-module ignore */
/*
 * Says the value of the bars that are pointed at or tapped. The table below the chart says
 * all of them, with or without scripts.
 */
(() => {
    "use strict";

    const {kvitt} = window;

    kvitt.each(".k-chart", (chart) => {
        const value = chart.querySelector(".k-chart-value");

        function show(bars) {
            for (const other of chart.querySelectorAll(".k-bars-chosen")) {
                other.classList.remove("k-bars-chosen");
            }
            bars.classList.add("k-bars-chosen");
            const {period, now, before} = bars.dataset;
            value.textContent = kvitt.word(before ? "bars_both" : "bars_now", {
                period,
                now,
                before,
            });
            value.hidden = false;
        }

        for (const bars of chart.querySelectorAll(".k-bars")) {
            bars.addEventListener("pointerenter", () => show(bars));
            bars.addEventListener("click", () => show(bars));
        }
        const own = chart.querySelector(".k-bars-this");
        if (own) {
            show(own);
        }
    });
})();
