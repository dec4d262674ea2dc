/** Ports that others hold, as root sees them: what is said of them, and that nobody's web server is to be ended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { installAsterisk, isAsteriskInstalled } from '../../daemon/doctor/installed.ts';
import { type PortFacts, portFindings } from '../../daemon/doctor/root/ports.ts';
import { temporaryFolder } from '../support/folder.ts';
import { freePort } from '../support/free-port.ts';

const asRoot = test.skipIf(process.getuid?.() !== 0);

/** Another program that listens on a port. */
async function taken(): Promise<{ port: number; pid: number }> {
  const port = await freePort();
  const code = `require('node:net').createServer().listen(${port}, '127.0.0.1', () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return { port, pid: child.pid as number };
}

const at = (port: number) => [{ host: '127.0.0.1', port }];
const found = (facts: Partial<PortFacts>) =>
  portFindings({ pid: null, asteriskPort: null, ami: [], web: [], doors: null, ...facts })[0];

asRoot('a web server keeps its port: the pages move to one that is free', async () => {
  const { port, pid } = await taken();
  const https = await freePort();
  const finding = found({ web: [...at(port), ...at(https)], doors: { http: at(port), https: at(https) } });
  expect(finding?.says).toMatch(new RegExp(`process ${pid}.* holds port ${port}.*if that is to stay`));
  expect(finding?.mend).toMatch(/^cdrd setup --yes --http 127\.0\.0\.1:80[89]\d; .*restart/);
  expect(finding?.mend).not.toMatch(/kill|disable|--https/);
});

asRoot('where setup is not for the box, the keys are named and nothing is ended', async () => {
  const { port } = await taken();
  const finding = found({ web: at(port) });
  expect(finding?.mend).toBe(null);
  expect(finding?.says).toMatch(/http\.listen and https\.listen/);
});

asRoot('whatever holds the port of the AMI that cdrd offers is ended', async () => {
  const { port, pid } = await taken();
  expect(found({ ami: at(port) })?.mend).toMatch(
    new RegExp(`^(kill ${pid}|systemctl disable --now \\S+) && .*restart`),
  );
});

test('an Asterisk is there where its program is, wherever that is', () => {
  const root = temporaryFolder();
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  expect(isAsteriskInstalled(root)).toBe(false);
  // Its unit alone starts nothing.
  write('/usr/lib/systemd/system/asterisk.service', '[Service]\nExecStart=-/srv/pbx/asterisk -f -U asterisk\n');
  expect(isAsteriskInstalled(root)).toBe(false);
  write('/srv/pbx/asterisk', '');
  expect(isAsteriskInstalled(root)).toBe(true);
});

test('it is installed by the means of the system, and put back where its package is there', () => {
  const root = temporaryFolder();
  expect(installAsterisk(root)).toBe(null);
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  writeFileSync(join(root, 'usr/bin/apt-get'), '');
  expect(installAsterisk(root)).toMatch(/^apt-get install -y asterisk && /);
  mkdirSync(join(root, 'var/lib/dpkg/info'), { recursive: true });
  writeFileSync(join(root, 'var/lib/dpkg/info/asterisk.list'), '');
  expect(installAsterisk(root)).toMatch(
    /^apt-get install -y --reinstall .*--force-confmiss asterisk asterisk-config && /,
  );
});
