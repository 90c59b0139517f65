import type { LanguagePrograms } from './programs.ts';

export const programs: LanguagePrograms = {
  echo: 'IO.copy_stream($stdin.binmode, $stdout.binmode)\n',
  argumentsAndBytes: `
$stdout.binmode
ARGV.each { |argument| $stdout.write(argument.b, "\\n") }
$stdout.write("\\x00\\xff\\x80\\n".b)
`,
  exitSeven: `
puts "before"
warn "why"
exit 7
`,
  signal: { code: 'Process.kill(:KILL, $$)\nsleep\n', name: 'SIGKILL' },
  broken: { code: 'def f(\n', verdict: 'runtime_error', says: 'syntax error' },
  loop: 'loop {}\n',
  memory: `
kept = []
loop { kept << "x" * (1 << 20) }
`,
  flood: `
lines = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\\n" * 16384
100.times { $stdout.write(lines) }
`,
  forkBomb: {
    code: `
loop do
  fork
rescue SystemCallError
  nil
end
`,
    // The engine aborts where it cannot have the thread that every process of it needs.
    verdicts: ['time_limit', 'wall_time_limit', 'memory_limit', 'signalled', 'runtime_error'],
  },
  daemon: `
fork do
  Process.setsid
  sleep 300
end
puts "left"
`,
  network: `
require 'socket'
begin
  Socket.tcp('1.1.1.1', 80, connect_timeout: 3)
  puts 'connected'
rescue SystemCallError
  puts 'no network'
end
`,
  shadow: `
begin
  puts File.read('/etc/shadow')
rescue SystemCallError
  puts 'denied'
end
`,
};
