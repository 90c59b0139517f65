/**
 * What somebody could try who has taken over the server: run as its user, told by argument what there is. Prints, as JSON, the
 * outcome of each try: what it gave, or the error's code.
 */
import { connect } from 'node:net';
import * as fs from 'node:fs';

const { socket, pids, dockerSocket, binaries, root, dataDir, victim } = JSON.parse(process.argv[2]);
const results = {};

function attempt(name, act) {
  try {
    act();
    results[name] = 'done';
  } catch (error) {
    results[name] = error.code ?? String(error);
  }
}

function reach(path) {
  return new Promise((resolve) => {
    const stream = connect({ path });
    stream.on('connect', () => {
      resolve('done');
      stream.destroy();
    });
    stream.on('error', (error) => resolve(error.code));
  });
}

attempt('setuid', () => process.setuid(0));
attempt('setgid', () => process.setgid(0));
for (const [name, pid] of Object.entries(pids)) {
  attempt(`kill ${name}`, () => process.kill(pid, 'SIGKILL'));
  attempt(`memory of ${name}`, () => fs.openSync(`/proc/${pid}/mem`, 'r+'));
  attempt(`descriptors of ${name}`, () => fs.readdirSync(`/proc/${pid}/fd`));
  attempt(`root of ${name}`, () => fs.readdirSync(`/proc/${pid}/root`));
  attempt(`environment of ${name}`, () => fs.readFileSync(`/proc/${pid}/environ`));
}
attempt('replace the socket', () => fs.renameSync(socket, `${socket}.away`));
attempt('remove the socket', () => fs.unlinkSync(socket));
attempt('list the sockets', () => fs.readdirSync(socket.slice(0, socket.lastIndexOf('/'))));
attempt('put a socket beside', () => fs.writeFileSync(`${socket}.mine`, ''));
for (const [name, path] of Object.entries(binaries)) attempt(`change the ${name}`, () => fs.openSync(path, 'r+'));
attempt('change the runtime root', () => fs.writeFileSync(`${root}/usr/bin/mine`, ''));
attempt('shadow', () => fs.readFileSync('/etc/shadow'));
attempt('write to /etc', () => fs.writeFileSync('/etc/runyard-mine', ''));
attempt('control groups', () => fs.mkdirSync('/sys/fs/cgroup/memory/runyard/mine'));
attempt('state', () => fs.readdirSync('/run/runyard/owners'));
attempt('own data', () => fs.readFileSync(`${dataDir}/secret`));
if (victim) attempt('data of another server', () => fs.readFileSync(`${victim}/secret`));
results.connect = await reach(socket);
if (dockerSocket) results.docker = await reach(dockerSocket);
process.stdout.write(JSON.stringify(results));
