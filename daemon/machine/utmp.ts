/**
 * Who is logged in, counted in the file that `who` and `uptime` read (utmp(5)): records of one length, each of one kind of
 * event at one terminal. Pure. How long a record is hangs on the C library and the processor.
 */

/** Bytes of a record: glibc with times of 32 bits (x86, ARM of 32 bits), and with those of 64 (ARM of 64 bits, RISC-V). */
const SIZES = [384, 400] as const;
/** `ut_type` of somebody who is logged in, and the last one that there is. */
const USER_PROCESS = 7;
const LAST_TYPE = 9;

/** Records of log-ins. null: this is no such file. @param preferred Bytes of a record where both would fit. */
export function countUsers(file: Buffer, preferred: number = SIZES[0]): number | null {
  const sizes = [preferred, ...SIZES.filter((size) => size !== preferred)];
  const size = sizes.find((each) => file.length % each === 0 && typesOf(file, each).every((type) => type <= LAST_TYPE));
  return size === undefined ? null : typesOf(file, size).filter((type) => type === USER_PROCESS).length;
}

/** Bytes of a record on a processor, as `process.arch` calls it. */
export function recordSize(arch: string): number {
  return ['arm64', 'riscv64', 'loong64'].includes(arch) ? SIZES[1] : SIZES[0];
}

function typesOf(file: Buffer, size: number): number[] {
  return Array.from({ length: file.length / size }, (_, index) => file.readUInt16LE(index * size));
}
