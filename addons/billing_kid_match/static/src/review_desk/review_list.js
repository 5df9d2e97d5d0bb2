import {Component, onPatched, onWillRender, useEffect, useRef} from "@odoo/owl";
import {day, money, percent} from "./format";
import {useVirtualGrid} from "@web/core/virtual_grid_hook";

/** Height of a row in pixels, as in the style sheet. */
export const ROW_HEIGHT = 80;

/**
 * The list of payments: as many elements in the page for ten rows as for ten thousand.
 */
export class ReviewList extends Component {
    static template = "billing_kid_match.ReviewList";
    static props = {
        store: Object,
        // changes whenever the store does
        version: Number,
        index: Number,
        onSelect: Function,
        onOpen: Function,
        onShow: Function,
        setFocus: Function,
    };

    setup() {
        this.list = useRef("list");
        this.money = money;
        this.day = day;
        this.percent = percent;
        this.height = ROW_HEIGHT;
        this.grid = useVirtualGrid({
            scrollableRef: this.list,
            bufferCoef: 0.5,
            onChange: () => {
                this.render();
                this.show();
            },
        });
        this.sizedFor = -1;
        onWillRender(() => this.size());
        onPatched(() => this.show());
        useEffect(
            () => {
                this.reveal();
                this.show();
            },
            () => [this.props.index]
        );
        useEffect(
            (element) => this.props.setFocus(() => element?.focus()),
            () => [this.list.el]
        );
    }

    size() {
        if (this.sizedFor !== this.props.store.total) {
            this.sizedFor = this.props.store.total;
            this.grid.setRowsHeights(new Array(this.sizedFor).fill(ROW_HEIGHT));
        }
    }

    get range() {
        const [start, end] = this.grid.rowsIndexes || [];
        return start === undefined ? null : {start, end};
    }

    /** The rows in the page, read or not, each with its place. */
    get items() {
        const range = this.range;
        if (!range) {
            return [];
        }
        const items = [];
        for (let index = range.start; index <= range.end; index++) {
            items.push({index, row: this.props.store.at(index)});
        }
        return items;
    }

    get activeId() {
        return this.props.store.at(this.props.index) && this.isInPage(this.props.index)
            ? `o_review_row_${this.props.index}`
            : undefined;
    }

    isInPage(index) {
        const range = this.range;
        return range && index >= range.start && index <= range.end;
    }

    /** Ask for the rows that are in the page and have not been read. */
    show() {
        const range = this.range;
        if (range) {
            this.props.onShow(range.start, range.end);
        }
    }

    /** Scroll as little as is needed to see the chosen row. */
    reveal() {
        const list = this.list.el;
        if (!list || !list.clientHeight) {
            return;
        }
        const top = this.props.index * ROW_HEIGHT;
        if (top < list.scrollTop) {
            list.scrollTop = top;
        } else if (top + ROW_HEIGHT > list.scrollTop + list.clientHeight) {
            list.scrollTop = top + ROW_HEIGHT - list.clientHeight;
        }
    }

    onClick(index) {
        this.props.onSelect(index);
        this.props.onOpen();
        this.list.el.focus({preventScroll: true});
    }
}
