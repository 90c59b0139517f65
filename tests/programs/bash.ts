import type { LanguagePrograms } from './programs.ts';

export const programs: LanguagePrograms = {
  echo: 'cat\n',
  argumentsAndBytes: `
printf '%s\\n' "$@"
printf '\\x00\\xff\\x80\\n'
`,
  exitSeven: `
echo before
echo why >&2
exit 7
`,
  signal: { code: 'kill -ABRT $$\n', name: 'SIGABRT' },
  broken: { code: 'if true; then\n', verdict: 'runtime_error', says: 'syntax error' },
  loop: 'while :; do :; done\n',
  memory: `
kept=0123456789
while :; do
  kept=$kept$kept
done
`,
  flood: `
yes 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ- | head -c 104857600
`,
  forkBomb: {
    code: `
bomb() { bomb | bomb & }
bomb
while :; do :; done
`,
    verdicts: ['time_limit', 'wall_time_limit'],
  },
  daemon: `
setsid sleep 300 &
echo left
`,
  network: `
if (exec 3<>/dev/tcp/1.1.1.1/80) 2>/dev/null; then echo connected; else echo no network; fi
`,
  shadow: 'cat /etc/shadow 2>/dev/null || echo denied\n',
};
