/** `archon help config KEY`: keys by what people call them. */
import {expect, test} from 'vitest';
import {describeKey} from '../../../src/config/describe.ts';

const first = (path: string): string => {
	const described = describeKey(path);
	return described.ok ? described.value.split('\n')[0] ?? '' : described.error;
};

test.each([
	['healthcheck', 'services.<name>.healthcheck: map (default: none)'],
	['healthcheck.interval', 'services.<name>.healthcheck.interval: duration (default: 30s)'],
	['services.web.restart.attempts', 'services.<name>.restart.attempts: number | unlimited (default: 8)'],
	['depends_on.db.required', 'services.<name>.depends_on.<name>.required: true | false (default: true)'],
	['depends_on.required', 'services.<name>.depends_on.<name>.required: true | false (default: true)'],
	['logging.options.max-size', 'services.<name>.logging.options.max-size: size | unlimited (default: 10m)'],
	['shutdown.grace_period', 'shutdown.grace_period: duration (default: 9s)'],
	['programs.stopsignal', 'programs.<name>.stopsignal: signal (default: TERM)'],
	['ExecStart', 'ExecStart: archon calls it command'],
	['workingDir', 'workingDir: archon writes it working_dir'],
	['healthcheck.periodSeconds', 'healthcheck.periodSeconds: archon calls it interval'],
	['priority', 'priority: say which service comes first: depends_on or after'],
	['image', 'image is ignored: it concerns the container and not what runs in it'],
	['exec_mode', 'archon has no exec_mode: remove it: scale starts several instances'],
	['provider', 'provider is a key of compose that archon does not have'],
	['healthcheck.intervall', 'there is no key healthcheck.intervall; did you mean healthcheck.interval?'],
	['helthcheck.retries', 'there is no key helthcheck; did you mean healthcheck?'],
	['xyzzy', 'there is no key xyzzy; archon help config lists them all'],
	['', 'there is no key ; archon help config lists them all'],
])('%s', (path, said) => {
	expect(first(path)).toBe(said);
});

test('one word that is in several maps leads to all of them', () => {
	const described = describeKey('interval');
	expect(described.ok && [...described.value.matchAll(/^\S+(?=: .* \(default)/gm)].map(([path]) => path))
		.toEqual(['services.<name>.test.interval', 'services.<name>.ready.interval', 'services.<name>.healthcheck.interval']);
});

test('a key is told with its form, its default, an example and the map below it', () => {
	const described = describeKey('shutdown');
	expect(described.ok && described.value).toMatchInlineSnapshot(`
		"shutdown: map (default: empty)
		    how everything is stopped

		For example

		    shutdown: {grace_period: 25s}

		shutdown:
		  grace_period: duration (default: 9s)
		      for all services together, then KILL; docker waits 10s
		  when_idle: failed | always | never (default: failed; never for programs)
		      ends the container when no service is running or about to start: if a service has failed, always, or never
		"
	`);
});
