/** @odoo-module ignore */
/*
 * What every script of the customer's page builds on. The page is whole without any of
 * it: forms are sent, links followed. This makes it quicker and quieter.
 *
 *   kvitt.root             the <main> of the page, with what it knows in data attributes
 *   kvitt.words            texts in the language of the page
 *   kvitt.on(name, fn)     call fn(detail) on «ready», «swapped», «payload», «posted»
 *   kvitt.each(sel, fn)    call fn(element) for each there is and each that is swapped in
 *   kvitt.say(text)        have screen readers say it, politely
 *   kvitt.have()           the digests of the sections shown, by code
 *   kvitt.apply(payload)   bring the page up to what the server says
 *   kvitt.swap(code, html, digest)   replace what is in one section
 *   kvitt.post(form)       send a form; resolves to what the server answered
 */
(() => {
    "use strict";

    const root = document.getElementById("main");
    const words = JSON.parse(document.getElementById("k-words").textContent || "{}");
    const listeners = {};
    const builders = [];

    function on(name, fn) {
        (listeners[name] ||= []).push(fn);
    }

    function emit(name, detail) {
        for (const fn of listeners[name] || []) {
            fn(detail);
        }
    }

    function each(selector, fn) {
        builders.push({selector, fn});
        document.querySelectorAll(selector).forEach(fn);
    }

    function build(element) {
        for (const {selector, fn} of builders) {
            element.querySelectorAll(selector).forEach(fn);
        }
    }

    function word(key, values = {}) {
        return (words[key] || key).replace(/\{(\w+)\}/g, (_all, name) =>
            name in values ? values[name] : ""
        );
    }

    function say(text) {
        const live = document.getElementById("k-live");
        if (live) {
            live.textContent = "";
            // The same words twice are said twice only when they come anew.
            setTimeout(() => {
                live.textContent = text;
            }, 50);
        }
    }

    function sectionOf(code) {
        return document.querySelector(`[data-section="${CSS.escape(code)}"]`);
    }

    function have() {
        const digests = {};
        for (const section of document.querySelectorAll("[data-section]")) {
            digests[section.dataset.section] = section.dataset.digest;
        }
        return digests;
    }

    function swap(code, html, digest) {
        const section = sectionOf(code);
        section.querySelector(".k-body").innerHTML = html;
        section.dataset.digest = digest;
        build(section);
        emit("swapped", {code, section});
    }

    function apply(payload) {
        for (const [code, drawn] of Object.entries(payload.sections || {})) {
            if (sectionOf(code)) {
                swap(code, drawn.html, drawn.digest);
            }
        }
        emit("payload", payload);
    }

    async function post(form) {
        const body = new FormData(form);
        body.set("have", JSON.stringify(have()));
        const answer = await fetch(form.action, {
            method: "POST",
            body,
            headers: {"X-Requested-With": "kvitt"},
        });
        return answer.json();
    }

    window.kvitt = {root, words, word, on, emit, each, say, have, swap, apply, post};
})();
