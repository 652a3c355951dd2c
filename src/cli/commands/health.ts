/** `archonctl health`. */
import {HEALTH} from '../../control/requests/health/wire.ts';
import {NAMES} from '../by-name.ts';
import {type Command, EXIT} from '../command.ts';
import {tellTrouble, usageError} from '../reply.ts';

export const health: Command = {
	name: 'health',
	usage: '[--ready | --live] [--json] [NAME...]',
	summary: 'tell probes of docker and Kubernetes whether all is well, by the exit status',
	details: [
		'The exit status is 0 if it is, without a word; else 1, also where archon cannot be reached, and one line',
		'says why.',
		'Without a NAME: all services that are to run. --ready, the default: each is up, and healthy if it has a',
		'healthcheck, or has done its work. --live: none has failed for good or is unhealthy; what starts, waits or is',
		'restarted is no reason to end the container. A NAME that is stopped is neither.',
		NAMES,
	],
	options: [
		{names: ['--ready'], value: null, help: 'whether it can serve, for readiness probes and HEALTHCHECK; the default'},
		{names: ['--live'], value: null, help: 'whether it would help to start the container again, for liveness probes'},
		{names: ['--json'], value: null, help: 'one object: ok, reason'},
	],
	least: 0,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl health', 'archonctl health --live', 'archonctl health web'],
	run(args, io, reach) {
		if (args.has('--ready') && args.has('--live')) return usageError(io, 'health: either --ready or --live');
		const tell = (reason: string | null): number => {
			if (args.has('--json')) io.stdout(`${JSON.stringify({ok: reason === null, reason})}\n`);
			else if (reason !== null) io.stdout(`${reason}\n`);
			return reason === null ? EXIT.ok : EXIT.refused;
		};
		const status = reach(client => {
			const answer = client.ask(HEALTH, [args.has('--live') ? 'live' : 'ready', ...args.operands]);
			if (!answer.ok) return tellTrouble(answer.error, io);
			const {reply} = answer.value;
			return tell(reply.kind === 'Error' ? reply.reason : null);
		});
		// What docker makes of any other status is not told.
		return status === EXIT.ok ? status : EXIT.refused;
	},
};
