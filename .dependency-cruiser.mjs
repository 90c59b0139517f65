/** The arrows of CONTRIBUTING.md as rules: domain <- application <- adapters <- main. A wrong arrow fails `npm run check`. */

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

export default {
  forbidden: [
    forbid('no-cycles', 'A cycle means two rooms are one.', {}, { circular: true }),
    forbid(
      'domain-is-pure',
      'Domain imports only domain and the error family: no I/O, no framework.',
      { path: '^(shared|services/[^/]+)/src/domain/', pathNot: '\\.test\\.ts$' },
      {
        pathNot: [
          '^(shared|services/[^/]+)/src/domain/',
          '^shared/src/errors/',
          '^node_modules/uuid/',
          '^(node:)?crypto$',
        ],
      },
    ),
    forbid(
      'ports-are-types',
      'Ports know the domain and nothing else.',
      { path: '^shared/src/ports/' },
      { pathNot: ['^shared/src/(domain|ports)/'] },
    ),
    forbid(
      'application-knows-no-technology',
      'Use cases work through ports.',
      { path: '/src/application/', pathNot: '\\.test\\.ts$' },
      { path: ['/adapters/', '/http/', 'node_modules/(express|dockerode|@aws-sdk)/', '^(node:)?sqlite$'] },
    ),
    forbid(
      'adapters-are-chosen-by-main',
      'Only an entry point and tests choose concrete adapters.',
      {
        pathNot: [
          '/adapters/',
          '/(main|config|service-config)\\.ts$',
          '^services/standalone/',
          '\\.(test|contract|aws|e2e|faults|sandbox)\\.ts$',
          '^infra/',
          '^bench/',
          '/testing/',
        ],
      },
      { path: '/src/adapters/' },
    ),
    forbid(
      'shared-stands-alone',
      'shared imports neither services nor the sandbox.',
      { path: '^shared/' },
      { path: ['^services/', '^sandbox/', '^tests/', '^bench/', '^infra/'] },
    ),
    forbid(
      'sandbox-stands-alone',
      'The sandbox knows nothing of jobs, queues or HTTP.',
      { path: '^sandbox/' },
      { path: ['^services/', '^shared/', '^tests/', '^bench/', '^infra/', 'node_modules/express/'] },
    ),
    forbid(
      'gateway-without-sandbox',
      'The HTTP edge never runs code.',
      { path: '^services/api-gateway/' },
      { path: '^sandbox/' },
    ),
    forbid(
      'services-do-not-meet',
      'Services never import each other; standalone is the only one that composes.',
      { path: '^services/(?!standalone/)([^/]+)/' },
      { path: '^services/', pathNot: '^services/$1/' },
    ),
    forbid(
      'tests-talk-http',
      'End-to-end, fault and abuse suites see the product as its users do.',
      { path: '^tests/(e2e|e2e-aws|faults|abuse)/' },
      { path: ['^services/', '^sandbox/', '^shared/'] },
    ),
    forbid(
      'no-test-code-in-product',
      'Product code never imports tests.',
      {
        pathNot: [
          '\\.test\\.ts$',
          '\\.(contract|aws|sandbox|e2e|faults|abuse)\\.ts$',
          '/testing/',
          '^tests/',
          '^sandbox/tests/',
          '^bench/',
        ],
      },
      { path: ['\\.test\\.ts$', '/testing/', 'node_modules/(vitest|fast-check)/'] },
    ),
    forbid('not-unresolvable', 'An import that does not resolve.', {}, { couldNotResolve: true }),
  ],
  options: {
    exclude: { path: '^tests/tooling/planted' },
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
