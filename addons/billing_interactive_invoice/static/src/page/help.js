/** @odoo-module ignore */
/* Says a chosen day in words, before it is sent: people plan by the day of the week. */
(() => {
    "use strict";

    const {kvitt} = window;

    function inWords(value) {
        const day = new Date(`${value}T12:00:00`);
        if (Number.isNaN(day.getTime())) {
            return "";
        }
        return new Intl.DateTimeFormat(document.documentElement.lang, {
            weekday: "long",
            day: "numeric",
            month: "long",
        }).format(day);
    }

    kvitt.each("[data-says-day]", (field) => {
        const output = document.getElementById(field.dataset.saysDay);
        const say = () => {
            output.textContent = inWords(field.value);
        };
        field.addEventListener("input", say);
        say();
    });
})();
