/** sysexits EX_CONFIG: the program cannot do its work on this host as it is set up. */
const EXIT_CONFIG = 78;

/** This host cannot give what the launcher promises. The message is one sentence that names what is missing. */
export class HostRefusal extends Error {
  override readonly name = 'HostRefusal';
  /** What a main program that cannot go on without this launcher should exit with. */
  readonly exitCode = EXIT_CONFIG;
}
