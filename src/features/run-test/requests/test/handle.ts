/** Handles `Test`. */
import type {Service} from '../../../../core/service.ts';
import {OK, refuse} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {choose, within} from '../../../../control/names.ts';
import {whyNothingStarts} from '../../../../core/stage.ts';
import {isRunning} from '../../../../control/requests/services.ts';
import {TEST_ROW, type TestRequest, type TestRow} from './wire.ts';

/** How many are asked for at the same time: as many as run. */
const AT_ONCE = 8;

export const test: Make<TestRequest> = ({daemon}) => ({names}, call) => {
	if (!isRunning(daemon)) return refuse(call, whyNothingStarts(daemon.state()));
	const state = daemon.state();
	const chosen = names.length === 0 ? null : choose(state, names, call.scope);
	if (chosen && !chosen.ok) return refuse(call, chosen.error);
	const bare = chosen?.value.find(({entry: {service}, isNamed}) => isNamed && !service.test)?.entry.service.name;
	if (bare !== undefined) return refuse(call, `${bare} has no test`);
	const services = (chosen ? chosen.value.map(({entry}) => entry) : within(state, call.scope)).map(({service}) => service);
	return askAll(services.filter(each => each.test), daemon.test, rows => {
		for (const row of rows) call.row(TEST_ROW.encode(row));
		call.reply(OK);
	});
};

/** Tells what all have said, in their order. What it returns gives them up. */
function askAll(
	services: readonly Service[], ask: Parameters<typeof test>[0]['daemon']['test'], told: (rows: readonly TestRow[]) => void,
): () => void {
	const rows: TestRow[] = [];
	const underWay = new Set<() => void>();
	let [begun, left] = [0, services.length];
	function next(): void {
		const service = services[begun];
		if (!service) return;
		const index = begun++;
		const stop = ask(service, ({verdict, why, detail, took}) => {
			underWay.delete(stop);
			rows[index] = {name: service.name, answer: verdict, why, detail, seconds: took / 1000};
			left--;
			if (left === 0) told(rows);
			else next();
		});
		underWay.add(stop);
	}
	if (left === 0) told(rows);
	for (let i = 0; i < AT_ONCE; i++) next();
	return () => underWay.forEach(stop => stop());
}
