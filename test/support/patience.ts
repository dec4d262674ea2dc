/**
 * How many times longer than here a daemon may take that something else runs: an emulator is ten times slower. Bounds of
 * waiting are multiplied by it, never a time that is asserted.
 */
export const PATIENCE = Number(process.env['CDRD_TEST_PATIENCE'] ?? 1);
