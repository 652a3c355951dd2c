/** What `archon --help` says. */
export const help = (version: string): string => `archon ${version}: the init a container deserves

usage: archon [up] [OPTIONS] [[--] CMD ARGS…]                   supervise the services of FILE, and CMD as main
       archon -- CMD ARGS…                                      run CMD alone, as its init; no config is read
       archon --shell[=exit] …                                  the same with a shell on the container's own terminal
       archon check [OPTIONS] [FILE]                            tell every problem of a config
       archon import FILE… [--strict] [-o FILE]                 print configs of other supervisors as archon's own
       archon export kubernetes [OPTIONS] [FILE]                print manifests of a pod that runs the same
       archon init [DIRECTORY] [-o FILE]                        write a first config for what is there
       archon zeus [FLAGS] COMMAND [ARGS…]                      a command that starts warm, from a pool: see archon zeus help
       archon help config [KEY]                                 every key of a config, or one with an example
       archon schema                                            the JSON Schema of a config, for editors
       archon --help | --version

FILE is, where -c does not name it, $ARCHON_CONFIG or /etc/archon/archon.yaml with /etc/archon/conf.d/*.yaml over it.
options: -c FILE, and further ones laid over it; --profile NAME, beside those of $ARCHON_PROFILES; --env-file FILE, variables
for \${NAME} in the config that archon's own environment does not have (as docker compose's .env); --socket PATH, where
archonctl finds it. All but that may be given several times.
options of check, beside all but --socket: --root DIR, an image's files; --portable, looks at no machine; --strict, takes no notes;
--json; --explain [SERVICE], what each service will be, and the order of start and stop; --for docker|kubernetes [--grace 30s],
where the config and what runs the container disagree.
options of export: --split, a container for each service; --kind pod|deployment|statefulset; --image, --name, --user UID;
--config-in-image; --root DIR, an image's files, for the numbers of users; and those of up but --socket.
--shell needs a terminal (docker run -it); leaving it ends nothing, with =exit the container.
archonctl looks and steers: see archonctl --help. Called overseerd or overseer it keeps one user's jobs: see overseerd --help.

exit status: of the essential service or CMD that ended it; 128 and the signal that killed that; 0 after a shutdown
that was asked for; 100 bad config or usage; 111 the system failed archon; 126, 127 CMD cannot be executed, is not found
`;
