/** `archonctl doctor`. */
import type {Client} from '../../control/client.ts';
import {DOCTOR, DOCTOR_ROW} from '../../control/requests/doctor/wire.ts';
import {STATUS, STATUS_ROW} from '../../control/requests/status/wire.ts';
import {TREE, TREE_ROW} from '../../control/requests/tree/wire.ts';
import {plainText} from '../../core/plain.ts';
import {type Command, EXIT, type Io} from '../command.ts';
import {type Finding, judge, type Verdict} from '../doctor.ts';
import {type Look, lookOf} from '../look.ts';
import {paintWith} from '../render.ts';
import {printJson, rowsOf} from '../reply.ts';

export const doctor: Command = {
	name: 'doctor',
	usage: '[--json]',
	summary: 'look over archon and its container, with advice',
	details: [
		'Its place, rights, socket and limits, how long a shutdown may take against what docker and Kubernetes wait,',
		'lines that were dropped, services in trouble, zombies. The exit status is 1 if something is bad; warnings',
		'leave it 0.',
	],
	options: [{names: ['--json'], value: null, help: 'one array of objects: about, verdict, found, advice'}],
	least: 0,
	most: 0,
	endsOptions: false,
	examples: ['archonctl doctor'],
	run: (_, io, reach) => reach(client => examine(client, io)),
};

function examine(client: Client, io: Io): number {
	const facts = rowsOf(client, DOCTOR, [], io);
	if (!facts.ok) return facts.error;
	const services = rowsOf(client, STATUS, [], io);
	if (!services.ok) return services.error;
	const processes = rowsOf(client, TREE, ['all'], io);
	if (!processes.ok) return processes.error;
	const look = lookOf(io);
	const findings = judge({
		facts: new Map(facts.value.map(DOCTOR_ROW.decode).map(({fact, value}) => [fact, value])),
		services: services.value.map(STATUS_ROW.decode), processes: processes.value.map(TREE_ROW.decode), now: look.now,
	});
	if (io.isJson) printJson(io, findings);
	else io.stdout(render(findings, look));
	return findings.some(({verdict}) => verdict === 'bad') ? EXIT.refused : EXIT.ok;
}

const [RED, GREEN, YELLOW] = [31, 32, 33];
const COLOURS: Readonly<Record<Verdict, number>> = {ok: GREEN, warn: YELLOW, bad: RED};

function render(findings: readonly Finding[], look: Look): string {
	const width = Math.max(...findings.map(({about}) => about.length));
	return findings.map(({about, verdict, found, advice}) => {
		const more = advice === null ? '' : `${' '.repeat(width + 8)}→ ${advice}\n`;
		return `${paintWith(COLOURS[verdict], verdict.padEnd(4), look)}  ${about.padEnd(width)}  ${plainText(found)}\n${more}`;
	}).join('');
}
