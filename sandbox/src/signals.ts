/** Linux signal names by number (x86_64, aarch64). The sandboxes are Linux whatever the host is, so the table is ours. */
const NAMES = [
  'SIG0 SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM',
  'SIGTERM SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF',
  'SIGWINCH SIGIO SIGPWR SIGSYS',
]
  .join(' ')
  .split(' ');

/** First real-time signal that the C library leaves to programs. */
const SIGRTMIN = 34;

export const SIGKILL = 9;
export const SIGXCPU = 24;

export function signalName(signalNumber: number): string {
  const name = NAMES[signalNumber];
  if (name !== undefined) return name;
  return signalNumber >= SIGRTMIN ? `SIGRTMIN+${signalNumber - SIGRTMIN}` : `SIG${signalNumber}`;
}
