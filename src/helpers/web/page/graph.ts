/** Which services need which, as layers: where each is drawn, so that lines go from the left to the right. Pure. */
import type {GraphRow} from '../../../control/requests/graph/wire.ts';

type NeedRow = Extract<GraphRow, {kind: 'need'}>;

export interface Box {
	readonly name: string;
	readonly status: string;
	readonly type: string;
	readonly x: number;
	readonly y: number;
}

export interface Line {
	readonly need: NeedRow;
	/** The points that it goes through, from the right side of what is needed to the left side of what needs it. */
	readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Drawing {
	readonly width: number;
	readonly height: number;
	/** Of each box. */
	readonly size: readonly [width: number, height: number];
	readonly boxes: readonly Box[];
	readonly lines: readonly Line[];
	/** Services that are left out, as a drawing of more than a few dozen tells nothing. */
	readonly left: number;
}

/** Services in one drawing, at most. */
export const MOST = 60;

const [HEIGHT, GAP_X, GAP_Y, PAD] = [44, 56, 14, 8];
const [NARROW, WIDE, PER_CHARACTER] = [104, 200, 7.4];
/** How often layers are sorted by their neighbours, and moved towards them. */
const SWEEPS = 6;

/**
 * What is around a service: all that it needs, then what needs it, the nearest first. Without a name: all. What has to do with no other
 * service is not among these.
 */
export function around(rows: readonly GraphRow[], name: string | null): {readonly rows: readonly GraphRow[]; readonly left: number} {
	const needs = rows.filter(row => row.kind === 'need');
	const chosen = new Set<string>();
	if (name === null) {
		for (const need of needs) chosen.add(need.name).add(need.other);
	} else {
		const reach = (from: 'name' | 'other', to: 'name' | 'other'): void => {
			const ways = Map.groupBy(needs, need => need[from]);
			const queue = [name];
			const seen = new Set(queue);
			// It grows while it is read.
			for (const each of queue) {
				chosen.add(each);
				for (const need of ways.get(each) ?? []) {
					if (seen.has(need[to])) continue;
					seen.add(need[to]);
					queue.push(need[to]);
				}
			}
		};
		reach('name', 'other');
		reach('other', 'name');
	}
	const kept = new Set([...chosen].slice(0, MOST));
	return {
		left: chosen.size - kept.size,
		rows: rows.filter(row => kept.has(row.name) && (row.kind === 'service' || kept.has(row.other))),
	};
}

/** A service, or the place where a long line passes a layer. */
interface Place {
	readonly name: string | null;
	readonly layer: number;
	readonly before: Place[];
	readonly after: Place[];
	y: number;
}

export function draw({rows, left}: ReturnType<typeof around>): Drawing {
	const services = rows.filter(row => row.kind === 'service');
	const names = new Set(services.map(({name}) => name));
	const needs = rows.filter((row): row is NeedRow => row.kind === 'need' && names.has(row.name) && names.has(row.other));
	const layerOf = layers(services.map(({name}) => name), needs);
	const places = new Map(services.map(({name}): [string, Place] =>
		[name, {name, layer: layerOf.get(name) ?? 0, before: [], after: [], y: 0}]));
	const columns: Place[][] = [];
	const add = (place: Place): Place => {
		(columns[place.layer] ??= []).push(place);
		return place;
	};
	places.forEach(add);
	const ways = needs.flatMap(need => {
		const [from, to] = [places.get(need.other), places.get(need.name)];
		if (!from || !to || from.layer >= to.layer) return [];
		const way = [from];
		for (let layer = from.layer + 1; layer < to.layer; layer++) way.push(add({name: null, layer, before: [], after: [], y: 0}));
		way.push(to);
		for (const [index, place] of way.slice(1).entries()) {
			const last = way[index] ?? from;
			place.before.push(last);
			last.after.push(place);
		}
		return [{need, way}];
	});
	// In a circle a layer may have nothing.
	const height = arrange(Array.from(columns, column => column ?? []));
	const longest = Math.max(0, ...services.map(({name}) => name.length));
	const width = Math.round(Math.max(NARROW, Math.min(WIDE, longest * PER_CHARACTER + 42)));
	const xOf = (layer: number): number => PAD + layer * (width + GAP_X);
	return {
		width: xOf(Math.max(0, columns.length - 1)) + width + PAD, height, size: [width, HEIGHT], left,
		boxes: services.map(({name, status, type}) => {
			const place = places.get(name);
			return {name, status, type, x: xOf(place?.layer ?? 0), y: Math.round(place?.y ?? 0)};
		}),
		lines: ways.map(({need, way}) => ({
			need,
			points: way.flatMap(({name, layer, y}, index): [number, number][] => {
				const middle = Math.round(y + HEIGHT / 2);
				const [start, end]: readonly [number, number][] = [[xOf(layer), middle], [xOf(layer) + width, middle]];
				if (!start || !end) return [];
				return name === null ? [start, end] : index === 0 ? [end] : [start];
			}),
		})),
	};
}

/** By the longest way from what needs nothing. */
function layers(names: readonly string[], needs: readonly NeedRow[]): ReadonlyMap<string, number> {
	const found = new Map<string, number>();
	const needsOf = Map.groupBy(needs, ({name}) => name);
	const visit = (name: string): number => {
		const known = found.get(name);
		if (known !== undefined) return known;
		// What is met again below itself needs itself.
		found.set(name, 0);
		const layer = Math.max(-1, ...(needsOf.get(name) ?? []).map(({other}) => visit(other))) + 1;
		found.set(name, layer);
		return layer;
	};
	names.forEach(visit);
	return found;
}

/** Gives each place its height: near those that it is connected with, and none over another. The result is the height of all. */
function arrange(columns: readonly Place[][]): number {
	const spread = (column: readonly Place[]): void => {
		let least = -Infinity;
		for (const place of column) {
			place.y = Math.max(place.y, least);
			least = place.y + stepOf(place);
		}
	};
	for (const column of columns) {
		let y = 0;
		for (const place of column) {
			place.y = y;
			y += stepOf(place);
		}
	}
	const mean = (places: readonly Place[], otherwise: number): number =>
		places.length === 0 ? otherwise : places.reduce((sum, {y}) => sum + y, 0) / places.length;
	for (let sweep = 0; sweep < SWEEPS; sweep++) {
		const isForth = sweep % 2 === 0;
		for (const column of isForth ? columns : [...columns].reverse()) {
			for (const place of column) {
				const near = isForth ? place.before : place.after;
				place.y = mean(near, mean([...place.before, ...place.after], place.y));
			}
			column.sort((a, b) => a.y - b.y);
			const middle = mean(column, 0);
			spread(column);
			const moved = mean(column, 0) - middle;
			for (const place of column) place.y -= moved;
		}
	}
	const all = columns.flat();
	const top = Math.min(...all.map(({y}) => y)) - PAD;
	for (const place of all) place.y -= top;
	return all.length === 0 ? 0 : Math.round(Math.max(...all.map(({y}) => y)) + HEIGHT + PAD);
}

/** A line takes less room than a box. */
const stepOf = ({name}: Place): number => name === null ? GAP_Y * 2 : HEIGHT + GAP_Y;
