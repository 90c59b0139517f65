import type { LanguagePrograms } from './programs.ts';

export const programs: LanguagePrograms = {
  echo: `
#include <bits/stdc++.h>
int main() { std::cout << std::cin.rdbuf(); }
`,
  argumentsAndBytes: `
#include <cstdio>
int main(int count, char **values) {
  for (int i = 1; i < count; i++) std::puts(values[i]);
  std::fwrite("\\x00\\xff\\x80\\n", 1, 4, stdout);
}
`,
  exitSeven: `
#include <cstdio>
int main() {
  std::puts("before");
  std::fputs("why\\n", stderr);
  return 7;
}
`,
  signal: {
    code: `
#include <stdexcept>
int main() { throw std::runtime_error("nobody catches it"); }
`,
    name: 'SIGABRT',
  },
  broken: { code: 'int main() { auto x = unknown; }\n', verdict: 'compile_error', says: "'unknown' was not declared" },
  loop: 'int main() { for (volatile int i = 0;; i = i + 1) {} }\n',
  memory: `
#include <vector>
int main() {
  std::vector<std::vector<char>> kept;
  for (;;) kept.emplace_back(1 << 20, 'x');
}
`,
  flood: `
#include <cstdio>
int main() {
  for (int i = 0; i < 1638400; i++) std::puts("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");
}
`,
  forkBomb: {
    code: `
#include <csignal>
#include <unistd.h>
int main() {
  std::signal(SIGCHLD, SIG_IGN);
  for (;;) (void)!fork();
}
`,
    verdicts: ['time_limit', 'wall_time_limit'],
  },
  daemon: `
#include <cstdio>
#include <unistd.h>
int main() {
  if (fork() == 0) {
    setsid();
    if (fork() == 0) sleep(300);
    _exit(0);
  }
  std::puts("left");
}
`,
  network: `
#include <arpa/inet.h>
#include <cstdio>
#include <sys/socket.h>
int main() {
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(80);
  inet_pton(AF_INET, "1.1.1.1", &peer.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  std::puts(connect(fd, reinterpret_cast<sockaddr *>(&peer), sizeof peer) == 0 ? "connected" : "no network");
}
`,
  shadow: `
#include <cstdio>
int main() {
  std::FILE *file = std::fopen("/etc/shadow", "r");
  if (file == nullptr) {
    std::puts("denied");
    return 0;
  }
  for (int byte; (byte = std::getc(file)) != EOF;) std::putchar(byte);
}
`,
};
