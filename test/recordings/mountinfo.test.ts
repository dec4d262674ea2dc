/** Which mount a path lies on, on lines as real kernels write them. */
import { describe, expect, it } from 'vitest';
import { isRemote, missingMount, mountOf, parseMountinfo } from '../../daemon/recordings/mountinfo.ts';

const box = String.raw`22 27 0:21 / /proc rw,relatime - proc proc rw
23 27 0:22 / /sys rw,relatime shared:2 - sysfs sysfs rw
27 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw,resuid=65534
30 27 0:25 / /run rw,nosuid,nodev shared:5 - tmpfs tmpfs rw,size=51200k,mode=755
60 27 8:1 / /media/usbStorage rw,relatime shared:30 master:4 - vfat /dev/sda1 rw,fmask=0002,utf8
61 27 0:47 / /mnt/office\040share rw,relatime - cifs //10.0.0.5/call\040records rw,vers=3.1.1
62 27 8:17 /monitor /srv/rec\134odd\011name rw - exfat /dev/sdb1 rw
garbage
63 27 x:y / /bad rw - ext4 /dev/x rw
`;
const mounts = parseMountinfo(box);
const on = (path: string) => mountOf(mounts, path)?.mountPoint;

describe('parseMountinfo', () => {
  it('reads device, mount point, type and source, with optional fields or without', () => {
    expect(mounts).toHaveLength(7);
    expect(mounts[4]).toEqual({
      id: '60',
      readOnly: false,
      ontoItself: false,
      device: '8:1',
      mountPoint: '/media/usbStorage',
      type: 'vfat',
      source: '/dev/sda1',
    });
  });
  it('undoes the octal escapes of blank, tab and backslash', () => {
    expect(mounts[5]).toMatchObject({ mountPoint: '/mnt/office share', source: '//10.0.0.5/call records' });
    expect(mounts[6]?.mountPoint).toBe('/srv/rec\\odd\tname');
  });
});

describe('mountOf', () => {
  it('takes the longest mount point', () => {
    expect(on('/media/usbStorage/monitor')).toBe('/media/usbStorage');
    expect(on('/media/usbStorage')).toBe('/media/usbStorage');
    expect(on('/media/usbStorage2')).toBe('/');
    expect(on('/var/lib')).toBe('/');
  });
  it('takes the last of equals: it covers the others', () => {
    const twice = parseMountinfo(`${box}70 60 8:33 / /media/usbStorage rw - ext4 /dev/sdc1 rw\n`);
    expect(mountOf(twice, '/media/usbStorage/monitor')?.device).toBe('8:33');
  });
});

describe('what a sandbox binds onto itself', () => {
  // systemd's ReadWritePaths=-/media, in a container whose root is a folder of the disk, and on a box of its own.
  it.each([
    ['27 1 179:2 / / ro - ext4 /dev/x rw\n80 27 179:2 /media /media rw - ext4 /dev/x rw', true],
    ['27 1 179:2 /root / ro - ext4 /dev/x rw\n80 27 179:2 /root/media /media rw - ext4 /dev/x rw', true],
    // Another folder of the same disk is what somebody has put there on purpose.
    ['27 1 179:2 / / ro - ext4 /dev/x rw\n80 27 179:2 /data /media rw - ext4 /dev/x rw', false],
    ['27 1 179:2 / / ro - ext4 /dev/x rw\n80 27 8:1 /media /media rw - vfat /dev/sda1 rw', false],
  ])('%s', (text, isIt) => {
    const mount = mountOf(parseMountinfo(text), '/media/usbStorage/monitor');
    expect(mount?.ontoItself).toBe(isIt);
    expect(missingMount('/media/usbStorage/monitor', mount, 'auto') !== '').toBe(isIt);
  });
  it('a stick that is mounted inside it is one', () => {
    const text =
      '27 1 179:2 / / ro - ext4 /dev/x rw\n80 27 179:2 /media /media rw - ext4 /dev/x rw\n' +
      '81 80 8:1 / /media/usbStorage rw - vfat /dev/sda1 rw';
    const mount = mountOf(parseMountinfo(text), '/media/usbStorage/monitor');
    expect(missingMount('/media/usbStorage/monitor', mount, 'auto')).toBe('');
  });
});

describe('missingMount', () => {
  const why = (path: string, require: 'auto' | 'yes' | 'no', list = mounts) =>
    missingMount(path, mountOf(list, path), require);
  const unplugged = mounts.filter((mount) => mount.device !== '8:1');
  it.each([
    ['/media/usbStorage/monitor', 'auto', true],
    ['/media/other/monitor', 'auto', false],
    ['/mnt/office share', 'auto', true],
    ['/run/media/pi/STICK', 'auto', false],
    ['/var/recordings', 'auto', true],
    ['/var/recordings', 'yes', false],
    ['/srv/rec\\odd\tname/monitor', 'yes', true],
    ['/media/other/monitor', 'no', true],
  ] as const)('%s, %s: %s', (path, require, there) => {
    expect(why(path, require) === '').toBe(there);
  });
  it('says what is missing when the stick is unplugged', () => {
    expect(why('/media/usbStorage/monitor', 'auto', unplugged)).toBe(
      'no medium: nothing is mounted for /media/usbStorage/monitor (it lies on /)',
    );
  });
  it('does not take memory on /media, or an automounter waiting, for a medium', () => {
    const held = parseMountinfo(`${box}70 27 0:50 / /media rw - tmpfs tmpfs rw\n`);
    expect(why('/media/none/monitor', 'auto', held)).not.toBe('');
    const waiting = parseMountinfo(`${box}70 27 0:51 / /media/auto rw - autofs systemd-1 rw\n`);
    expect(why('/media/auto/monitor', 'auto', waiting)).not.toBe('');
    const whole = parseMountinfo(`${box}70 27 8:1 / /mnt rw - ext4 /dev/sda1 rw\n`);
    expect(why('/mnt/monitor', 'auto', whole)).toBe('');
  });
});

it('knows filesystems whose times are another machine’s', () => {
  expect(mounts.map((mount) => isRemote(mount))).toEqual([false, false, false, false, false, true, false]);
});
