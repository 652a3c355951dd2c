/** Gathers what is measured and counted of services, when somebody asks. */
import type {Failed} from '../../../core/lazily.ts';
import {find, type State} from '../../../core/state.ts';
import {newBytes} from '../../../os/bytes.ts';
import {computedBy, count, counted, droppedOf, FAILED_RELOADS, ORPHANS, RELOADS} from '../../../os/counts.ts';
import {createLooks, type Ask, type Look} from '../../../os/reap/looks.ts';
import {TICK} from '../../../os/reap/procfs.ts';
import type {UsageRow} from '../../../os/reap/tree.ts';
import {O, sys} from '../../../os/sys.ts';
import type {Health} from '../../health/os/health.ts';
import type {Output} from '../../logging/os/output.ts';
import type {Measures, Used} from '../core/measures.ts';

export interface MeasuringParts {
	readonly usage: (told: (rows: readonly UsageRow[]) => void, failed: Failed) => void;
	readonly output: Pick<Output, 'counted'>;
	readonly checks: Health['checks'];
	readonly state: () => State;
	readonly soon: (callback: () => void) => void;
}

/** Rows that are gone through before others have their turn. */
const STRETCH = 64;

const NOTHING: Used = {processes: 0, cpu: 0, memory: 0, started: null};
const OWN = 'archon';

export function createMeasuring({usage, output, checks, state, soon}: MeasuringParts): Ask<Measures> {
	const asking = createLooks(soon);
	/** What the processes of each service had computed when they were looked at last, in milliseconds. */
	let last: ReadonlyMap<string, number> = new Map();
	let booted = 0;
	let arch: string | null = null;

	/** What was computed by processes that have ended is not forgotten, or what only grows would shrink. */
	function* gather(rows: readonly UsageRow[]): Look<Measures> {
		const now = new Map<string, number>();
		const used = new Map<string, Used>();
		setClock();
		for (const {service, processes, cpu, memory, started} of rows) {
			if (used.size % STRETCH === STRETCH - 1) yield;
			if (service === null) continue;
			const before = last.get(service) ?? 0;
			if (cpu < before) count(computedBy(service), before - cpu);
			now.set(service, cpu);
			used.set(service, {
				processes, memory, cpu: counted(computedBy(service)) + cpu, started: started === null ? null : booted + started * TICK,
			});
		}
		let looked = 0;
		for (const [service, cpu] of last) {
			if (++looked % STRETCH === 0) yield;
			if (!now.has(service) && find(state(), service)) count(computedBy(service), cpu);
		}
		last = now;
		return {
			used: service => used.get(service ?? OWN) ?? {...NOTHING, cpu: counted(computedBy(service ?? OWN))},
			output: output.counted, checks,
			dropped: service => counted(droppedOf(service)),
			orphans: counted(ORPHANS), reloads: counted(RELOADS), failedReloads: counted(FAILED_RELOADS),
			arch: arch ??= ownArch(),
		};
	}

	/** The same instant is the same number at each look, unless the clock was set. */
	function setClock(): void {
		const found = Math.round(Date.now() - sys.sinceBoot());
		if (Math.abs(found - booted) > CLOCK_SET) booted = found;
	}

	return (told, failed) => usage(rows => asking(() => gather(rows))(told, failed), failed);
}

/** A difference that is no inexactness any more, in milliseconds. */
const CLOCK_SET = 500;

/** Where an ELF file says for what it was built (e_machine, elf(5)), and what it says. */
const MACHINE_AT = 18;
const MACHINES: Readonly<Record<number, string>> = {62: 'amd64', 183: 'arm64'};

function ownArch(): string {
	const fd = sys.open('/proc/self/exe', O.RDONLY, 0);
	if (fd < 0) return '';
	const bytes = newBytes(MACHINE_AT + 2);
	sys.read(fd, bytes);
	sys.close(fd);
	return MACHINES[bytes[MACHINE_AT] ?? 0] ?? '';
}
