/**
 * The calendar beside `croner`, over random expressions, zones and instants. They differ in two things, in both of which archon
 * does as Vixie's cron. A step is `*` to Vixie, so that with one of the two fields of days both must hold: croner is asked for
 * that. And what names its hours is due at the leap where the clock leaps over it, and only once where the clock shows it twice:
 * croner leaves out the first, and is due again if it is asked between both. A job a day is due every day, once.
 *
 * `SCHEDULES=100000` for how many.
 */
import {Cron as Croner} from 'croner';
import {expect, test} from 'vitest';
import {nextTime, showTime} from '../../../../src/features/schedule/core/calendar.ts';
import {parseCron} from '../../../../src/features/schedule/core/expression.ts';
import {segmentAt, UTC, type Zone} from '../../../../src/features/schedule/core/zone.ts';
import {BERLIN, LORD_HOWE, NEW_YORK, zone} from './zones.ts';

const COUNT = Number(process.env['SCHEDULES'] ?? 20_000);
const SEED = Number(process.env['SEED'] ?? 1);

const ZONES: readonly Zone[] = [
	UTC, BERLIN, NEW_YORK, LORD_HOWE, zone('Asia/Kolkata', 'IST-5:30'), zone('America/St_Johns', 'NST3:30NDT,M3.2.0,M11.1.0'),
	zone('Europe/Dublin', 'IST-1GMT0,M10.5.0,M3.5.0/1'), zone('Pacific/Chatham', '<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45'),
];

function createRandom(seed: number) {
	let state = seed;
	const real = (): number => {
		state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
		return state / 2_147_483_648;
	};
	const whole = (least: number, most: number): number => least + Math.floor(real() * (most - least + 1));
	const field = (least: number, most: number, stars: number): string => {
		const [kind, from] = [real(), whole(least, most)];
		if (kind < stars) return '*';
		const to = whole(from, most);
		if (kind < stars + 0.15) return `*/${whole(2, Math.min(12, most - least))}`;
		if (kind < stars + 0.3) return to - from > 2 ? `${from}-${to}/2` : `${from}-${to}`;
		return kind < stars + 0.45 ? `${from},${whole(least, most)}` : String(from);
	};
	return {real, whole, field};
}

test(`${COUNT} random schedules come when croner says`, {timeout: 30_000 + COUNT * 2}, () => {
	const {real, whole, field} = createRandom(SEED);
	const differences: string[] = [];
	let leaps = 0;
	for (let i = 0; i < COUNT; i++) {
		// Half of them are asked shortly before a change of the clock, for what comes in its hours.
		const isNear = real() < 0.5;
		const day = isNear || real() < 0.5 ? '*' : real() < 0.1 ? 'L' : field(1, 31, 0.3);
		const nth = real() < 0.5 ? `${whole(0, 6)}#${whole(1, 4)}` : `${whole(0, 6)}L`;
		const weekday = isNear || real() < 0.5 ? '*' : real() < 0.1 ? nth : field(0, 6, 0.3);
		const hour = isNear && real() < 0.7 ? field(0, 4, 0.2) : field(0, 23, 0.3);
		const rest = `${field(0, 59, 0.2)} ${hour} ${day} ${isNear || real() < 0.7 ? '*' : field(1, 12, 0.5)} ${weekday}`;
		const text = real() < 0.3 ? `${field(0, 59, 0.1)} ${rest}` : rest;
		const zone = ZONES[whole(0, ZONES.length - 1)] ?? UTC;
		let after = 1_577_836_800 + whole(0, 30 * 365 * 86_400);
		const {to} = segmentAt(zone, after);
		if (isNear && to < Infinity) after = to + whole(-30 * 3600, 2 * 3600);
		const cron = parseCron(text);
		if (!cron.ok) throw new Error(`${text} ${cron.error.why}`);
		const own = nextTime(cron.value, zone, after * 1000);
		const other = new Croner(text, {timezone: zone.name, domAndDow: !cron.value.isEither}).nextRun(new Date(after * 1000))?.getTime() ?? null;
		if (own === other) continue;
		// Vixie's cron: at the leap, and not a second time.
		const isAtLeap = own !== null && segmentAt(zone, own / 1000).from * 1000 === own;
		const {from, before, offset} = segmentAt(zone, (other ?? 0) / 1000);
		const isAgain = other !== null && other / 1000 < from + before - offset;
		if (!cron.value.isWild && own !== null && other !== null && (isAtLeap ? own < other : isAgain && other < own)) leaps++;
		else differences.push(`${text} in ${zone.name} after ${showTime(zone, after * 1000)}: ${own && showTime(zone, own)}, croner ${other && showTime(zone, other)}`);
	}
	expect(differences).toEqual([]);
	// The differences that are known are few, and there are some.
	expect(leaps).toBeGreaterThan(0);
	expect(leaps).toBeLessThan(COUNT / 20);
});
