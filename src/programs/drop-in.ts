/** Called by the name of another small init, archon is that one: tini, docker-init, dumb-init, catatonit. */
import {dialectOf} from '../dropin/names.ts';
import {textOf} from '../os/bytes.ts';
import {env} from '../os/environment.ts';
import {pid} from '../os/identity.ts';
import {sys} from '../os/sys.ts';
import {runSingle} from './single.ts';
import {refuse, say, type Status} from './streams.ts';

/** What comes of being called by the name of another init; undefined: it is no such name. */
export function standIn(called: string, name: string, args: readonly string[], version: string): Status | undefined {
	const reading = dialectOf(called)?.(args, {name, env: env(), pid, version});
	switch (reading?.kind) {
		case undefined: return undefined;
		case 'run':
			runSingle(reading.options, called);
			return null;
		case 'license': return say(textOf(sys.embedded('LICENSE') ?? new Uint8Array()));
		case 'say': {
			const {line: {fd, text}, status} = reading;
			if (fd === 2) return refuse(text, status);
			say(text);
			return status;
		}
	}
}
