// Exits 0 when redis-server is on PATH, where need be after installing it with apt-get (root on Debian or
// Ubuntu only); else says in one line what to install and exits 1.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

if (!isOnPath('redis-server')) {
  if (process.platform === 'linux' && isDebianLike() && process.getuid() === 0) installWithApt();
  else giveUp(`redis-server is not on PATH; ${installHint()}`);
}

function installWithApt() {
  console.log('redis-server is not on PATH: installing it with apt-get (its service is not started)');
  // A Ctrl-C ends apt-get; this process has to live on to remove what keepServicesStopped() wrote.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  const release = keepServicesStopped();
  const install = ['install', '--yes', '--no-install-recommends', 'redis-server'];
  let result;
  try {
    result = aptGet(install);
    // Package lists are missing in a fresh container, and outdated on a machine that nobody updates.
    if (result.status !== 0 && aptGet(['update']).status === 0) result = aptGet(install);
  } finally {
    release();
  }
  if (result.status === 0 && isOnPath('redis-server')) return;
  console.error(`${result.stdout ?? ''}${result.stderr ?? result.error?.message}`.trimEnd());
  giveUp('apt-get could not install redis-server; install it by hand and run this again');
}

function aptGet(args) {
  return spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    encoding: 'utf8',
    maxBuffer: Infinity,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1' },
  });
}

/**
 * Debian starts a service when its package is installed, unless this hook says 101 (invoke-rc.d(8)). A hook that
 * is there already is its owner's decision and stays. Returns what takes ours away again.
 */
function keepServicesStopped() {
  const hook = '/usr/sbin/policy-rc.d';
  try {
    writeFileSync(hook, '#!/bin/sh\nexit 101\n', { flag: 'wx', mode: 0o755 });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return () => {};
  }
  return () => rmSync(hook, { force: true });
}

function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}

function isDebianLike() {
  try {
    return /^ID="?(debian|ubuntu)"?$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

function installHint() {
  if (process.platform === 'darwin') return 'install it with: brew install redis';
  if (process.platform === 'win32') return 'Redis has no build for Windows: run this in WSL';
  if (isDebianLike()) return 'install it with: sudo apt-get install redis-server';
  return "install Redis with your system's package manager (https://redis.io/docs/latest/operate/oss_and_stack/install/)";
}

function giveUp(message) {
  console.error(message);
  process.exit(1);
}
