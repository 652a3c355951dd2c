/** All that a config may say, as text for people. */
import {DEPENDENCY} from './dependencies.ts';
import {PROGRAM} from './formats/taskmaster.ts';
import {HEALTHCHECK} from '../features/health/keys/healthcheck.ts';
import {HOOK, RELOAD} from './hooks.ts';
import {IONICE, ULIMIT} from './limits.ts';
import {FILE, PLAIN, PREFIX, SYSLOG} from '../features/logging/keys/drivers.ts';
import {ARCHON, LOGGING, RATE_LIMIT} from '../features/logging/keys/logging.ts';
import {HTTP} from '../features/health/keys/probes.ts';
import {READY} from '../features/health/keys/ready.ts';
import {RESTART} from './restarts.ts';
import {ENV_DIR, ENV_FILE, ENV_FROM, SERVICE, SHUTDOWN, START_RATE, TOP} from './schema.ts';
import {FORWARD} from './signals.ts';
import type {Shape} from './shape.ts';

/** The whole table as text: each key with what may be written, its default, and what it is for. */
export function describeSchema(): string {
	const sections: readonly (readonly [string, Shape])[] = [
		['At the top', TOP],
		['services.<name>', SERVICE],
		['services.<name>.depends_on.<name>', DEPENDENCY],
		['services.<name>.ready', READY],
		['services.<name>.healthcheck', HEALTHCHECK],
		['http, of ready and healthcheck', HTTP],
		['services.<name>.restart', RESTART],
		['services.<name>.pre_start, post_start, pre_stop, post_stop, down', HOOK],
		['services.<name>.reload', RELOAD],
		['services.<name>.env_file', ENV_FILE],
		['services.<name>.env_dir', ENV_DIR],
		['services.<name>.env_from', ENV_FROM],
		['services.<name>.ulimits.<name>', ULIMIT],
		['services.<name>.ionice', IONICE],
		['services.<name>.logging, archon.logging, archon.events', LOGGING],
		['options of the drivers inherit and json', PLAIN],
		['options of the driver prefix', PREFIX],
		['options of the driver file', FILE],
		['options of the driver syslog', SYSLOG],
		['rate_limit, of logging', RATE_LIMIT],
		['archon', ARCHON],
		['shutdown', SHUTDOWN],
		['start_rate', START_RATE],
		['signals.<name>', FORWARD],
		['programs.<name>, in a file with programs instead of services', PROGRAM],
	];
	const texts = sections.map(([title, {keys}]) => {
		const lines = Object.entries(keys).map(([name, {form, fallback, help}]) =>
			`  ${name}: ${form} (default: ${fallback})\n      ${help}\n`);
		return `${title}:\n${lines.join('')}\n`;
	});
	return `${texts.join('')}${FOOTNOTES}`;
}

const FOOTNOTES = `Of compose's deploy, replicas is scale and restart_policy is restart.
A duration is written 1h30m, 10s, 1.5s or 500ms; a bare number is seconds.
A size is written 65536, 64k, 10m or 1g.
Values may hold $NAME, \${NAME}, \${NAME:-default}, \${NAME:?error} and \${NAME:+instead} of archon's own environment;
$$ is one $. Without the colon an empty variable counts as set.
`;
