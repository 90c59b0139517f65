import type { LanguagePrograms } from './programs.ts';

export const programs: LanguagePrograms = {
  echo: `
package main

import (
	"io"
	"os"
)

func main() { io.Copy(os.Stdout, os.Stdin) }
`,
  argumentsAndBytes: `
package main

import "os"

func main() {
	for _, argument := range os.Args[1:] {
		os.Stdout.WriteString(argument + "\\n")
	}
	os.Stdout.Write([]byte{0x00, 0xff, 0x80, '\\n'})
}
`,
  exitSeven: `
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("before")
	fmt.Fprintln(os.Stderr, "why")
	os.Exit(7)
}
`,
  // The engine catches SIGABRT for a dump of its own.
  signal: {
    code: `
package main

import "syscall"

func main() {
	syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	select {}
}
`,
    name: 'SIGKILL',
  },
  broken: {
    code: 'package main\n\nfunc main() { unused := 1 }\n',
    verdict: 'compile_error',
    says: 'declared and not used',
  },
  loop: `
package main

func main() {
	for {
	}
}
`,
  memory: `
package main

import "bytes"

var kept [][]byte

func main() {
	for {
		kept = append(kept, bytes.Repeat([]byte("x"), 1<<20))
	}
}
`,
  flood: `
package main

import (
	"os"
	"strings"
)

func main() {
	lines := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\\n", 16384)
	for range 100 {
		os.Stdout.WriteString(lines)
	}
}
`,
  forkBomb: {
    code: `
package main

import "os/exec"

func main() {
	for {
		exec.Command("sleep", "10").Start()
	}
}
`,
    verdicts: ['time_limit', 'wall_time_limit', 'memory_limit', 'runtime_error'],
  },
  daemon: `
package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

func main() {
	command := exec.Command("sleep", "300")
	command.Stdout = os.Stdout
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		panic(err)
	}
	fmt.Println("left")
}
`,
  network: `
package main

import (
	"fmt"
	"net"
	"time"
)

func main() {
	if _, err := net.DialTimeout("tcp", "1.1.1.1:80", 3*time.Second); err == nil {
		fmt.Println("connected")
	} else {
		fmt.Println("no network")
	}
}
`,
  shadow: `
package main

import (
	"fmt"
	"os"
)

func main() {
	text, err := os.ReadFile("/etc/shadow")
	if err != nil {
		fmt.Println("denied")
	} else {
		fmt.Print(string(text))
	}
}
`,
};
