/** `archonctl metrics`. */
import {type Command, EXIT} from '../../../cli/command.ts';
import {rowsOf} from '../../../cli/reply.ts';
import {byNeed} from '../../../core/by-need.ts';
import {METRICS, METRICS_ROW} from '../requests/metrics/wire.ts';

const encoding = byNeed(() => import('../core/exposition.ts'));

export const metrics: Command = {
	name: 'metrics',
	usage: '[--prometheus]',
	summary: 'print metrics of archon and its services as OpenMetrics text',
	details: [
		'For the textfile collector of node_exporter, for instance, which reads the older format.',
	],
	options: [{names: ['--prometheus'], value: null, help: 'the older text format of Prometheus (0.0.4)'}],
	least: 0,
	most: 0,
	endsOptions: false,
	examples: ['archonctl metrics', 'archonctl metrics --prometheus | grep archon_service_restarts_total'],
	run: (args, io, reach) => reach(client => {
		const answer = rowsOf(client, METRICS, [], io);
		if (!answer.ok) return answer.error;
		const rows = answer.value.map(METRICS_ROW.decode).filter(row => row !== null);
		for (const piece of encoding().exposition(rows, args.has('--prometheus') ? 'prometheus' : 'openmetrics')) io.stdout(piece);
		return EXIT.ok;
	}),
};
