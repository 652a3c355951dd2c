/** One-command mode gives back what the command gave: every exit status, and every end by a signal. */
import {expect, it} from 'vitest';
import {runOnce} from './harness.ts';

/** Runs in bash as the command of a container, and prints what is not as it should be. */
const check = async (script: string) =>
	expect(await runOnce({image: 'plain', entrypoint: ['bash', '-c', script]})).toEqual({status: 0, log: ''});

it('passes on all 256 exit statuses', () => check(String.raw`
	for code in {0..255}; do
		archon -- sh -c "exit $code"
		status=$?
		[ $status = $code ] || echo "exit $code gave $status"
	done
`));

it('turns an end by a signal into 128 and its number, for the signals 1 to 31', () => check(String.raw`
	for signal in {1..31}; do
		expected=$((128 + signal))
		before=
		case $signal in
		17|18|23|28) expected=5 ;; # By default these do nothing.
		19|20|21|22) expected=5; before='(sleep 0.2; kill -CONT $$) &' ;; # And these stop a process.
		esac
		archon -- sh -c "$before kill -$signal \$\$; wait; exit 5"
		status=$?
		[ $status = $expected ] || echo "signal $signal gave $status instead of $expected"
	done
`));
