/** `RunNow`: run services with a schedule, without waiting for it. */
import {many, type Pages, PATTERN, type RequestOf, wire} from '../../../../control/wire.ts';

export const RUN_NOW = wire('run-now', {names: many('name', PATTERN, 1)}, {
	verb: 'RunNow', role: 'operate', isScoped: true, isRepeatable: false,
});

export type RunNowRequest = RequestOf<typeof RUN_NOW>;

export const pages: Pages = {
	RunNow: {
		help: 'run services with a schedule now, beside the runs for which that says when',
		rows: [],
		reply: '`Ok` when all of them have completed, or are up again; `Error` when one cannot run or has failed',
		examples: [['RunNow,backup', 'Ok'], ['RunNow,web', 'Error,cannot run web: it has no schedule; archonctl start web starts it']],
	},
};
