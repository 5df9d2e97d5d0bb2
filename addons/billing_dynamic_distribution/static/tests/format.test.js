import {barStyle, share} from "@billing_dynamic_distribution/funnel/format";
import {describe, expect, test} from "@odoo/hoot";

describe.current.tags("headless");

test("a share never says all or nothing unless it is", () => {
    expect(share(1, 1000)).toBe("< 1 %");
    expect(share(999, 1000)).toBe("> 99 %");
    expect(share(1000, 1000)).toBe("100 %");
    expect(share(0, 1000)).toBe("0 %");
    expect(share(1, 2)).toBe("50 %");
});

test("nothing is shared where there is nothing", () => {
    expect(share(0, 0)).toBe("");
    expect(barStyle(0, 0)).toBe("width: 0.0%");
});

test("a bar is never longer than its place", () => {
    expect(barStyle(3, 2)).toBe("width: 100.0%");
    expect(barStyle(1, 4)).toBe("width: 25.0%");
});
