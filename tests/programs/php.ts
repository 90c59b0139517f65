import type { LanguagePrograms } from './programs.ts';

export const programs: LanguagePrograms = {
  echo: '<?php stream_copy_to_stream(STDIN, STDOUT);\n',
  argumentsAndBytes: `<?php
foreach (array_slice($argv, 1) as $argument) echo $argument, "\\n";
echo "\\x00\\xff\\x80\\n";
`,
  exitSeven: `<?php
echo "before\\n";
fwrite(STDERR, "why\\n");
exit(7);
`,
  signal: { code: '<?php posix_kill(getmypid(), SIGABRT);\n', name: 'SIGABRT' },
  broken: { code: '<?php\necho 1 +;\n', verdict: 'runtime_error', says: 'syntax error' },
  loop: '<?php while (true);\n',
  memory: `<?php
$kept = [];
while (true) $kept[] = str_repeat('x', 1 << 20);
`,
  flood: `<?php
$lines = str_repeat("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\\n", 16384);
for ($i = 0; $i < 100; $i++) echo $lines;
`,
  forkBomb: { code: '<?php while (true) @pcntl_fork();\n', verdicts: ['time_limit', 'wall_time_limit'] },
  daemon: `<?php
if (pcntl_fork() === 0) {
    posix_setsid();
    sleep(300);
    exit;
}
echo "left\\n";
`,
  network: `<?php
echo @fsockopen('1.1.1.1', 80, $code, $message, 3) ? "connected\\n" : "no network\\n";
`,
  shadow: `<?php
$text = @file_get_contents('/etc/shadow');
echo $text === false ? "denied\\n" : $text;
`,
};
