/** `archon help config [KEY]`: every key of a config, or one of them. */
import {describeKey, describeSchema} from '../config/describe.ts';
import {refuse, say, USAGE} from './streams.ts';

export function helpConfig([path, ...others]: readonly string[]): number {
	if (path === undefined) return say(describeSchema());
	if (others.length > 0) return refuse('usage: archon help config [KEY], as in archon help config healthcheck.interval', USAGE);
	const described = describeKey(path);
	return described.ok ? say(described.value) : refuse(`archon: ${described.error}`, USAGE);
}
