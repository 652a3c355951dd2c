/** What `archon zeus help` says. */
export const help = (version: string): string => `zeus (archon ${version}): commands that start warm, forked from a pool of processes

usage: archon zeus [FLAGS] COMMAND [ARGS…]    run a command of the pool as if it were started here
       archon zeus start                      keep the pool of this project, in the foreground
       archon zeus init [python|ruby]         write a first zeus.json and plan; what is there stays
       archon zeus commands                   list the commands in the project's zeus.json
       archon zeus restart                    boot all of the pool again, and read its config again
       archon zeus help | version

The pool is that of the nearest folder upward with .zeus.sock, zeus.json, zeus.yaml, archon.yaml, a Gemfile or .git; $ZEUSSOCK names
the socket of another one. FLAGS: -t, --tty  a terminal for the command; -T, --no-tty  none; else it has one where you have.
of start: --config FILE; --log FILE, a line for each change of a node; --file-change-delay DURATION, from the first change of a file
to the restart (300ms); --simple-status, --no-color. commands takes --config. Called by the name zeus it needs no archon before it.

exit status: that of the command; 128 and the signal that killed it; 127 where the pool has no such command; 1 where no pool can be
reached, it ended, or a node crashed; 100 bad usage
`;
