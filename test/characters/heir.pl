#!/usr/bin/perl
# A connection whose maker has ended: `heir.pl SOCKET BEGINFILE PIDFILE GOFILE` has a child connect and end, once BEGINFILE is there,
# writes the number that the child had, and asks for a Version once GOFILE is there.
use strict;
use warnings;
use Socket;

my ($path, $begin_file, $pid_file, $go_file) = @ARGV;
sub await { my $file = shift; select undef, undef, undef, 0.01 until -e $file }
await($begin_file);
socket(my $socket, PF_UNIX, SOCK_STREAM, 0) or die $!;
my $child = fork;
if ($child == 0) {
	connect($socket, sockaddr_un($path)) or die $!;
	exit 0;
}
waitpid $child, 0;
open my $file, '>', "$pid_file.new" or die $!;
print $file $child;
close $file;
rename "$pid_file.new", $pid_file;
await($go_file);
$SIG{PIPE} = 'IGNORE';
syswrite $socket, "Version\n";
print "heir: $_" while <$socket>;
