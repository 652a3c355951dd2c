/** What `?` shows in `archonctl top`. */

export const HELP: readonly string[] = [
	'up, down, k, j        the service above or below',
	'page up, page down    a page further',
	'home, end, g, G       the first or the last one',
	'/                     only services with these words in name, status or groups; escape: all',
	'<  >                  sort by another column; I: the other way round',
	'',
	's                     start the service and what it needs',
	'x                     stop it',
	'r                     restart it',
	'o                     its log in $PAGER, less or more',
	'',
	'tab                   move in the log or in the table',
	'enter                 a large log; escape: back',
	'l                     no log, or a log',
	'space                 hold the log, or follow it; f: follow it',
	'left, right           the log sideways',
	'',
	'ctrl-l                draw the screen again',
	'ctrl-z                suspend; fg comes back',
	'q, ctrl-c             leave',
];
