/** The table of keys as people read it. */
import {expect, test} from 'vitest';
import {describeSchema, SERVICE} from '../../../src/config/schema.ts';

test('the defaults are those of the words beside them', () => {
	expect(SERVICE.initial).toEqual({
		type: 'daemon', command: null, entrypoint: null, environment: {}, working_dir: null, user: null, umask: null,
		depends_on: [], stop_signal: 15, stop_grace_period: 5000, essential: false,
		restart: {policy: null, delay: 100, factor: 2, max_delay: 10_000, jitter: 0.1, attempts: 8, window: 60_000},
	});
});

test('the whole table fits a page', () => {
	expect(describeSchema()).toMatchInlineSnapshot(`
		"At the top:
		  services: map by name (default: required)
		      what archon runs
		  shutdown: map (default: empty)
		      how everything ends
		  name: anything (default: none)
		      of a compose project; has no effect
		  version: anything (default: none)
		      of a compose file; has no effect

		services.<name>:
		  type: daemon | oneshot (default: daemon)
		      a daemon stays; a oneshot does its work once and ends
		  command: words | list (default: empty)
		      program and arguments; quotes as in a shell, but no shell
		  entrypoint: words | list (default: empty)
		      put before the command
		  environment: map | list of NAME=value (default: empty)
		      added to archon's own environment, whose value stays for a NAME without one
		  working_dir: path (default: archon's own)
		      where it runs
		  user: name[:group] | uid[:gid] (default: archon's own)
		      as whom it runs
		  umask: octal (default: archon's own)
		      permissions that new files do not get
		  depends_on: list | map with condition (default: empty)
		      services that come before this one, and end after it
		  restart: no | always | on-failure[:N] | unless-stopped | map (default: always; no for a oneshot or an essential service)
		      when it is started again after it ended by itself
		  stop_signal: signal (default: TERM)
		      asks it to end
		  stop_grace_period: duration (default: 5s)
		      from the stop signal until KILL
		  essential: true | false (default: false)
		      when it ends for good, the container ends with its status

		services.<name>.depends_on.<name>:
		  condition: service_started | service_completed_successfully (default: service_started)
		      what must hold of the other service first
		  required: true (default: true)
		      the other service must exist
		  restart: false (default: false)
		      its restart does not restart this one

		services.<name>.restart:
		  policy: no | always | on-failure | unless-stopped (default: as without a map)
		      after which ends it is started again
		  delay: duration (default: 100ms)
		      the pause before the second start within the window
		  factor: number (default: 2)
		      by how much the pause grows with each further start
		  max_delay: duration (default: 10s)
		      the longest pause
		  jitter: 0 to 1 (default: 0.1)
		      the share of the pause that is left to chance
		  attempts: number | unlimited (default: 8)
		      starts within the window before it has failed
		  window: duration (default: 60s)
		      how long an end counts against the attempts

		shutdown:
		  grace_period: duration (default: 9s)
		      for all services together, then KILL; docker waits 10s

		A duration is written 1h30m, 10s, 1.5s or 500ms; a bare number is seconds.
		"
	`);
});
