/** The rules that say whether a service is to run, each by itself as people are told of it: the core is held to them. */
import type {Stage} from '../../src/core/stage.ts';
import type {Rule, Subject, Verdict} from '../../src/core/wanted.ts';

export interface Case extends Subject {
	readonly stage: Stage['kind'];
}

/** The rules as people are told of them, each by itself: what it says, or null if it does not speak. */
export const TOLD: readonly (readonly [Rule, (subject: Case) => boolean | null])[] = [
	['archon', ({stage}) => (stage === 'boot' ? false : null)],
	['shutdown', ({stage, service}) => (stage === 'running' || (service.origin === 'helper' && stage !== 'over') ? null : false)],
	['config', ({retired}) => (retired ? false : null)],
	['operator', ({desired}) => (desired === 'stop' ? false : null)],
	['archon', ({service}) => (service.origin === 'helper' ? true : null)],
	['client', ({desired, service: {origin}}) => (desired === 'start' && (origin === 'run' || origin === 'daemon') ? true : null)],
	['operator', ({desired}) => (desired === 'start' ? true : null)],
	['hitlist', ({rulings}) => rulings.hitlist?.runs ?? null],
	['test', ({rulings}) => rulings.test?.runs ?? null],
	['manifest', ({rulings}) => rulings.manifest?.runs ?? null],
	['action', ({rulings}) => rulings.action?.runs ?? null],
	['config', ({service}) => (service.autostart ? true : null)],
	['failure', ({desired, trigger}) => (desired === 'due' && trigger !== null ? true : null)],
	['connection', ({desired, service}) => (desired === 'due' && service.isLazy ? true : null)],
	['schedule', ({desired}) => (desired === 'due' ? true : null)],
	['dependents', ({desired}) => (desired === 'needed' ? true : null)],
	['config', () => false],
];

/** What the first rule says that speaks. */
export function told(subject: Case): Verdict {
	for (const [by, says] of TOLD) {
		const runs = says(subject);
		if (runs !== null) return {runs, by};
	}
	throw new Error('no rule has spoken');
}
