/**
 * One emulated ARM machine: qemu in a process of its own that dies with the test, its monitor, and a shell inside. Its
 * sticks are plugged and pulled, and its power is cut, as hands do it: without asking what runs on it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { until } from '../fault/box.ts';

export interface Parts {
  /** Folder of kernel, initramfs.gz and root.img, as setup.sh prints it. */
  readonly base: string;
  /** Folder for sockets and the log. */
  readonly folder: string;
  /** Image of the flash that is written to. */
  readonly flash: string;
  /** TCP ports of the box, each with the one on 127.0.0.1 that leads to it. */
  readonly ports: readonly (readonly [inside: number, outside: number])[];
}

export interface Outcome {
  readonly code: number;
  /** Both channels, without the last line break. */
  readonly output: string;
}

/** Milliseconds within which the monitor answers. */
const MONITOR_MS = 10_000;

export class Machine {
  private readonly qemu: ChildProcess;
  private readonly gone: Promise<unknown>;
  private readonly monitor: Line;
  private readonly door: Line;
  private commands = 0;
  private devices = 0;

  /** Switches it on, and resolves when its shell answers. */
  static async start(parts: Parts): Promise<Machine> {
    const sockets = { monitor: join(parts.folder, 'monitor'), shell: join(parts.folder, 'shell') };
    for (const path of Object.values(sockets)) rmSync(path, { force: true });
    const qemu = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-aarch64', ...options(parts, sockets)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const gone = once(qemu, 'exit');
    try {
      const [monitor, shell] = [await line(sockets.monitor, gone), await line(sockets.shell, gone)];
      const machine = new Machine(qemu, gone, monitor, shell);
      await monitor.until(/\(qemu\) $/, MONITOR_MS);
      await machine.run('true', 180);
      return machine;
    } catch (error) {
      qemu.kill('SIGKILL');
      throw error;
    }
  }

  private constructor(qemu: ChildProcess, gone: Promise<unknown>, monitor: Line, door: Line) {
    this.qemu = qemu;
    this.gone = gone;
    this.monitor = monitor;
    this.door = door;
  }

  /** A command of BusyBox's shell, as root. One that waits for a hung medium hangs the shell: put it into the background. */
  async run(command: string, seconds = 30): Promise<Outcome> {
    const mark = `#done ${++this.commands}`;
    this.door.write(`( ${command}\n) </dev/null 2>&1; code=$?; echo; echo "${mark} $code"\n`);
    const [text, code] = await this.door.until(new RegExp(`\n${mark} (\\d+)\n$`), seconds * 1000);
    return { output: text.replace(/\n$/, ''), code: Number(code) };
  }

  /** The output of a command that must succeed. */
  async output(command: string, seconds?: number): Promise<string> {
    const { code, output } = await this.run(command, seconds);
    if (code !== 0) throw new Error(`${command}: ended ${code}: ${output}`);
    return output;
  }

  /** Puts a stick in. @returns a name to pull it by. */
  async plug(image: string): Promise<string> {
    const id = `stick${++this.devices}`;
    await this.hmp(`drive_add 0 if=none,file=${image},format=raw,cache=writeback,id=${id}-image`);
    await this.hmp(`device_add usb-storage,bus=xhci.0,drive=${id}-image,id=${id}`);
    return id;
  }

  /** Pulls it out, mounted or not. What the box has not written yet never gets there. */
  async pull(stick: string): Promise<void> {
    await this.hmp(`device_del ${stick}`);
    // The image is let go some moments later; until then it could not be put in again.
    await until(`${stick} gone`, async () => !(await this.hmp('info block')).includes(`${stick}-image`), 10);
  }

  /**
   * The power fails: qemu is killed. What the box's kernel has not handed to its disk is lost, and a write under way may be
   * torn; what it has handed over is safe, because this machine goes on and qemu writes through its page cache.
   */
  async cut(): Promise<void> {
    this.qemu.kill('SIGKILL');
    await this.gone;
    this.monitor.close();
    this.door.close();
  }

  private async hmp(command: string): Promise<string> {
    this.monitor.write(`${command}\n`);
    const [answer] = await this.monitor.until(/\(qemu\) $/, MONITOR_MS);
    // The monitor echoes the line with the escape sequences of its editor, and complains in words only.
    const said = answer.slice(answer.lastIndexOf('\u001b[K') + 3).trim();
    if (/^(Error|Device|Could not|.*not found)/.test(said)) throw new Error(`qemu: ${command}: ${said}`);
    return said;
  }
}

/** Text to and fro. */
interface Line {
  write(text: string): void;
  /** Takes what has come when it ends like this. @returns what stands before, and the groups. */
  until(end: RegExp, ms: number): Promise<[before: string, ...groups: string[]]>;
  close(): void;
}

async function line(path: string, gone: Promise<unknown>): Promise<Line> {
  let ended = false;
  void gone.then(() => {
    ended = true;
  });
  const socket = await until(
    `qemu's ${path}`,
    () => (ended ? Promise.reject(new Error('qemu ended')) : reach(path)),
    20,
  );
  let come = '';
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    come += text;
  });
  return {
    write: (text) => void socket.write(text),
    until(end, ms) {
      return new Promise((resolve, reject) => {
        const finish = (error?: Error) => {
          clearTimeout(late);
          socket.off('data', look);
          socket.off('close', lost);
          if (error) reject(error);
        };
        const look = () => {
          const match = end.exec(come);
          if (!match) return;
          const before = come.slice(0, match.index);
          come = '';
          finish();
          resolve([before, ...match.slice(1)]);
        };
        const lost = () => finish(new Error(`the box is off; last it said ${come.slice(-500)}`));
        const late = setTimeout(() => finish(new Error(`${end}: not within ${ms} ms: ${come.slice(-500)}`)), ms);
        socket.on('data', look);
        socket.once('close', lost);
        look();
      });
    },
    close: () => void socket.destroy(),
  };
}

function reach(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = createConnection(path, () => resolve(socket));
    socket.once('error', () => resolve(null));
  });
}

function options({ base, folder, flash, ports }: Parts, sockets: { monitor: string; shell: string }): string[] {
  const forwards = ports.map(([inside, outside]) => `,hostfwd=tcp:127.0.0.1:${outside}-:${inside}`).join('');
  return [
    ['-M', 'virt', '-cpu', 'cortex-a53', '-smp', '2', '-m', '512', '-accel', 'tcg,thread=multi'],
    ['-display', 'none', '-no-reboot', '-nodefaults', '-serial', `file:${folder}/console.log`],
    ['-monitor', `unix:${sockets.monitor},server,nowait`],
    ['-kernel', `${base}/kernel`, '-initrd', `${base}/initramfs.gz`, '-append', 'console=ttyAMA0 quiet panic=1'],
    ['-drive', `if=none,file=${base}/root.img,format=raw,readonly=on,id=root`],
    ['-device', 'virtio-blk-pci,drive=root'],
    ['-drive', `if=none,file=${flash},format=raw,cache=writeback,id=flash`, '-device', 'virtio-blk-pci,drive=flash'],
    ['-netdev', `user,id=net${forwards}`, '-device', 'virtio-net-pci,netdev=net,romfile='],
    ['-device', 'virtio-serial-pci', '-chardev', `file,path=${folder}/box.log,append=on,id=log`],
    ['-device', 'virtserialport,chardev=log,name=log'],
    ['-chardev', `socket,path=${sockets.shell},server=on,wait=off,id=shell`],
    ['-device', 'virtserialport,chardev=shell,name=shell', '-device', 'qemu-xhci,id=xhci'],
  ].flat();
}
