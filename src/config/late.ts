/**
 * Groups of keys that few configs have: of each a start has the names of its keys and what holds where nothing is written. All
 * else of it is loaded when one of its keys is met, or when someone asks for what is to be known of them.
 */
import type {Group, ServiceGroup, WholeGroup, WholePlanning} from './group.ts';
import type {Key, Keys, Settings} from './shape.ts';

/** A group with its functions, whatever settings they ask for. */
type Any = Group & Omit<ServiceGroup, 'keys' | 'plan' | 'actions'> & {readonly plan?: unknown; readonly actions?: unknown};

/** What must be known of a group before it is loaded. */
type Facts = Pick<ServiceGroup, 'reads' | 'isForAll'>;

class LateKey {
	readonly initial: unknown;
	private readonly found: () => Any;
	private readonly name: string;

	constructor(found: () => Any, name: string, initial: unknown) {
		this.found = found;
		this.name = name;
		this.initial = initial;
	}

	get key(): Key<unknown> {
		return this.found().keys[this.name] as Key<unknown>;
	}

	get form() { return this.key.form; }
	get fallback() { return this.key.fallback; }
	get help() { return this.key.help; }
	get example() { return this.key.example; }
	get read() { return this.key.read; }
	get takesNothing() { return this.key.takesNothing; }
}

/** It stands for the group that `found` loads. */
export class LateGroup {
	readonly keys: Keys;
	readonly reads: Facts['reads'];
	readonly isForAll: Facts['isForAll'];
	readonly found: () => Any;

	constructor(found: () => Any, initial: object, {reads, isForAll}: Facts) {
		this.found = found;
		this.reads = reads;
		this.isForAll = isForAll;
		const keys: Record<string, LateKey> = {};
		for (const [name, each] of Object.entries(initial)) keys[name] = new LateKey(found, name, each);
		this.keys = keys as object as Keys;
	}

	get words() { return this.found().words; }
	get maps() { return this.found().maps; }
	get merge() { return this.found().merge; }
	get conflicts() { return this.found().conflicts; }
	get rivals() { return this.found().rivals; }
	get advise() { return this.found().advise; }
	get accounts() { return this.found().accounts; }
	get actions() { return this.found().actions; }
	get plan() { return this.found().plan; }
}

/**
 * The group that `load()` has by that name. `initial` and `facts` say the same as the group itself, which a test sees to
 * (test/unit/config/schema.test.ts).
 */
export function late<Part, Name extends keyof Part>(
	load: () => Part, name: Name, initial: Settings<KeysOf<Part[Name]>>, facts: Facts = {},
): Part[Name] {
	return new LateGroup(() => load()[name] as Any, initial, facts) as Part[Name];
}

/** The same of keys at the top. `unwritten`: what they come to where none of them is written. */
export function lateWhole<Part, Name extends keyof Part>(
	load: () => Part, name: Name, initial: Settings<KeysOf<Part[Name]>>, unwritten: PlanOf<Part[Name]>,
): Part[Name] {
	const group = new LateGroup(() => load()[name] as Any, initial, {});
	const plan = (settings: Readonly<Record<string, unknown>>, planning: WholePlanning): unknown =>
		(Object.entries(initial).every(([key, value]) => settings[key] === value)
			? unwritten : (group.found() as WholeGroup<typeof settings>).plan(settings, planning));
	return Object.defineProperty(group, 'plan', {value: plan}) as Part[Name];
}

type KeysOf<G> = G extends {readonly keys: infer K extends Keys} ? K : never;
type PlanOf<G> = G extends {plan(...args: never): infer R} ? R : never;
