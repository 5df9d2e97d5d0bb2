/**
 * The rows of a long list, of which only some have been read.
 *
 * A row keeps its place: place 700 here is offset 700 on the server, also after rows
 * have been taken out or put back on both sides.
 */
export class RowStore {
    constructor() {
        this.reset(0);
    }

    /**
     * @param {number} total rows there are
     */
    reset(total) {
        this.rows = new Array(total);
    }

    get total() {
        return this.rows.length;
    }

    /**
     * @param {number} index
     * @returns {object|undefined} undefined while the row has not been read
     */
    at(index) {
        return this.rows[index];
    }

    /**
     * @param {number} offset place of the first row
     * @param {object[]} rows
     * @param {number} total rows there are by now
     * @returns {boolean} false when the list has changed under our hands, so that
     *     places do not fit any more
     */
    fill(offset, rows, total) {
        const known = new Map();
        this.rows.forEach((row, index) => known.set(row.id, index));
        if (total !== this.total) {
            return false;
        }
        for (const [place, row] of rows.entries()) {
            const index = known.get(row.id);
            if (index !== undefined && index !== offset + place) {
                return false;
            }
            this.rows[offset + place] = row;
        }
        return true;
    }

    /**
     * @param {number} id
     * @returns {number} place of the row, -1 when it has not been read
     */
    indexOf(id) {
        return this.rows.findIndex((row) => row && row.id === id);
    }

    /**
     * @param {number} index
     * @returns {object|undefined} the row that was there
     */
    remove(index) {
        return this.rows.splice(index, 1)[0];
    }

    /**
     * @param {number} index place to put the row; the end when the list is shorter
     * @param {object} row
     * @returns {number} its place
     */
    insert(index, row) {
        const place = Math.min(index, this.total);
        this.rows.splice(place, 0, row);
        return place;
    }

    /**
     * @param {object} row replaces the row with its id, where it is
     */
    replace(row) {
        const index = this.indexOf(row.id);
        if (index >= 0) {
            this.rows[index] = row;
        }
    }

    /**
     * What has to be read so that a stretch of the list can be shown.
     *
     * @param {number} start first place
     * @param {number} end last place
     * @param {number} size rows to read at a time
     * @returns {?{offset: number, limit: number}} null when all of it is there
     */
    missing(start, end, size) {
        const last = Math.min(end, this.total - 1);
        for (let index = Math.max(start, 0); index <= last; index++) {
            if (!this.rows[index]) {
                const offset = Math.floor(index / size) * size;
                return {offset, limit: size};
            }
        }
        return null;
    }
}
