/**
 * Which tests of a contract each adapter passes through, side by side. Made from what
 * `vitest list --no-static-parse --json --project contract --project aws` prints; lists nothing that did not exist as a test.
 */
export interface ListedTest {
  /** Such as `JobQueue contract: SQLite > ping answers`. */
  readonly name: string;
}

export interface ContractTable {
  /** Such as `JobQueue`. */
  readonly contract: string;
  readonly adapters: readonly string[];
  /** Each test, and which adapters have it, in the order of `adapters`. */
  readonly tests: readonly { readonly name: string; readonly has: readonly boolean[] }[];
}

export function contractTables(listed: readonly ListedTest[]): readonly ContractTable[] {
  const contracts = new Map<string, Map<string, Set<string>>>();
  for (const { name } of listed) {
    const match = /^(\w+) contract: ([^>]+?) > (.+)$/.exec(name);
    const [, contract = '', adapter = '', test = ''] = match ?? [];
    if (match === null) continue;
    const adapters = contracts.get(contract) ?? new Map<string, Set<string>>();
    contracts.set(contract, adapters.set(adapter, (adapters.get(adapter) ?? new Set()).add(test)));
  }
  return [...contracts].map(([contract, adapters]) => {
    const names = [...new Set([...adapters.values()].flatMap((tests) => [...tests]))];
    const has = (test: string) => [...adapters.values()].map((tests) => tests.has(test));
    return { contract, adapters: [...adapters.keys()], tests: names.map((name) => ({ name, has: has(name) })) };
  });
}

/** One line per test that some adapter of its contract lacks; none when all pass through the same. */
export function missingTests(tables: readonly ContractTable[]): readonly string[] {
  return tables.flatMap(({ contract, adapters, tests }) =>
    tests.flatMap(({ name, has }) =>
      adapters
        .filter((_adapter, index) => has[index] !== true)
        .map((adapter) => `${contract}: ${adapter} lacks "${name}"`),
    ),
  );
}

/** As Markdown, a table per contract. */
export function formatTables(tables: readonly ContractTable[]): string {
  return tables
    .map(({ contract, adapters, tests }) => {
      const rows = tests.map(({ name, has }) => row([name, ...has.map((hasIt) => (hasIt ? 'yes' : 'MISSING'))]));
      const head = [
        row([`${contract} (${String(tests.length)})`, ...adapters]),
        row(['---', ...adapters.map(() => '---')]),
      ];
      return [...head, ...rows].join('\n');
    })
    .join('\n\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
