import {describe, expect, test} from "@odoo/hoot";
import {DeskModel} from "@billing_kid_match/review_desk/desk_model";

describe.current.tags("headless");

const row = (id, tab = "waiting") => ({id, tab, payer: `Payer ${id}`});

const card = (moveId, open = 100) => ({
    key: `${moveId}`,
    move_ids: [moveId],
    partner_id: 7,
    is_open: true,
    is_whole: true,
    same_currency: true,
    open,
});

/**
 * A desk on which the payments 1, 2 and 3 wait, and a server that keeps what it is
 * asked and answers what it is told.
 *
 * @param {object} answers functions by method
 * @returns {Promise<{desk: DeskModel, asked: Array, said: string[]}>}
 */
async function openDesk(answers = {}) {
    const asked = [];
    const said = [];
    const usual = {
        load: () => ({rows: [row(1), row(2), row(3)], offset: 0, total: 3}),
        overview: () => ({counts: {}, closing: [], journals: []}),
        meter: () => ({today: {}, month: {}}),
        details: (id) => ({
            payment: {id, tab: "waiting", amount: 100, refund_id: false},
            cards: [card(id * 10)],
            scale: [0, 0],
            customer: null,
            stamp: `stamp ${id}`,
        }),
        act: (id) => ({done: true, message: `done ${id}`, row: row(id, "decided")}),
        undo: (id) => ({done: true, message: `undone ${id}`, row: row(id)}),
        customer: (_id, partnerId) => ({id: partnerId, items: [], matches: []}),
    };
    const orm = {
        async call(_model, method, args) {
            asked.push([method, ...args]);
            return (answers[method] || usual[method])(...args);
        },
        get silent() {
            return orm;
        },
    };
    const desk = new DeskModel({orm, say: (text) => said.push(text)});
    await desk.start();
    await desk.loadDetails();
    return {desk, asked, said};
}

const ids = (desk) => desk.store.rows.map((item) => item.id);

test("the next payment is chosen before the server has answered", async () => {
    let answer = null;
    const {desk, said} = await openDesk({
        act: (id) =>
            new Promise((resolve) => {
                answer = () =>
                    resolve({done: true, message: "done", row: row(id, "decided")});
            }),
    });
    const saved = desk.accept();
    expect(ids(desk)).toEqual([2, 3]);
    expect(desk.current.id).toBe(2);
    expect(said).toEqual([]);
    await Promise.resolve();
    answer();
    await saved;
    expect(said).toEqual(["done"]);
    expect(desk.log.length).toBe(1);
});

test("what the person saw goes along with the decision", async () => {
    const {desk, asked} = await openDesk();
    await desk.accept();
    const [, id, action, values, stamp] = asked.find(([method]) => method === "act");
    expect(id).toBe(1);
    expect(action).toBe("accept");
    expect(values).toEqual({move_ids: [10]});
    expect(stamp).toBe("stamp 1");
});

test("a refused decision comes back to its place, and the choice stays", async () => {
    const {desk, said} = await openDesk({
        act: () => {
            const error = new Error();
            error.data = {message: "The period is closed."};
            throw error;
        },
    });
    await desk.accept();
    expect(ids(desk)).toEqual([1, 2, 3]);
    expect(desk.store.at(0).problem).toBe("The period is closed.");
    expect(desk.current.id).toBe(2);
    expect(said).toEqual(["The period is closed."]);
    expect(desk.log.length).toBe(0);
});

test("what changed meanwhile comes back and is not decided", async () => {
    const {desk, said} = await openDesk({
        act: (id) => ({done: false, message: "look again", row: row(id)}),
    });
    expect(await desk.accept()).toBe(false);
    expect(ids(desk)).toEqual([1, 2, 3]);
    expect(said).toEqual(["look again"]);
});

test("undo puts the payment back where it was and chooses it", async () => {
    const {desk, asked} = await openDesk();
    desk.select(1);
    await desk.loadDetails();
    await desk.accept();
    expect(ids(desk)).toEqual([1, 3]);
    await desk.undo();
    expect(asked.some(([method, id]) => method === "undo" && id === 2)).toBe(true);
    expect(ids(desk)).toEqual([1, 2, 3]);
    expect(desk.current.id).toBe(2);
    expect(desk.log.length).toBe(0);
});

test("nothing is decided that is not on the screen", async () => {
    const {desk, asked} = await openDesk();
    desk.select(2);
    desk.details = null;
    await desk.act("accept", {move_ids: [1]});
    expect(asked.some(([method]) => method === "act")).toBe(false);
    expect(ids(desk)).toEqual([1, 2, 3]);
});

test("chosen amounts never exceed the payment by themselves", async () => {
    const {desk, asked, said} = await openDesk();
    desk.toggle({id: 1, name: "A", open: 60});
    desk.toggle({id: 2, name: "B", open: 60});
    expect(desk.chosen.map((item) => item.amount)).toEqual([60, 40]);
    expect(desk.chosenRest).toBe(0);
    desk.setAmount(2, 50);
    expect(desk.chosenRest).toBe(-10);
    desk.accept();
    expect(said.length).toBe(1);
    expect(asked.some(([method]) => method === "act")).toBe(false);
    desk.setAmount(2, 40);
    await desk.accept();
    const [, , action, values] = asked.find(([method]) => method === "act");
    expect(action).toBe("split");
    expect(values.shares).toEqual([
        [1, 60],
        [2, 40],
    ]);
});

test("a credit note counts below zero", async () => {
    const {desk} = await openDesk();
    desk.toggle({id: 1, name: "Credit", open: -20});
    desk.toggle({id: 2, name: "A", open: 120});
    expect(desk.chosenSum).toBe(100);
    expect(desk.chosenRest).toBe(0);
});

test("a search result for another text is not accepted", async () => {
    const {desk} = await openDesk({
        search_invoices: () => ({cards: [card(99)], scale: [0, 0], limited: false}),
    });
    desk.openSearch();
    desk.search.text = "99";
    expect(desk.isFound).toBe(false);
    await desk.find();
    expect(desk.isFound).toBe(true);
    desk.search.text = "100";
    expect(desk.isFound).toBe(false);
});

test("a bulk accept goes on in small steps and can be stopped", async () => {
    const {desk, asked} = await openDesk({
        bulk_accept: (_probability, some) => ({accepted: some, refused: []}),
    });
    const wanted = Array.from({length: 45}, (_nothing, at) => at + 1);
    let calls = 0;
    const done = await desk.bulkAccept(0.99, wanted, () => {
        calls++;
        return calls < 2;
    });
    expect(done.accepted.length).toBe(40);
    expect(asked.filter(([method]) => method === "bulk_accept").length).toBe(2);
    expect(desk.log.length).toBe(40);
});
