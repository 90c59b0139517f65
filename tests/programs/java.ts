import type { LanguagePrograms } from './programs.ts';

export const programs: LanguagePrograms = {
  echo: `
public class Main {
  public static void main(String[] args) throws Exception {
    System.in.transferTo(System.out);
    System.out.flush();
  }
}
`,
  argumentsAndBytes: `
import java.nio.charset.StandardCharsets;

public class Main {
  public static void main(String[] args) throws Exception {
    for (String argument : args) System.out.write((argument + "\\n").getBytes(StandardCharsets.UTF_8));
    System.out.write(new byte[] {0x00, (byte) 0xff, (byte) 0x80, 0x0a});
    System.out.flush();
  }
}
`,
  exitSeven: `
public class Main {
  public static void main(String[] args) {
    System.out.println("before");
    System.err.println("why");
    System.exit(7);
  }
}
`,
  signal: {
    code: `
public class Main {
  public static void main(String[] args) throws Exception {
    new ProcessBuilder("sh", "-c", "kill -KILL " + ProcessHandle.current().pid()).start();
    Thread.sleep(5000);
  }
}
`,
    name: 'SIGKILL',
  },
  broken: {
    code: 'public class Main { int number = "text"; }\n',
    verdict: 'compile_error',
    says: 'String cannot be converted to int',
  },
  loop: `
public class Main {
  public static void main(String[] args) {
    while (true) {}
  }
}
`,
  memory: `
import java.util.ArrayList;

public class Main {
  public static void main(String[] args) {
    ArrayList<byte[]> kept = new ArrayList<>();
    while (true) kept.add(new byte[1 << 20]);
  }
}
`,
  flood: `
public class Main {
  public static void main(String[] args) throws Exception {
    byte[] lines = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\\n".repeat(16384).getBytes();
    for (int i = 0; i < 100; i++) System.out.write(lines);
  }
}
`,
  forkBomb: {
    code: `
public class Main {
  public static void main(String[] args) {
    while (true) {
      try {
        new ProcessBuilder("sleep", "10").start();
      } catch (java.io.IOException full) {
        continue;
      }
    }
  }
}
`,
    verdicts: ['time_limit', 'wall_time_limit', 'memory_limit', 'runtime_error'],
  },
  daemon: `
public class Main {
  public static void main(String[] args) throws Exception {
    new ProcessBuilder("setsid", "sleep", "300").inheritIO().start();
    System.out.println("left");
  }
}
`,
  network: `
import java.net.InetSocketAddress;
import java.net.Socket;

public class Main {
  public static void main(String[] args) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("1.1.1.1", 80), 3000);
      System.out.println("connected");
    } catch (java.io.IOException none) {
      System.out.println("no network");
    }
  }
}
`,
  shadow: `
import java.nio.file.Files;
import java.nio.file.Path;

public class Main {
  public static void main(String[] args) {
    try {
      System.out.print(Files.readString(Path.of("/etc/shadow")));
    } catch (java.io.IOException none) {
      System.out.println("denied");
    }
  }
}
`,
  ownNames: {
    'the class that the cache of the runtime was recorded with': `
package runyard;

class Training {
  public static void main(String[] args) {
    System.out.println("mine");
  }
}
`,
    'our compiler': `
class Compile {
  public static void main(String[] args) {
    System.out.println("mine");
  }
}
`,
  },
  unknownName: {
    code: `
class Main {
  public static void main(String[] args) {
    System.out.println(new Compile());
  }
}
`,
    says: 'cannot find symbol',
  },
};
