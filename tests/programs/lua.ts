import type { LanguagePrograms } from './programs.ts';

export const programs: LanguagePrograms = {
  echo: 'io.write(io.read("a"))\n',
  argumentsAndBytes: `
for i = 1, #arg do
  io.write(arg[i], "\\n")
end
io.write("\\x00\\xff\\x80\\n")
`,
  exitSeven: `
print("before")
io.stderr:write("why\\n")
os.exit(7)
`,
  signal: { code: 'os.execute("kill -KILL $PPID")\n', name: 'SIGKILL' },
  broken: { code: 'x = = 1\n', verdict: 'runtime_error', says: 'unexpected symbol' },
  loop: 'while true do end\n',
  memory: `
local kept = {}
for i = 1, math.huge do
  kept[i] = string.rep("x", 1 << 20) .. i
end
`,
  flood: `
local lines = string.rep("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\\n", 16384)
for _ = 1, 100 do
  io.write(lines)
end
`,
  forkBomb: {
    code: `
while true do
  os.execute("sleep 10 &")
end
`,
    verdicts: ['time_limit', 'wall_time_limit'],
  },
  daemon: `
os.execute("setsid sleep 300 &")
print("left")
`,
  network: `
local connected = os.execute("bash -c 'exec 3<>/dev/tcp/1.1.1.1/80' 2>/dev/null")
print(connected and "connected" or "no network")
`,
  shadow: `
local file = io.open("/etc/shadow")
print(file and file:read("a") or "denied")
`,
};
