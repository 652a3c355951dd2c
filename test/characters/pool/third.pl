#!/usr/bin/perl -w
# A third worker, written from docs/reference/pool-wire.md alone: `third.pl PLAN.pl`, which has a sub for each node and command.
use v5.20;
use Cwd 'abs_path'; use Socket;
use POSIX qw(_exit dup2 setsid uname);
my ($SENDMSG, $RECVMSG, $PIDFD_OPEN) = ((uname())[4] eq 'x86_64' ? (46, 47) : (211, 212), 434);
open my $master, '+<&=', delete $ENV{ZEUS_MASTER_FD} or die "third.pl: is started by a pool\n";
my ($plan, $node, $files, %told) = abs_path $ARGV[0];
# A NUL byte with a descriptor, sent or received (sendmsg(2), cmsg(3), in 64 bits).
sub pass {
	my ($call, $socket, $descriptor) = @_;
	my ($byte, $beside) = ("\0", pack 'Q l l l x4', 20, SOL_SOCKET, 1, $descriptor);
	my $message = pack 'x16 P Q P Q x8', (my $part = pack 'P Q', $byte, 1), 1, $beside, 24;
	return syscall($call, fileno $socket, $message, 0) < 0 ? _exit(1) : unpack 'x16 l', $beside;
}
sub pair {
	socketpair my ($ours), my ($theirs), AF_UNIX, $_[0], 0;
	return pass($SENDMSG, $_[1], fileno $theirs) && $ours;
}
sub act { my $sub = Plan->can($_[0] =~ tr/-/_/r) || $_[1] && die "$plan has no sub $_[0]\n"; $sub->() if $sub }
sub be_node {
	my ($name, $parent, $said, $here) = (@_, '', $$);
	$node = pair(SOCK_STREAM, $master);
	syswrite $node, "P:$$:$parent:$name\0";
	{ pipe my ($reader), $files; pass($SENDMSG, $node, fileno $reader) }
	my $why = eval { $parent or do { package Plan; do $plan; die $@ if $@ }; act($name); 1 } ? 'OK' : $@;
	my @loaded = grep { defined && -f } $plan, values %INC, $why =~ /at (\S+) line/g;
	$told{$_}++ or syswrite $files, "$_\n" for map { abs_path $_ } @loaded;
	syswrite $node, "R:$why\0";
	$why eq 'OK' ? ($SIG{CHLD} = 'IGNORE') : _exit(1);
	while (my ($order, $what) = $said =~ s/^([^\0]?):?([^\0]*)\0// ? ($1, $2) : sysread($node, $said, 65536, length $said) || ()) {
		next if $order !~ /[SC]/ or fork;
		($SIG{CHLD}, $files) = 'DEFAULT';
		$order eq 'S' ? be_node($what, $here) : be_runner($what, $here);
	}
	_exit(0);
}
sub be_runner {
	my ($name, $parent, $ready) = (@_, '');
	my $command = setsid() && pair(SOCK_DGRAM, $node);
	close $_ for $node, $master;
	alarm 10;    # A master that has gone says nothing.
	sysread $command, my $hand, 256;
	my ($client, $count) = map { 0 + $_ } $hand =~ /\d+/g;
	my ($args, $stdio, $stderr) = map { pass($RECVMSG, $command, -1) } 1 .. 3;
	@ARGV = do { local $/ = "\0"; open my $list, '<&=', $args; map { chomp; $_ } <$list> };
	POSIX::write($stderr, "too few\n", 8), syswrite($command, "1\0"), _exit(1) if @ARGV != $count;
	my $pid = alarm(0) && fork;
	dup2(@$_) for $pid ? () : ([$stdio, 0], [$stdio, 1], [$stderr, 2]);
	POSIX::close($_) for $stdio, $stderr;
	close($command), act($0 = $name, 'must'), exit 0 if !$pid;
	syswrite $command, "P:$pid:$parent:\0";
	vec($ready, $_, 1) = 1 for grep { $_ >= 0 } my ($ended, $gone) = map { syscall $PIDFD_OPEN, $_, 0 } $pid, $client;
	select $ready, undef, undef, undef;
	kill KILL => $pid if !vec $ready, $ended, 1;
	waitpid $pid, 0;
	syswrite $command, ($? & 127 ? 128 + ($? & 127) : $? >> 8) . "\0";
	_exit(0);
}
be_node($ENV{ARCHON_ZEUS_ROOT}, 0);
