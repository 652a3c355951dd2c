#!/usr/bin/perl
# Asks archon for each of the records and shows the last line of each answer: `ask.pl SOCKET RECORD…`.
use strict;
use warnings;
use IO::Socket::UNIX;

$SIG{PIPE} = 'IGNORE';
my $path = shift;
my $socket = IO::Socket::UNIX->new(Peer => $path) or print("no way in: $!\n"), exit 1;
for my $record (@ARGV) {
	print $socket "$record\n";
	$socket->flush;
	while (defined(my $line = <$socket>)) {
		next if $line =~ /^Row/;
		print "$record: $line";
		last;
	}
}
