/** @odoo-module ignore */
/*
 * The conversation: the newest message is in view, and what one sends stands there at
 * once. Without scripts it is a list and a form.
 */
(() => {
    "use strict";

    const kvitt = window.kvitt;
    const NEAR_PX = 48;

    // Whoever scrolled back to read stays where they are.
    let atEnd = true;

    function isAtEnd(chat) {
        return chat.scrollHeight - chat.scrollTop - chat.clientHeight < NEAR_PX;
    }

    function element(tag, className, text) {
        const made = document.createElement(tag);
        made.className = className;
        made.textContent = text;
        return made;
    }

    /** Show what is being sent; the section drawn anew takes its place. */
    function showSending(form) {
        const text = form.elements.text.value.trim();
        const section = form.closest("[data-section]");
        if (!text || !section) {
            return;
        }
        let chat = section.querySelector(".k-chat");
        if (!chat) {
            chat = element("ol", "k-chat", "");
            form.before(chat);
        }
        const message = element("li", "k-chat-message k-chat-yours k-chat-sending", "");
        message.append(
            element("p", "k-chat-head", kvitt.word("sending")),
            element("p", "k-chat-text", text)
        );
        chat.append(message);
        chat.scrollTop = chat.scrollHeight;
        atEnd = true;
    }

    function forgetSending() {
        document.querySelectorAll(".k-chat-sending").forEach((one) => one.remove());
    }

    kvitt.each(".k-chat", (chat) => {
        if (atEnd) {
            chat.scrollTop = chat.scrollHeight;
        }
        chat.addEventListener("scroll", () => {
            atEnd = isAtEnd(chat);
        });
    });

    kvitt.on("posting", ({form}) => {
        if (form.action.endsWith("/say")) {
            showSending(form);
        }
    });
    kvitt.on("posted", ({form, ok}) => {
        if (!form.action.endsWith("/say")) {
            return;
        }
        forgetSending();
        if (ok) {
            kvitt.say(kvitt.word("chat_sent"));
            // Most who write, write on.
            document.getElementById("conversation-text")?.focus();
        }
    });
})();
