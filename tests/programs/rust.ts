import type { LanguagePrograms } from './programs.ts';

export const programs: LanguagePrograms = {
  echo: `
fn main() {
    std::io::copy(&mut std::io::stdin(), &mut std::io::stdout()).unwrap();
}
`,
  argumentsAndBytes: `
use std::io::Write;
use std::os::unix::ffi::OsStrExt;

fn main() {
    let mut out = std::io::stdout();
    for argument in std::env::args_os().skip(1) {
        out.write_all(argument.as_bytes()).unwrap();
        out.write_all(b"\\n").unwrap();
    }
    out.write_all(b"\\x00\\xff\\x80\\n").unwrap();
}
`,
  exitSeven: `
fn main() {
    println!("before");
    eprintln!("why");
    std::process::exit(7);
}
`,
  signal: { code: 'fn main() { std::process::abort(); }\n', name: 'SIGABRT' },
  broken: { code: 'fn main() { let _x: i32 = "a"; }\n', verdict: 'compile_error', says: 'mismatched types' },
  loop: 'fn main() { loop { std::hint::black_box(1); } }\n',
  memory: `
fn main() {
    let mut kept = Vec::new();
    loop {
        kept.push(vec![1u8; 1 << 20]);
    }
}
`,
  flood: `
use std::io::Write;

fn main() {
    let lines = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\\n".repeat(16384);
    for _ in 0..100 {
        std::io::stdout().write_all(lines.as_bytes()).unwrap();
    }
}
`,
  forkBomb: {
    code: `
fn main() {
    loop {
        let _ = std::process::Command::new("sleep").arg("10").spawn();
    }
}
`,
    verdicts: ['time_limit', 'wall_time_limit'],
  },
  daemon: `
fn main() {
    std::process::Command::new("setsid").args(["sleep", "300"]).spawn().unwrap();
    println!("left");
}
`,
  network: `
use std::net::TcpStream;
use std::time::Duration;

fn main() {
    let peer = "1.1.1.1:80".parse().unwrap();
    let connection = TcpStream::connect_timeout(&peer, Duration::from_secs(3));
    println!("{}", if connection.is_ok() { "connected" } else { "no network" });
}
`,
  shadow: `
fn main() {
    match std::fs::read_to_string("/etc/shadow") {
        Ok(text) => print!("{text}"),
        Err(_) => println!("denied"),
    }
}
`,
};
