/**
 * Metrics as text: OpenMetrics 1.0, and the older format of Prometheus (0.0.4), which differ in the names of counters, in units
 * and in the last line.
 */
import {STATUSES} from '../../../core/statuses.ts';
import type {MetricsRow, RowKind} from './columns.ts';
import {FAMILIES, type Family, type Labels, sampleName, SERVICES} from './families.ts';

export type Format = 'openmetrics' | 'prometheus';

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
	openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
	prometheus: 'text/plain; version=0.0.4; charset=utf-8',
};

/** Characters of a piece, roughly. */
const PIECE = 32 * 1024;

/** All of it in pieces, each of whole lines. A family without a sample is left out. */
export function* exposition(rows: readonly MetricsRow[], format: Format): Generator<string, void> {
	const byKind = Map.groupBy(rows, ({kind}): RowKind => kind);
	const services = byKind.get('service') ?? [];
	let text = `${head(SERVICES, format)}${STATUSES.map(state => line(SERVICES.name, {state}, countOf(services, state))).join('')}`;
	for (const family of FAMILIES) {
		const name = sampleName(family);
		let isBegun = false;
		for (const row of byKind.get(family.of) ?? []) {
			for (const [value, more] of family.samples(row)) {
				if (value === null || Number.isNaN(value)) continue;
				if (!isBegun) text += head(family, format);
				isBegun = true;
				text += line(name, more ? {...labelsOf(family, row), ...more} : labelsOf(family, row), value);
			}
			if (text.length < PIECE) continue;
			yield text;
			text = '';
		}
	}
	yield format === 'openmetrics' ? `${text}# EOF\n` : text;
}

const countOf = (services: readonly MetricsRow[], state: string): number =>
	services.filter(row => row.kind === 'service' && row.status === state).length;

function labelsOf({labels}: Family, row: MetricsRow): Labels {
	const fields: Labels = row;
	return Object.fromEntries(labels.map(label => [label, fields[label] ?? '']));
}

/** Units are known by the end of a name. */
function head(family: Pick<Family, 'name' | 'type' | 'help'>, format: Format): string {
	const {name, type, help} = family;
	if (format === 'prometheus') {
		const own = sampleName(family);
		return `# HELP ${own} ${help}\n# TYPE ${own} ${type === 'info' ? 'gauge' : type}\n`;
	}
	const unit = /_(seconds|bytes)$/.exec(name)?.[1];
	return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${unit === undefined ? '' : `# UNIT ${name} ${unit}\n`}`;
}

function line(name: string, labels: Labels, value: number): string {
	const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`).join();
	return `${name}${pairs === '' ? '' : `{${pairs}}`} ${value}\n`;
}

/** A name may hold anything. */
const escaped = (text: string): string =>
	text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/** What a client would rather have (RFC 9110 §12.5.1); who does not speak of OpenMetrics is given what all can read. */
export function formatFor(accept: string): Format {
	let [open, plain] = [0, 0];
	for (const part of accept.toLowerCase().split(',', ACCEPTED_MAX)) {
		const [type = '', ...parameters] = part.split(';').map(each => each.trim());
		const weight = Number(parameters.find(each => each.startsWith('q='))?.slice(2) ?? 1);
		if (!(weight > 0)) continue;
		if (type === 'application/openmetrics-text') open = Math.max(open, weight);
		if (type === 'text/plain') plain = Math.max(plain, weight);
	}
	return open > 0 && open >= plain ? 'openmetrics' : 'prometheus';
}

/** Types that are looked at. */
const ACCEPTED_MAX = 32;
