/* orphans N: makes N grandchildren that lose their parent at once and end a moment later, each in a session of
 * its own. PID 1 has to reap them. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
	int wanted = argc > 1 ? atoi(argv[1]) : 1;
	for (int i = 0; i < wanted; i++) {
		pid_t child = fork();
		if (child < 0) {
			perror("fork");
			return 1;
		}
		if (child == 0) {
			pid_t orphan = fork();
			if (orphan == 0) {
				setsid();
				usleep(1000 * (i % 20));
				_exit(i % 256);
			}
			_exit(orphan < 0);
		}
		int status;
		waitpid(child, &status, 0);
		if (status != 0) return 1;
	}
	printf("%d orphans made\n", wanted);
	return 0;
}
