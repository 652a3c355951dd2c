/** How an init is called in tests. */
import {expect} from 'vitest';
import type {Invocation, InitOptions, Parsed, InitEvent} from '../../../src/dropin/options.ts';

export const invocation = (name: string, more: Partial<Invocation> = {}): Invocation =>
	({name, env: {}, pid: 7, version: '1.2.3', ...more});

/** What was asked for, where that is to run something. */
export function optionsOf(parsed: Parsed): InitOptions {
	if (parsed.kind !== 'run') expect.fail(`${parsed.kind} instead of a command: ${JSON.stringify(parsed)}`);
	return parsed.options;
}

/** What process 7 says of something, each line with its descriptor before it. */
export const said = ({describe}: InitOptions, event: InitEvent): readonly string[] =>
	describe(event, errno => `reason ${errno}`, 7).map(({fd, text}) => `${fd} ${text.replace(/\n$/, '')}`);
