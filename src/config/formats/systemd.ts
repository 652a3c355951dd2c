/** Units of systemd: service files with their drop-ins, or a directory of them such as /etc/systemd/system. */
import {basename, dirname, join} from '../../core/path.ts';
import type {ForeignFormat, Input, Lookups, Untranslated} from '../planning.ts';
import type {Report, Source} from '../problems.ts';
import type {Mapping} from '../values.ts';
import {translateService} from './systemd/service.ts';
import {targetOf, withTimer} from './systemd/timer.ts';
import {readUnit, serviceName, type Setting, type Unit} from './systemd/unit.ts';
import {map} from './translation.ts';

export const systemd: ForeignFormat = {
	name: 'a systemd unit',
	translate(inputs, lookups, report) {
		const units = new Map(inputs.flatMap(input => readInput(input, lookups, report)).map(unit => [unit.name, unit]));
		const [{source} = {source: {file: '', text: ''}}] = inputs;
		const services = new Map<string, Mapping>();
		const untranslated: Untranslated[] = [];
		for (const unit of units.values()) {
			if (unit.name.endsWith('.timer')) continue;
			const name = serviceName(unit.name);
			if (name === null) {
				const kind = /\.([a-z]+)$/.exec(unit.name)?.[1] ?? 'unit';
				const why = `archon has no ${kind}s`;
				if (!['target', 'slice'].includes(kind)) untranslated.push({at: unit.at, key: unit.name, service: null, why});
				continue;
			}
			if (services.has(name)) report(unit.at, `two units come to one service ${name}`, 'translate them one by one');
			const {config, untranslated: own} = translateService(unit, name, units);
			services.set(name, config);
			untranslated.push(...own);
		}
		for (const timer of units.values()) {
			if (!timer.name.endsWith('.timer')) continue;
			const name = serviceName(targetOf(timer)) ?? '';
			const service = services.get(name);
			if (!service) {
				untranslated.push({at: timer.at, key: timer.name, service: null, why: `${targetOf(timer)} is not read with it`});
				continue;
			}
			const {config, untranslated: own} = withTimer(timer, service, name);
			services.set(name, config);
			untranslated.push(...own);
		}
		return {config: map({source, offset: 0}, {services: map({source, offset: 0}, services)}), untranslated};
	},
};

/** How many units a directory may have. */
const UNITS_MAX = 1000;

function readInput({source}: Input, lookups: Lookups, report: Report): readonly Unit[] {
	if (!source.names) return [unitOf(source, lookups, report)];
	const enabled = new Set(source.names.filter(name => name.endsWith('.wants')).flatMap(folder => {
		const names = lookups.listFolder(join(source.file, folder));
		return names.ok ? names.value : [];
	}));
	const names = source.names.filter(name => /(?<!@)\.(service|timer)$/.test(name)).sort();
	// What a timer starts is not enabled itself.
	for (const name of [...enabled]) if (name.endsWith('.timer')) enabled.add(name.replace(/\.timer$/, '.service'));
	// Links in *.wants say which are enabled; without any, all are meant.
	return names.filter(name => enabled.size === 0 || enabled.has(name)).slice(0, UNITS_MAX).flatMap(name => {
		const read = lookups.readFile(join(source.file, name));
		if (read.ok) return [unitOf(read.value, lookups, report)];
		report({source, offset: 0}, read.error.problem.message);
		return [];
	});
}

/** With its drop-ins, in the order of their names (systemd.unit(5)). */
function unitOf(source: Source, lookups: Lookups, report: Report): Unit {
	const name = basename(source.file);
	const folder = join(dirname(source.file), `${name}.d`);
	const names = lookups.listFolder(folder);
	const settings: Setting[] = [...readUnit(source, report)];
	for (const each of names.ok ? names.value.filter(each => each.endsWith('.conf')).sort().slice(0, UNITS_MAX) : []) {
		const read = lookups.readFile(join(folder, each));
		if (read.ok) settings.push(...readUnit(read.value, report));
		else report({source, offset: 0}, read.error.problem.message);
	}
	return {name: /\.[a-z]+$/.test(name) ? name : `${name}.service`, at: {source, offset: 0}, settings};
}
