/** nginx as the peer of whatever serves files: one worker, sendfile, on a free port of this machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../fault/box.ts';
import { freePort } from '../support/free-port.ts';

export interface Nginx {
  readonly url: string;
  close(): Promise<void>;
}

/** @param folder Its own, for the configuration and what it writes. @param files Served under `/recordings/`. */
export async function startNginx(folder: string, files: string): Promise<Nginx> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, configuration(folder, files, port));
  const child = spawn('nginx', ['-p', folder, '-c', config, '-e', join(folder, 'error.log')], { stdio: 'inherit' });
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const answers = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  await until('nginx', answers, 10);
  return {
    url,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function configuration(folder: string, files: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${folder};`);
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
daemon off;
pid ${join(folder, 'pid')};
events { worker_connections 512; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  types { audio/wav wav; }
  ${temporary.join(' ')}
  server { listen 127.0.0.1:${port}; location /recordings/ { alias ${files}/; } }
}
`;
}
