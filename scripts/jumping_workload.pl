#!/usr/bin/perl
# jumping_workload.pl SOCKET COMMAND...: gets an X.509-SVID as any workload does,
# keeps the stream open, and becomes another program, as one does whose control
# flow was taken over. Says its pid and when it jumped. For scripts/demo.sh; of
# HTTP/2 (RFC 9113) and gRPC it knows what that takes.
use strict;
use warnings;
use Fcntl;
use IO::Socket::UNIX;
use Time::HiRes;

my ($path, @command) = @ARGV;
my $socket = IO::Socket::UNIX->new(Peer => $path) or die "jumping_workload: $path: $!\n";

sub frame {
  my ($type, $flags, $stream, $payload) = @_;
  return substr(pack('N', length $payload), 1) . pack('CCN', $type, $flags, $stream) . $payload;
}
sub text { my ($value) = @_; return chr(length $value) . $value; }

# RFC 7541: POST and http of the static table, the rest as literals.
my $headers = "\x83\x86\x04" . text('/SpiffeWorkloadAPI/FetchX509SVID') . "\x01" . text('localhost')
  . "\x0f\x10" . text('application/grpc') . "\x00" . text('te') . text('trailers')
  . "\x00" . text('workload.spiffe.io') . text('true');
syswrite $socket, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . frame(4, 0, 0, '')
  . frame(1, 4, 1, $headers) . frame(0, 1, 1, "\0\0\0\0\0");

# Until the first DATA frame: the answer with the SVID.
my $got = '';
while (1) {
  sysread($socket, $got, 65536, length $got) or die "jumping_workload: got no SVID\n";
  my ($at, $served) = (0, 0);
  while (length($got) >= $at + 9) {
    my ($size, $type) = (unpack('N', "\0" . substr($got, $at, 3)), ord substr($got, $at + 3, 1));
    $served = 1 if $type == 0;
    $at += 9 + $size;
  }
  last if $served;
}
# A moment, so that it is seen at rest.
Time::HiRes::sleep(0.5);
fcntl($socket, F_SETFD, 0) or die "jumping_workload: $!\n";
$| = 1;
printf "%d %.3f\n", $$, Time::HiRes::time();
exec { $command[0] } @command or die "jumping_workload: $command[0]: $!\n";
