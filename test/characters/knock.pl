#!/usr/bin/perl
# Connects to archon's control socket again and again, asks for something each time, and leaves: `knock.pl SOCKET COUNT`.
use strict;
use warnings;
use Socket;

my ($path, $count) = @ARGV;
$SIG{PIPE} = 'IGNORE';
for (1 .. $count) {
	socket(my $socket, PF_UNIX, SOCK_STREAM, 0) or die $!;
	connect($socket, sockaddr_un($path)) or die $!;
	syswrite $socket, "Status\n";
}
print "done\n";
