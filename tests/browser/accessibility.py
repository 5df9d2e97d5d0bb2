"""What is asked of a page so that everybody can use it."""

from importlib.resources import files

AXE = files("axe_playwright_python") / "axe.min.js"
#: WCAG 2.2, levels A and AA, and what axe knows besides.
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
#: The least height and width of what a finger must hit, in CSS pixels.
TARGET = 44
#: The least size of type, in CSS pixels.
TYPE = 16

_RUN = """async (tags) => {
    const result = await axe.run(document, {
        runOnly: {type: "tag", values: tags},
        resultTypes: ["violations"],
    });
    return result.violations.flatMap(({id, help, nodes}) =>
        nodes.map((node) => `${id}: ${help}: ${node.target.join(" ")}`)
    );
}"""

_LAYOUT = """({target, type}) => {
    const found = [];
    const name = (element) =>
        `<${element.localName} class="${element.getAttribute("class") || ""}"> ` +
        `"${(element.textContent || element.value || "").trim().slice(0, 40)}"`;
    const shown = (element) =>
        element.checkVisibility({visibilityProperty: true, opacityProperty: true}) &&
        !element.closest("[aria-hidden=true]");
    const root = document.scrollingElement;
    if (root.scrollWidth > root.clientWidth) {
        for (const element of document.body.querySelectorAll("*")) {
            const box = element.getBoundingClientRect();
            const scrolls = element.parentElement.closest("[data-scrolls]");
            if (box.right > root.clientWidth + 1 && box.width && !scrolls) {
                found.push(`wider than the screen: ${name(element)}`);
            }
        }
        found.push(`${root.scrollWidth} px on a screen of ${root.clientWidth}`);
    }
    const toHit =
        "a[href], button, summary, select, textarea, [role=button], " +
        "input:not([type=hidden], [type=checkbox], [type=radio])";
    for (const element of document.querySelectorAll(toHit)) {
        const box = element.getBoundingClientRect();
        // A link within a sentence is as high as its line.
        const inText = getComputedStyle(element).display === "inline";
        // Links to jump by are outside the screen until they have the focus.
        const away = box.bottom <= 0 || box.right <= 0 || box.width <= 1;
        if (!shown(element) || inText || away) {
            continue;
        }
        if (box.height < target - 0.5 || box.width < target - 0.5) {
            const size = `${Math.round(box.width)} × ${Math.round(box.height)}`;
            found.push(`only ${size} to hit: ${name(element)}`);
        }
    }
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        const hidden = element.closest("script, style, noscript, svg, sup");
        if (hidden || !texts.currentNode.data.trim() || !shown(element)) {
            continue;
        }
        const box = element.getBoundingClientRect();
        const size = parseFloat(getComputedStyle(element).fontSize);
        if (box.width > 1 && size < type) {
            found.push(`type of ${size} px: ${name(element)}`);
        }
    }
    return found;
}"""

_FOCUS = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) {
        return null;
    }
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const middle = box.top + Math.min(box.height, innerHeight) / 2;
    return {
        name:
            element.getAttribute("aria-label") ||
            element.labels?.[0]?.textContent.trim() ||
            element.textContent.trim().slice(0, 60) ||
            element.id,
        visible:
            (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) ||
            style.boxShadow !== "none",
        onScreen: middle > 0 && middle < innerHeight,
    };
}"""


def violations(page):
    """Return what axe finds on the page, one line for each element."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    return page.evaluate(_RUN, list(RULES))


def layout_faults(page, type_size=TYPE):
    """Return what is too wide, too small to hit, or too small to read.

    :param type_size: the least size of type in CSS pixels
    """
    return page.evaluate(_LAYOUT, {"target": TARGET, "type": type_size})


def focus(page):
    """Return what has the keyboard: its name, and whether one sees that it has.

    :return: None when nothing has
    """
    return page.evaluate(_FOCUS)


def tab_through(page, limit=200):
    """Press Tab until the page has been gone through once; return the stops.

    :raises AssertionError: the keyboard is caught somewhere
    """
    page.evaluate("() => { document.activeElement?.blur(); scrollTo(0, 0); }")
    stops = []
    for _press in range(limit):
        page.keyboard.press("Tab")
        stop = focus(page)
        if stop is None:
            return stops
        stops.append(stop)
    raise AssertionError(f"still on the page after {limit} stops: {stops[-5:]}")
