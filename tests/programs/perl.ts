import type { LanguagePrograms } from './programs.ts';

export const programs: LanguagePrograms = {
  echo: `
binmode STDIN;
binmode STDOUT;
local $/ = \\65536;
print while <STDIN>;
`,
  argumentsAndBytes: `
print "$_\\n" for @ARGV;
print "\\x00\\xff\\x80\\n";
`,
  exitSeven: `
print "before\\n";
print STDERR "why\\n";
exit 7;
`,
  signal: { code: 'use POSIX; POSIX::abort();\n', name: 'SIGABRT' },
  broken: { code: 'my $x = ;\n', verdict: 'runtime_error', says: 'syntax error' },
  loop: '1 while 1;\n',
  memory: `
my @kept;
my $i = 0;
push @kept, ("x" x (1 << 20)) . $i++ while 1;
`,
  flood: `
my $lines = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\\n" x 16384;
print $lines for 1 .. 100;
`,
  forkBomb: { code: 'fork while 1;\n', verdicts: ['time_limit', 'wall_time_limit'] },
  daemon: `
use POSIX;
if (fork == 0) {
    POSIX::setsid();
    sleep 300;
    exit;
}
print "left\\n";
`,
  network: `
use IO::Socket::INET;
my $socket = IO::Socket::INET->new(PeerAddr => '1.1.1.1', PeerPort => 80, Timeout => 3);
print $socket ? "connected\\n" : "no network\\n";
`,
  shadow: `
if (open my $file, '<', '/etc/shadow') {
    print <$file>;
} else {
    print "denied\\n";
}
`,
};
