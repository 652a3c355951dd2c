/** How many requests one connection carries, each sent when the one before is answered. */
import {connect} from 'node:net';
import {type Found, NOTHING, refuse} from '../findings.ts';
import type {Kit} from '../kit.ts';
import {now} from '../witness.ts';
import type {World} from '../world.ts';

const PATIENCE = 20_000;

export async function measureRequests({choice}: Kit, {supervisor, job}: World): Promise<Found> {
	const {requests} = supervisor;
	if (!requests) return refuse(['requests'], 'has no such connection');
	const record = requests.record(job);
	const most = choice.isQuick ? 4000 : 20_000;
	const socket = connect(requests.path(job));
	// The first are not counted.
	let [count, began, text] = [-most / 10, 0, ''];
	const ended = new Promise<string | null>(resolve => {
		const forget = setTimeout(() => resolve(`${Math.max(0, count)} answers within ${PATIENCE / 1000} s`), PATIENCE);
		const end = (why: string | null): void => {
			clearTimeout(forget);
			resolve(why);
		};
		socket.once('error', error => end(error.message)).once('close', () => end('the connection was closed'));
		socket.on('data', data => {
			text += data.toString('latin1');
			if (!text.endsWith('\nOk\n')) return text.startsWith('Error') ? end(text) : undefined;
			text = '';
			if (++count === 0) began = now();
			if (count === most) end(null);
			else socket.write(record);
		});
	});
	socket.write(record);
	const why = await ended;
	const took = now() - began;
	socket.destroy();
	return why === null ? {...NOTHING, samples: {requests: [most / (took / 1000)]}} : refuse(['requests'], why);
}
