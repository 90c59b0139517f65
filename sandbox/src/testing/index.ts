/** For tests of this package and of those that use it. */
export { FakeLauncher, type Script } from './fake-launcher.ts';
export { FakeSupervisor } from './fake-supervisor.ts';
export { DOCKER_COMPOSE, ensureDebianProgram } from './debian-program.ts';
export { startTestEngine, type TestEngine, type TestEngineOptions } from './engine.ts';
export { startTestSandbox, type TestSandbox } from './start-test-sandbox.ts';
