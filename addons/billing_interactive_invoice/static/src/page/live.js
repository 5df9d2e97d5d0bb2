/** @odoo-module ignore */
/*
 * Keeps an open page as a new one would be.
 *
 * The server pushes one word, «changed», over Odoo's websocket, and the page asks for
 * the sections that differ. Without a websocket it asks every few seconds instead. The
 * server hears which sections were in view, so that it can tell next time what is new.
 *
 * <html data-live> says how it is: «websocket», «polling» or «offline».
 */
(() => {
    "use strict";

    const kvitt = window.kvitt;
    const data = kvitt.root.dataset;
    if (!data.live || !data.ticket) {
        return;
    }

    const HEARTBEAT_MS = 60000;
    // An answer later than this comes over no line that is still there.
    const ANSWER_MS = 10000;
    const POLL_MS = 10000;
    const SLOW_POLL_MS = 30000;
    const POLL_FAST_FOR_MS = 300000;
    const RETRY_MS = 1000;
    const RETRY_MAX_MS = 60000;
    // A page that nobody looks at needs no line.
    const HIDDEN_MS = 120000;
    const TICK_MS = 5000;
    const ASLEEP_MS = 20000;
    const IN_VIEW_MS = 1000;
    const REPORT_MS = 2000;

    const isStaff = data.visitor === "staff";
    const banner = document.getElementById("k-offline");
    const others = document.getElementById("k-presence");

    let ticket = data.ticket;
    let stamp = data.stamp;
    let socket = null;
    let connected = false;
    let lastId = 0;
    let failures = 0;
    let refusals = 0;
    let retryTimer = 0;
    let answerTimer = 0;
    let hiddenTimer = 0;
    let reportTimer = 0;
    let heardAt = Date.now();
    let tickedAt = Date.now();
    let polledAt = 0;
    let pollingSince = 0;
    let asking = null;
    let askAgain = false;
    let missed = 0;
    let isOffline = false;

    const told = new Set();
    const pending = {seen: new Set(), read: 0, shown: true};
    // Said, and not answered yet.
    let unheard = [];
    let readUpTo = 0;

    const page = {
        // === WHAT THE PAGE SAYS === //

        isVisible() {
            return document.visibilityState === "visible";
        },

        takeReport() {
            const report = {visible: page.isVisible()};
            if (report.visible) {
                if (pending.shown) {
                    report.shown = true;
                    pending.shown = false;
                }
                if (pending.seen.size) {
                    report.seen = [...pending.seen];
                    pending.seen.clear();
                }
                if (pending.read) {
                    report.read = pending.read;
                    pending.read = 0;
                }
            }
            unheard.push(report);
            return report;
        },

        /** What was said got lost: say it again some time. */
        takeBack() {
            pending.shown = true;
            for (const {seen, read} of unheard) {
                (seen || []).forEach((section) => pending.seen.add(section));
                pending.read = Math.max(pending.read, read || 0);
            }
            unheard = [];
        },

        reportSoon() {
            if (connected && !reportTimer) {
                reportTimer = setTimeout(() => {
                    reportTimer = 0;
                    page.tell();
                }, REPORT_MS);
            }
        },

        /** Say that we are here; asks how things stand when a change may have been missed. */
        tell({check = false, within = ANSWER_MS} = {}) {
            if (!connected) {
                return;
            }
            const report = {ticket, ...page.takeReport(), ack: true, stamp: check};
            socket.send(JSON.stringify({event_name: "billing_page", data: report}));
            heardAt = Date.now();
            page.awaitAnswer(within);
        },

        // === THE LINE === //

        setMode(mode) {
            document.documentElement.dataset.live = mode;
        },

        awaitAnswer(within) {
            clearTimeout(answerTimer);
            answerTimer = setTimeout(page.drop, within);
        },

        connect() {
            clearTimeout(retryTimer);
            retryTimer = 0;
            if (socket || !page.isVisible() || !("WebSocket" in window)) {
                return;
            }
            const scheme = location.protocol === "https:" ? "wss" : "ws";
            const query = new URLSearchParams({version: data.socket});
            let line = null;
            try {
                line = new WebSocket(`${scheme}://${location.host}/websocket?${query}`);
            } catch {
                // Some companies' networks and browsers forbid it.
                page.drop();
                return;
            }
            socket = line;
            line.onopen = () => page.subscribe();
            line.onmessage = (ev) => line === socket && page.hear(JSON.parse(ev.data));
            line.onclose = () => line === socket && page.drop();
            line.onerror = () => line === socket && page.drop();
            page.awaitAnswer(ANSWER_MS);
        },

        subscribe() {
            const report = {ticket, ...page.takeReport(), ack: true, stamp: true};
            socket.send(
                JSON.stringify({
                    event_name: "subscribe",
                    data: {
                        channels: [`billing_page:${ticket}`],
                        last: lastId,
                        billing_page: report,
                    },
                })
            );
            heardAt = Date.now();
            page.awaitAnswer(ANSWER_MS);
        },

        hangUp() {
            clearTimeout(answerTimer);
            connected = false;
            const line = socket;
            socket = null;
            if (line) {
                line.onopen = line.onmessage = line.onclose = line.onerror = null;
                line.close();
            }
        },

        /** The line is gone, or was never there: ask instead, and try again later. */
        drop() {
            page.hangUp();
            page.takeBack();
            if (!isOffline) {
                page.setMode("polling");
            }
            pollingSince ||= Date.now();
            failures += 1;
            if (failures === 2) {
                // Is it the websocket only, or is there no line at all?
                page.ask();
            }
            // Not all at the same moment when a server comes back.
            const wait = Math.min(RETRY_MS * 2 ** failures, RETRY_MAX_MS);
            clearTimeout(retryTimer);
            retryTimer = setTimeout(page.connect, wait * (0.25 + Math.random()));
        },

        hear(notifications) {
            for (const {id, message} of notifications) {
                lastId = Math.max(lastId, id || 0);
                if (message.type === "billing_page_changed") {
                    // Many at once come one after another.
                    setTimeout(page.ask, Math.random() * (message.payload.within || 0));
                } else if (message.type === "billing_page_presence") {
                    page.showOthers(message.payload);
                } else if (message.type === "billing_page_here") {
                    page.onAnswer(message.payload);
                }
            }
        },

        onAnswer(payload) {
            clearTimeout(answerTimer);
            unheard = [];
            if (payload.gone) {
                pending.shown = true;
                // The ticket is too old, or opens nothing any more: asking tells which.
                refusals += 1;
                if (refusals > 2) {
                    page.drop();
                } else {
                    page.ask().then(
                        (answered) => answered && socket && page.subscribe()
                    );
                }
                return;
            }
            connected = true;
            failures = 0;
            refusals = 0;
            pollingSince = 0;
            page.setOnline();
            page.setMode("websocket");
            page.showOthers(payload);
            if (payload.stamp && payload.stamp !== stamp) {
                page.ask();
            }
        },

        // === ASKING === //

        /** Ask for what is new; resolves to whether there was an answer. */
        ask() {
            if (asking) {
                askAgain = true;
                return asking;
            }
            asking = page.askOnce().finally(() => {
                asking = null;
                if (askAgain) {
                    askAgain = false;
                    page.ask();
                }
            });
            return asking;
        },

        async askOnce() {
            const url = new URL(data.live, location.href);
            url.searchParams.set("have", JSON.stringify(kvitt.have()));
            url.searchParams.set("stamp", stamp);
            if (!connected) {
                url.searchParams.set("report", JSON.stringify(page.takeReport()));
            }
            polledAt = Date.now();
            const abort = new AbortController();
            const timer = setTimeout(() => abort.abort(), ANSWER_MS);
            try {
                const answer = await fetch(url, {
                    headers: {"X-Requested-With": "kvitt"},
                    cache: "no-store",
                    signal: abort.signal,
                });
                const payload = await answer.json();
                // Too many from the same network tried wrong links: that passes.
                if (answer.status === 410 && payload.gone !== "throttled") {
                    // The page that comes instead says why, and what to do.
                    page.hangUp();
                    location.reload();
                    return false;
                }
                if (!answer.ok) {
                    throw new Error(String(answer.status));
                }
                missed = 0;
                if (!connected) {
                    unheard = [];
                }
                page.setOnline();
                if (payload.order) {
                    kvitt.apply(payload);
                } else {
                    page.onPayload(payload);
                }
                return true;
            } catch {
                missed += 1;
                page.takeBack();
                if (!connected || !navigator.onLine || missed > 1) {
                    page.setOffline();
                }
                return false;
            } finally {
                clearTimeout(timer);
            }
        },

        onPayload(payload) {
            if (!payload.live) {
                return;
            }
            ticket = payload.live.ticket;
            page.showOthers(payload.live);
            if (payload.live.stamp !== stamp) {
                stamp = payload.live.stamp;
                pending.shown = true;
                page.reportSoon();
            }
        },

        // === OFFLINE, ASLEEP, AWAY === //

        setOffline() {
            if (!isOffline) {
                isOffline = true;
                page.setMode("offline");
                banner.hidden = false;
                kvitt.say(kvitt.word("offline"));
            }
        },

        setOnline() {
            if (isOffline) {
                isOffline = false;
                page.setMode(connected ? "websocket" : "polling");
                banner.hidden = true;
                kvitt.say(kvitt.word("online"));
                failures = 0;
                page.connect();
            }
        },

        /** Somebody looks at the page again, or the line is there again. */
        wake() {
            tickedAt = Date.now();
            clearTimeout(hiddenTimer);
            if (!page.isVisible()) {
                return;
            }
            if (connected) {
                // Is it still there? After a sleep often not, and nobody says so.
                page.tell({check: true, within: ANSWER_MS / 2});
                return;
            }
            failures = 0;
            page.hangUp();
            page.connect();
            page.ask();
        },

        onVisibility() {
            if (page.isVisible()) {
                page.wake();
                return;
            }
            page.tell();
            clearTimeout(hiddenTimer);
            hiddenTimer = setTimeout(page.hangUp, HIDDEN_MS);
        },

        tick() {
            const now = Date.now();
            const asleep = now - tickedAt > ASLEEP_MS;
            tickedAt = now;
            if (!page.isVisible()) {
                return;
            }
            if (asleep) {
                page.wake();
            } else if (connected) {
                if (now - heardAt >= HEARTBEAT_MS) {
                    page.tell();
                }
            } else if (pollingSince) {
                const fast = now - pollingSince < POLL_FAST_FOR_MS;
                // Asking nobody costs nobody anything.
                const wait = isOffline ? 0 : fast ? POLL_MS : SLOW_POLL_MS;
                if (now - polledAt >= wait) {
                    page.ask();
                }
            }
        },

        // === WHO IS HERE, WHAT IS NEW === //

        showOthers(payload) {
            const here = isStaff ? payload.customer : payload.staff;
            const key = isStaff ? "customer_here" : "staff_here";
            others.textContent = here ? kvitt.word(key) : "";
            others.hidden = !here;
        },

        addMark(element, where) {
            const mark = document.createElement("span");
            mark.className = "k-new-mark";
            mark.textContent = kvitt.word("new_mark");
            element.insertAdjacentElement(where, mark);
        },

        markNews() {
            const changed = new Set((data.changed || "").split(" ").filter(Boolean));
            const marked = new Set();
            kvitt.each("[data-value]", (element) => {
                const key = element.dataset.value;
                if (!changed.has(key)) {
                    return;
                }
                element.classList.add("k-new");
                // Said once, however often the value stands on the page.
                if (!marked.has(key)) {
                    marked.add(key);
                    page.addMark(element, "afterend");
                }
            });
            kvitt.on("swapped", () => {
                // What changes now is told as it happens.
                changed.clear();
            });
            if (data.since) {
                kvitt.each("[data-at]", (element) => {
                    if (element.dataset.at > data.since) {
                        element.classList.add("k-new");
                        page.addMark(element, "afterbegin");
                    }
                });
            }
        },

        /** Call fn(element) once an element has been in view for a moment. */
        watch(fn) {
            const timers = new Map();
            const observer = new IntersectionObserver(
                (entries) => {
                    for (const entry of entries) {
                        clearTimeout(timers.get(entry.target));
                        const much =
                            entry.intersectionRatio >= 0.5 ||
                            entry.intersectionRect.height >= window.innerHeight / 2;
                        if (entry.isIntersecting && much) {
                            timers.set(
                                entry.target,
                                setTimeout(
                                    () => page.isVisible() && fn(entry.target),
                                    IN_VIEW_MS
                                )
                            );
                        }
                    }
                },
                {threshold: [0, 0.25, 0.5, 0.75, 1]}
            );
            return observer;
        },

        watchSections() {
            const sections = page.watch(({dataset: {section}}) => {
                if (!told.has(section)) {
                    told.add(section);
                    pending.seen.add(section);
                    page.reportSoon();
                }
            });
            const observe = () => {
                for (const element of document.querySelectorAll("[data-section]")) {
                    sections.observe(element);
                }
            };
            kvitt.on("payload", observe);
            kvitt.on("swapped", ({section}) => {
                // Seen anew once it has been in view as it is now.
                told.delete(section.dataset.section);
                sections.unobserve(section);
                sections.observe(section);
            });
            observe();
            const messages = page.watch(({dataset: {message}}) => {
                const id = Number(message);
                if (Number.isInteger(id) && id > readUpTo) {
                    readUpTo = id;
                    pending.read = id;
                    page.reportSoon();
                }
            });
            kvitt.each("[data-message]", (element) => messages.observe(element));
        },
    };

    // === START === //

    page.markNews();
    if (!isStaff && "IntersectionObserver" in window) {
        page.watchSections();
    }
    kvitt.on("payload", page.onPayload);
    document.addEventListener("visibilitychange", page.onVisibility);
    window.addEventListener("online", page.wake);
    window.addEventListener("offline", () => {
        page.hangUp();
        page.setOffline();
        page.drop();
    });
    window.addEventListener("pagehide", page.hangUp);
    window.addEventListener("pageshow", (ev) => ev.persisted && page.wake());
    setInterval(page.tick, TICK_MS);
    pollingSince = "WebSocket" in window ? 0 : Date.now();
    page.connect();
})();
