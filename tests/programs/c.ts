import type { LanguagePrograms } from './programs.ts';

export const programs: LanguagePrograms = {
  echo: `
#include <stdio.h>
int main(void) {
  for (int byte; (byte = getchar()) != EOF;) putchar(byte);
}
`,
  argumentsAndBytes: `
#include <stdio.h>
int main(int count, char **values) {
  for (int i = 1; i < count; i++) puts(values[i]);
  fwrite("\\x00\\xff\\x80\\n", 1, 4, stdout);
}
`,
  exitSeven: `
#include <stdio.h>
int main(void) {
  puts("before");
  fputs("why\\n", stderr);
  return 7;
}
`,
  signal: {
    code: `
#include <stdlib.h>
int main(void) { abort(); }
`,
    name: 'SIGABRT',
  },
  broken: { code: 'int main(void) { return 0 }\n', verdict: 'compile_error', says: "expected ';' before '}' token" },
  loop: 'int main(void) { for (volatile int i = 0;; i++) {} }\n',
  memory: `
#include <stdlib.h>
#include <string.h>
int main(void) {
  for (;;) memset(malloc(1 << 20), 1, 1 << 20);
}
`,
  flood: `
#include <stdio.h>
int main(void) {
  for (int i = 0; i < 1638400; i++) puts("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");
}
`,
  forkBomb: {
    code: `
#include <signal.h>
#include <unistd.h>
int main(void) {
  signal(SIGCHLD, SIG_IGN);
  for (;;) fork();
}
`,
    verdicts: ['time_limit', 'wall_time_limit'],
  },
  daemon: `
#include <stdio.h>
#include <unistd.h>
int main(void) {
  if (fork() == 0) {
    setsid();
    if (fork() == 0) sleep(300);
    _exit(0);
  }
  puts("left");
}
`,
  network: `
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
int main(void) {
  struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(80)};
  inet_pton(AF_INET, "1.1.1.1", &peer.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  puts(connect(fd, (struct sockaddr *)&peer, sizeof peer) == 0 ? "connected" : "no network");
}
`,
  shadow: `
#include <stdio.h>
int main(void) {
  FILE *file = fopen("/etc/shadow", "r");
  if (file == NULL) {
    puts("denied");
    return 0;
  }
  for (int byte; (byte = getc(file)) != EOF;) putchar(byte);
}
`,
};
