/** The smallest useful program of each language: what the service costs shows best where the program costs least. Each prints `1`. */
export const HELLO: Readonly<Record<string, string>> = {
  bash: 'echo 1\n',
  c: '#include <stdio.h>\nint main(void) { puts("1"); return 0; }\n',
  cpp: '#include <bits/stdc++.h>\nint main() { std::cout << 1 << "\\n"; }\n',
  go: 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println(1) }\n',
  haskell: 'main :: IO ()\nmain = print 1\n',
  java: 'public class Main { public static void main(String[] args) { System.out.println(1); } }\n',
  javascript: 'console.log(1);\n',
  lua: 'print(1)\n',
  perl: 'print "1\\n";\n',
  php: '<?php echo "1\\n";\n',
  python: 'print(1)\n',
  ruby: 'puts 1\n',
  rust: 'fn main() { println!("1"); }\n',
  typescript: 'const one: number = 1;\nconsole.log(one);\n',
};
