/** `archon zeus commands`: what the config of the project lets be asked for. */
import {join, resolve} from '../../core/path.ts';
import type {PlanNode} from '../../features/pools/core/spec.ts';
import {newStat, sys} from '../../os/sys.ts';
import {readPlan} from '../pool-master.ts';
import {refuse, say} from '../streams.ts';
import {ownProject} from './reach.ts';

const FAILED = 1;
const NAMES = ['zeus.json', 'zeus.yaml'];

/** `config`: its path; null: that of the project. */
export function listCommands(config: string | null): number {
	const here = sys.realPath('.');
	const project = ownProject();
	const own = NAMES.map(name => join(project ?? '.', name)).find(path => sys.lstat(path, newStat()) >= 0) ?? null;
	const path = config === null ? own : resolve(typeof here === 'number' ? '.' : here, config);
	if (path === null) {
		return refuse(`zeus: there is no zeus.json in ${project ?? 'this folder'}; archonctl pool commands tells those of services`, FAILED);
	}
	const plan = readPlan(path);
	return plan.ok ? say(linesOf(plan.value.root).map(line => `${line}\n`).join('')) : refuse(`zeus: ${plan.error.join('\n')}`, FAILED);
}

const linesOf = ({commands, nodes}: PlanNode): readonly string[] => [
	...commands.map(({name, aliases}) => `zeus ${name}${aliases.length === 0 ? '' : ` (alias: ${aliases.join(', ')})`}`),
	...nodes.flatMap(linesOf),
];
