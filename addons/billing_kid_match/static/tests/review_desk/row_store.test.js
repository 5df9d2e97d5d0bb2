import {describe, expect, test} from "@odoo/hoot";
import {RowStore} from "@billing_kid_match/review_desk/row_store";

const rows = (...ids) => ids.map((id) => ({id}));

describe.current.tags("headless");

test("what is missing is asked for in whole chunks", () => {
    const store = new RowStore();
    store.reset(25);
    expect(store.missing(0, 5, 10)).toEqual({offset: 0, limit: 10});
    store.fill(0, rows(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), 25);
    expect(store.missing(0, 9, 10)).toBe(null);
    expect(store.missing(8, 14, 10)).toEqual({offset: 10, limit: 10});
    expect(store.missing(20, 99, 10)).toEqual({offset: 20, limit: 10});
});

test("a row that is taken out makes the others move up, and back it moves them down", () => {
    const store = new RowStore();
    store.reset(3);
    store.fill(0, rows(1, 2, 3), 3);
    const row = store.remove(1);
    expect(store.total).toBe(2);
    expect(store.at(1).id).toBe(3);
    expect(store.insert(1, row)).toBe(1);
    expect([0, 1, 2].map((at) => store.at(at).id)).toEqual([1, 2, 3]);
});

test("a row put back beyond the end is the last one", () => {
    const store = new RowStore();
    store.reset(1);
    expect(store.insert(7, {id: 9})).toBe(1);
    expect(store.total).toBe(2);
});

test("a list that others changed is not mixed with what was read", () => {
    const store = new RowStore();
    store.reset(4);
    store.fill(0, rows(1, 2), 4);
    expect(store.fill(2, rows(3, 4), 3)).toBe(false);
    expect(store.fill(2, rows(2, 3), 4)).toBe(false);
    expect(store.fill(2, rows(3, 4), 4)).toBe(true);
    expect(store.indexOf(4)).toBe(3);
    expect(store.indexOf(5)).toBe(-1);
});

test("rows nobody has read cost nothing and stay where they are", () => {
    const store = new RowStore();
    store.reset(100000);
    store.fill(99990, rows(1, 2, 3), 100000);
    expect(store.at(5)).toBe(undefined);
    store.remove(0);
    expect(store.indexOf(1)).toBe(99989);
});
