/** The hands of tests: what runs them is loaded with the first one, as most configs have none. */
import {byNeed} from '../../../core/by-need.ts';
import type {Service} from '../../../core/service.ts';
import {soon} from '../../../os/clock.ts';
import type {Owner} from '../../../os/owners.ts';
import type {Answer} from '../core/answer.ts';
import type {Tests, TestParts} from './tests.ts';

const running = byNeed(() => import('./tests.ts'));

/** Where pids of tests are written down that are not asked for again after re-execution. */
const ASKED = 'tests asked for';

export interface OwnTests extends Owner<'run-test' | 'triggered' | 'stage'> {
	/** Asks the test of a service only to know what it says. The result gives it up. */
	readonly ask: (service: Service, told: (answer: Answer) => void) => () => void;
}

/** `isDegraded`: no test is run, and each service stays as it is. */
export function ownTests(parts: TestParts & {readonly isDegraded: boolean}): OwnTests {
	let made: Tests | null = null;
	const tests = (): Tests => made ??= running().createTests(parts, ASKED);
	if ((parts.handoff.past.get(ASKED) ?? '') !== '') soon(() => parts.poller.whole(() => void tests()));
	return {
		arms: {
			'run-test'(effect) {
				if (!parts.isDegraded) return tests().run(effect);
				const answer = {verdict: 'error', why: 'not asked in degraded mode', detail: '', took: 0} as const;
				soon(() => parts.tested(effect.id, effect.number, answer));
			},
			triggered() {},
			stage: ({stage}) => (stage.kind === 'running' ? undefined : made?.stop()),
		},
		ask: (service, told) => tests().ask(service, told),
	};
}
