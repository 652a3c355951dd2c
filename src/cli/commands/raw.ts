/** `archonctl raw`: records of the control protocol as they are written (docs/reference/protocol.md). */
import type {Client} from '../../control/client.ts';
import {decodeReply} from '../../control/protocol.ts';
import {createReader, type Reading, writeRecord} from '../../control/records.ts';
import {REQUESTS} from '../../control/registry.ts';
import {formOf} from '../../control/wire.ts';
import {type Command, EXIT, type Io} from '../command.ts';
import {complain} from '../reply.ts';

export const raw: Command = {
	name: 'raw',
	usage: '[RECORD...]',
	summary: 'send records of the control protocol, and print what comes back',
	details: [
		'Without a RECORD, those on standard input. The exit status is 1 if a reply was Error. Requests:',
		...REQUESTS.map(wire => `  ${formOf(wire)}`),
	],
	options: [],
	least: 0,
	most: Infinity,
	endsOptions: true,
	onHosts: {refuses: () => 'raw is one connection'},
	examples: ['archonctl raw "Run,/bin/sh -c \'exit 3\'"', 'printf "Status\\n" | archonctl raw'],
	run: ({operands}, io, reach) => {
		const text = operands.length > 0 ? operands.map(record => `${record}\n`).join('') : io.stdin();
		return reach(client => converse(client, text, io));
	},
};

/** Tagged requests that may be under way before their replies are awaited. */
const MAX_TAGGED = 32;

/** Line by line, and an untagged request only after the reply to the one before: neither side fills up. */
function converse(client: Client, text: string, io: Io): number {
	const encoder = new TextEncoder();
	const reader = createReader();
	let tagged = 0;
	let status: number = EXIT.ok;
	/** Prints what comes until a reply, or null at the end. */
	const next = (): Reading | null => {
		for (let reading = client.receive(); reading; reading = client.receive()) {
			print(reading, io);
			const reply = reading.kind === 'record' ? decodeReply(reading.fields) : null;
			if (!reply) continue;
			if (reading.tag !== null) tagged -= 1;
			if (reply.kind === 'Error') status = EXIT.refused;
			return reading;
		}
		return null;
	};
	const lost = (): number => {
		complain(io, 'archon closed the connection without a reply');
		return EXIT.unreachable;
	};
	for (const line of text.split('\n').slice(0, text.endsWith('\n') ? -1 : undefined)) {
		const bytes = encoder.encode(`${line}\n`);
		client.send(bytes);
		for (const {tag} of reader.read(bytes)) {
			if (tag !== null && ++tagged < MAX_TAGGED) continue;
			for (;;) {
				const reading = next();
				if (!reading) return lost();
				if (tag !== null || reading.tag === null) break;
			}
		}
	}
	if (!reader.isIdle()) complain(io, 'the last record is not complete: a quoted field is not closed');
	while (tagged > 0) if (!next()) return lost();
	return reader.isIdle() ? status : EXIT.usage;
}

function print(reading: Reading, io: Io): void {
	if (reading.kind === 'fault') return complain(io, `archon's answer is invalid: ${reading.reason}`);
	const line = writeRecord(reading.fields, reading.tag);
	if (line.ok) io.stdout(new TextDecoder().decode(line.value));
}
