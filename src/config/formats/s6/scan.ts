/** Scan directories of s6 and runit: each directory in them is a service. */
import {word} from '../translation.ts';
import {folderPlace, readDaemon, type Flavour, type Unit} from './directory.ts';
import {loggingOf, readLogger} from './log.ts';
import type {Naming} from '../naming.ts';
import type {Reading} from './reading.ts';

/** By the names that they have in the translation. */
export function readScan(disk: string, path: string, flavour: Flavour, naming: Naming, reading: Reading): ReadonlyMap<string, Unit> {
	const units = new Map<string, Unit>();
	for (const written of reading.list(disk) ?? []) {
		if (written.startsWith('.')) continue;
		const own = `${disk}/${written}`;
		const names = reading.list(own);
		if (!names) continue;
		const at = folderPlace(own);
		if (!names.includes('run')) {
			// A directory that is only there: s6-supervise and runsv would say so again and again.
			if (names.length > 0) reading.leaveOut(at, null, written, 'there is no file run in it');
			continue;
		}
		const name = naming.nameFor(written, at);
		const unit = readDaemon({name, written, disk: own, path: `${path}/${written}`, names, flavour}, reading);
		if (!unit) continue;
		if (names.includes('down')) unit.keys['autostart'] = word(unit.at, false);
		if (names.includes('log')) addLog(unit, name, own, `${path}/${written}`, reading);
		units.set(name, unit);
	}
	return units;
}

/** A logger beside the service: `log/run` reads what `run` writes. */
function addLog(unit: Unit, name: string, disk: string, path: string, reading: Reading): void {
	const source = reading.read(`${disk}/log/run`);
	if (source === null) return;
	const logger = readLogger(`${disk}/log/run`, `${path}/log/run`, reading);
	if (logger) {
		unit.keys['logging'] = loggingOf(logger, unit.isMerged, false);
		return;
	}
	const at = source === 'other' ? folderPlace(`${disk}/log/run`) : {source, offset: 0};
	reading.leaveOut(at, name, 'log/run', 'archon has no pipes to other programs: what the service writes goes to archon\'s own output');
}
