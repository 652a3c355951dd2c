/** What scenes.py asks of a worker, each with what it shows; the first ones need nothing but the plain protocol. */
export const PLAIN: readonly (readonly [scene: string, shows: string])[] = [
	['registers', 'it registers as its node, and ps shows that'],
	['tells_files_once', 'files are told once, and those of a parent not again'],
	['tells_files_later', 'a file that is read after the action is told'],
	['tells_of_failures', 'an action that fails is told with its trace, and the file that could not be loaded'],
	['fails_at_the_root', 'so is a root that fails'],
	['hands_everything_over', 'arguments, streams and the exit status arrive exactly, and the hook ran in each fork'],
	['takes_a_mebibyte', 'a mebibyte of arguments arrives'],
	['counts_arguments', 'a run whose arguments are not as many as were said is refused'],
	['ends_as_its_signal', 'a signal is told as 128 and its number'],
	['ends_with_its_client', 'a command ends with its client'],
	['keeps_errors_of_commands', 'an error of a command is on its stderr, and one of the network too'],
	['leaves_nothing_open', 'a command has its three streams and nothing of the pool'],
	['reaps', 'a node reaps what it forked'],
	['many_at_once', 'twenty commands run at a time'],
	['ends_with_its_master', 'it ends when its master has gone'],
	['waits_for_no_hand_over', 'a runner to whom nothing is handed ends'],
	['several_orders_in_one_read', 'orders that come in one read are all done'],
];

/** Those that need what a worker says with `K:`. */
export const CAPABLE: readonly (readonly [scene: string, shows: string])[] = [
	['runs_texts', 'texts of the config are run'],
	['needs_no_plan', 'texts are enough'],
	['takes_an_environment', 'variables of the client arrive'],
	['tells_of_deaths', 'the end of a child is told'],
];

/** All, by the mode that scenes.py knows. */
export const SCENES = [
	...PLAIN.flatMap(([scene, shows]) => [['plain', scene, shows], ['capable', scene, shows]] as const),
	...CAPABLE.map(([scene, shows]) => ['capable', scene, shows] as const),
];
