#!/usr/bin/perl
# Has a child with the number that PIDFILE says, which another process had: `successor.pl PIDFILE DONEFILE`. Takes root.
use strict;
use warnings;

my ($pid_file, $done_file) = @ARGV;
select undef, undef, undef, 0.01 until -e $pid_file;
open my $in, '<', $pid_file or die $!;
my $wanted = <$in>;
for my $attempt (1 .. 100) {
	open my $last, '>', '/proc/sys/kernel/ns_last_pid' or die $!;
	print $last $wanted - 1;
	close $last;
	my $child = fork;
	sleep 1_000_000 if $child == 0;
	if ($child == $wanted) {
		open my $out, '>', $done_file or die $!;
		print $out $child;
		close $out;
		sleep 1_000_000;
	}
	kill KILL => $child;
	waitpid $child, 0;
}
die "never got $wanted";
