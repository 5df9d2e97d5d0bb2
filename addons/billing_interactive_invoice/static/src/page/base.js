/** @odoo-module ignore */
/*
 * What every script of the customer's page builds on. The page is whole without any of
 * it: forms are sent, links followed. This makes it quicker and quieter.
 *
 *   kvitt.root               the <main> of the page; its data attributes say the rest
 *   kvitt.words              texts in the language of the page
 *   kvitt.word(key, values)  one of them, with what stands in {braces} put in
 *   kvitt.on(name, fn)       call fn(detail) on «swapped» ({code, section}), «gone»,
 *                            «payload» (what the server said), «posting» ({form}) and
 *                            «posted» ({form, answer, ok}), after failures too
 *   kvitt.each(sel, fn)      call fn(element) for all there are and all that come later
 *   kvitt.say(text)          have screen readers say it when they have nothing else to say
 *   kvitt.have()             digests of the sections shown, by code
 *   kvitt.apply(payload)     bring the page up to what the server said
 *   kvitt.swap(code, html, digest)
 *                            put html into one section; keeps focus, what is open and
 *                            what is being typed, and marks what has changed
 *   kvitt.refresh()          ask the server for what has changed, and apply it
 *   kvitt.post(form, submitter)
 *                            send a form; resolves to {status, ...answer of the server}
 */
(() => {
    "use strict";

    const root = document.getElementById("main");
    const words = JSON.parse(document.getElementById("k-words").textContent || "{}");
    const listeners = {};
    const builders = [];
    const MARKED_FOR_MS = 4500;

    document.documentElement.classList.add("k-js");

    // --- Events, words ---

    function on(name, fn) {
        (listeners[name] ||= []).push(fn);
    }

    function emit(name, detail) {
        (listeners[name] || []).forEach((fn) => fn(detail));
    }

    function each(selector, fn) {
        builders.push({selector, fn});
        document.querySelectorAll(selector).forEach((element) => fn(element));
    }

    function build(section) {
        for (const {selector, fn} of builders) {
            section.querySelectorAll(selector).forEach((element) => fn(element));
        }
    }

    function word(key, values = {}) {
        return (words[key] || "").replace(
            /\{(\w+)\}/g,
            (_all, name) => values[name] ?? ""
        );
    }

    function say(text) {
        const live = document.getElementById("k-live");
        live.textContent = "";
        // A change is what is read out, so the same words come twice by going first.
        setTimeout(() => {
            live.textContent = text;
        }, 100);
    }

    // --- What a reader has in hand, so that it survives a new drawing ---

    /** Return what an element is known by in two drawings of a section. */
    function keyOf(element) {
        if (element.id) {
            return `#${element.id}`;
        }
        const form = element.closest("form");
        const parts = [
            element.tagName,
            form ? form.getAttribute("action") : "",
            element.getAttribute("name") || "",
            ["radio", "checkbox"].includes(element.type) ? element.value : "",
        ];
        if (!element.name) {
            const summary = element.matches("details") && element.firstElementChild;
            parts.push(
                element.dataset.key ||
                    element.getAttribute("href") ||
                    (summary || element).textContent.trim()
            );
        }
        return parts.join("|");
    }

    /** Return the elements that selector finds by their keys; equal ones in order. */
    function byKey(section, selector) {
        const found = new Map();
        for (const element of section.querySelectorAll(selector)) {
            const key = keyOf(element);
            let number = 0;
            while (found.has(`${key}|${number}`)) {
                number += 1;
            }
            found.set(`${key}|${number}`, element);
        }
        return found;
    }

    function isTyped(field) {
        if (field.type === "hidden" || field.closest("form[data-done]")) {
            return false;
        }
        if (field.type === "file") {
            return field.files.length > 0;
        }
        if (field.tagName === "SELECT") {
            return [...field.options].some((o) => o.selected !== o.defaultSelected);
        }
        if (["radio", "checkbox"].includes(field.type)) {
            return field.checked !== field.defaultChecked;
        }
        return field.value !== field.defaultValue;
    }

    function putBack(field, fresh) {
        if (field.type === "file") {
            fresh.replaceWith(field);
        } else if (["radio", "checkbox"].includes(field.type)) {
            fresh.checked = field.checked;
        } else {
            fresh.value = field.value;
        }
    }

    const FIELDS = "input, textarea, select";
    const FOCUSABLE = "a[href], button, summary, input, textarea, select, [tabindex]";

    /** Return what has to survive, as a function that puts it into the new drawing. */
    function hold(section) {
        const active = document.activeElement;
        const open = [...byKey(section, "details")].map(([key, el]) => [key, el.open]);
        const typed = [...byKey(section, FIELDS)].filter(([, field]) => isTyped(field));
        const errors = [...section.querySelectorAll("form:not([data-done]) .k-error")];
        const held = errors.map((error) => [keyOf(error.closest("form")), error]);
        let focus = null;
        if (section.contains(active) && active !== section) {
            const entry = [...byKey(section, FOCUSABLE)].find(
                ([, el]) => el === active
            );
            focus = entry && {
                key: entry[0],
                start: active.selectionStart,
                end: active.selectionEnd,
            };
        }
        return () => {
            const details = byKey(section, "details");
            open.forEach(([key, isOpen]) => {
                if (details.has(key)) {
                    details.get(key).open = isOpen;
                }
            });
            const fields = byKey(section, FIELDS);
            typed.forEach(
                ([key, field]) => fields.has(key) && putBack(field, fields.get(key))
            );
            const forms = new Map(
                [...section.querySelectorAll("form")].map((form) => [keyOf(form), form])
            );
            held.forEach(([key, error]) => forms.get(key)?.prepend(error));
            const target = focus && byKey(section, FOCUSABLE).get(focus.key);
            if (target) {
                target.focus({preventScroll: true});
                if (typeof focus.start === "number") {
                    target.setSelectionRange(focus.start, focus.end);
                }
            }
        };
    }

    // --- Values that have changed ---

    function valueOf(element) {
        return element.dataset.is ?? element.textContent.trim();
    }

    /** Return what each value is now; it may stand in several places, in other words. */
    function valuesIn(section) {
        const values = new Map();
        for (const element of section.querySelectorAll("[data-value]")) {
            const {value} = element.dataset;
            values.set(value, (values.get(value) || new Set()).add(valueOf(element)));
        }
        return values;
    }

    function mark(section, before) {
        let count = 0;
        for (const element of section.querySelectorAll("[data-value]")) {
            if (!before.get(element.dataset.value)?.has(valueOf(element))) {
                element.classList.add("k-changed");
                setTimeout(() => element.classList.remove("k-changed"), MARKED_FOR_MS);
                count += 1;
            }
        }
        return count;
    }

    // --- Sections ---

    function sectionOf(code) {
        return document.querySelector(`[data-section="${CSS.escape(code)}"]`);
    }

    function sections() {
        return [...document.querySelectorAll("#k-sections > [data-section]")];
    }

    function have() {
        return Object.fromEntries(
            sections().map((section) => [
                section.dataset.section,
                section.dataset.digest,
            ])
        );
    }

    /** Do what moves things about, and leave what is being read where it is. */
    function inPlace(change) {
        const anchor = sections().find((el) => el.getBoundingClientRect().bottom > 0);
        const top = anchor ? anchor.getBoundingClientRect().top : 0;
        change();
        // Most browsers see to it themselves.
        if (anchor && anchor.isConnected && !CSS.supports("overflow-anchor", "auto")) {
            window.scrollBy(0, anchor.getBoundingClientRect().top - top);
        }
    }

    function swap(code, html, digest) {
        const section = sectionOf(code);
        const before = valuesIn(section);
        const giveBack = hold(section);
        section.querySelector(".k-body").innerHTML = html;
        section.dataset.digest = digest;
        giveBack();
        build(section);
        emit("swapped", {code, section});
        return mark(section, before);
    }

    function create(code) {
        const section = document.createElement("section");
        section.id = code;
        section.className = `k-section k-section-${code}`;
        section.dataset.section = code;
        section.setAttribute("aria-labelledby", `${code}-title`);
        const body = document.createElement("div");
        body.className = "k-body";
        section.append(body);
        document.getElementById("k-sections").append(section);
    }

    /** Put the sections in order, and take away those that there are no longer. */
    function arrange(order) {
        for (const section of sections()) {
            if (!order.includes(section.dataset.section)) {
                const hadFocus = section.contains(document.activeElement);
                section.remove();
                emit("gone", {code: section.dataset.section});
                if (hadFocus) {
                    root.focus({preventScroll: true});
                }
            }
        }
        order.forEach((code, index) => {
            const there = sections()[index];
            const section = sectionOf(code);
            if (section && there !== section) {
                there.before(section);
            }
        });
    }

    function apply(payload) {
        const title = document.getElementById("state-title");
        const said = title && title.textContent.trim();
        let changed = 0;
        inPlace(() => {
            for (const [code, drawn] of Object.entries(payload.sections || {})) {
                const isNew = !sectionOf(code);
                if (isNew) {
                    create(code);
                }
                const count = swap(code, drawn.html, drawn.digest);
                changed += isNew ? 0 : count;
            }
            if (payload.order) {
                arrange(payload.order);
            }
        });
        if (payload.title) {
            document.title = payload.title;
        }
        const now = document.getElementById("state-title");
        if (now && now.textContent.trim() !== said) {
            say(now.textContent.trim());
        } else if (changed) {
            say(word("changed"));
        }
        emit("payload", payload);
    }

    async function refresh(digests = have()) {
        const url = new URL(root.dataset.live, location.href);
        url.searchParams.set("have", JSON.stringify(digests));
        const answer = await fetch(url, {headers: {"X-Requested-With": "kvitt"}});
        const payload = await answer.json();
        if (answer.ok) {
            apply(payload);
        }
        return {status: answer.status, ...payload};
    }

    // --- Forms ---

    async function send(form, submitter) {
        const body = new FormData(form);
        if (submitter && submitter.name) {
            body.set(submitter.name, submitter.value);
        }
        body.set("have", JSON.stringify(have()));
        const url =
            submitter?.getAttribute("formaction") || form.getAttribute("action");
        return fetch(url, {
            method: "POST",
            body,
            headers: {"X-Requested-With": "kvitt"},
        });
    }

    /** Let the forms of the page belong to the session there is now. */
    async function renew() {
        const url = new URL(root.dataset.live, location.href);
        url.searchParams.set("have", "{}");
        const payload = await (await fetch(url)).json();
        const drawn = Object.values(payload.sections || {}).map((s) => s.html);
        const found = drawn.join("").match(/name="csrf_token"[^>]*value="([^"]+)"/);
        for (const field of document.querySelectorAll("input[name=csrf_token]")) {
            field.value = found ? found[1] : field.value;
        }
    }

    async function post(form, submitter) {
        let answer = await send(form, submitter);
        if (answer.status === 400 && root.dataset.live) {
            // The session ended while the page was open: once more, with a new one.
            await renew();
            answer = await send(form, submitter);
        }
        return {status: answer.status, ...(await answer.json())};
    }

    function tell(place, className, text) {
        place.querySelectorAll(`:scope > .${className}`).forEach((old) => old.remove());
        const note = document.createElement("p");
        note.className = className;
        note.tabIndex = -1;
        note.textContent = text;
        place.prepend(note);
        note.focus({preventScroll: false});
    }

    /** Make a form that did its work ready for another time. */
    function empty(form) {
        form.reset();
        delete form.dataset.done;
        const nonce = form.querySelector("input[name=nonce]");
        if (nonce) {
            nonce.value = Array.from(
                crypto.getRandomValues(new Uint8Array(12)),
                (byte) => byte.toString(16).padStart(2, "0")
            ).join("");
        }
    }

    function answered(form, answer) {
        const section = form.closest("[data-section]");
        if (answer.location) {
            location.assign(answer.location);
        } else if (answer.gone) {
            location.reload();
        } else if (answer.error) {
            tell(form, "k-error", answer.error);
        } else {
            form.dataset.done = "1";
            form.querySelectorAll(":scope > .k-error").forEach((old) => old.remove());
            apply(answer);
            empty(form);
            if (answer.said && section?.isConnected) {
                tell(section, "k-said", answer.said);
            } else if (answer.said) {
                say(answer.said);
            }
        }
    }

    async function onSubmit(ev) {
        const form = ev.target;
        if (!form.matches("form[data-once]") || ev.defaultPrevented) {
            return;
        }
        ev.preventDefault();
        if (form.getAttribute("aria-busy")) {
            return;
        }
        form.setAttribute("aria-busy", "true");
        form.classList.add("k-busy");
        let answer = {};
        // What is sent is read before anybody hears of it.
        const sent = post(form, ev.submitter);
        emit("posting", {form});
        try {
            answer = await sent;
            answered(form, answer);
        } catch {
            // No line, or an answer nobody can read. Sending again does nothing twice.
            answer = {error: word("not_sent")};
            tell(form, "k-error", answer.error);
        } finally {
            form.removeAttribute("aria-busy");
            form.classList.remove("k-busy");
            emit("posted", {form, answer, ok: answer.status === 200});
        }
    }

    document.addEventListener("submit", onSubmit);

    window.kvitt = {
        root,
        words,
        word,
        on,
        each,
        say,
        have,
        apply,
        swap,
        refresh,
        post,
    };
})();
