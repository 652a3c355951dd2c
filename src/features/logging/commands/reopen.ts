/** `archonctl reopen`. */
import type {Command} from '../../../cli/command.ts';
import {statusOf} from '../../../cli/reply.ts';
import {REOPEN} from '../requests/reopen/wire.ts';

export const reopen: Command = {
	name: 'reopen',
	usage: '',
	summary: 'reopen every log file, after something else has moved them',
	details: ['For logrotate\'s postrotate. Files that archon rotates itself need nothing.'],
	options: [],
	least: 0,
	most: 0,
	endsOptions: false,
	isQuiet: true,
	examples: ['archonctl reopen'],
	run: (_, io, reach) => reach(client => statusOf(client, REOPEN, [], io)),
};
