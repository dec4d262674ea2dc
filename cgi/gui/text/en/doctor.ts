/** Texts of the page. What was found is told by the box, in English. */
export const doctor = {
  about:
    'The box examines itself. What only root sees (who holds a port, whether Asterisk can write a recording) is told on the box by: cdrd doctor',
  again: 'Run again',
  running: 'Examining …',
  bundle: 'Support archive',
  bundleHint:
    'The support archive is for who helps from afar: these findings, health, figures, log and settings, without secrets, telephone numbers and names. It is text: read it before you send it.',
  verdicts: {
    ok: 'All is well',
    warning: 'Works, with warnings',
    fault: 'Something is wrong',
  },
  counts: (faults: number, warnings: number, well: number) =>
    `${faults} ${faults === 1 ? 'fault' : 'faults'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}, ${well} ok`,
  at: (time: string) => `Looked at ${time}.`,
  states: { ok: 'ok', warning: 'warning', fault: 'fault' },
  mend: 'Mended by, as root on the box:',
  mendOf: (check: string) => `Command that mends ${check}`,
  groups: {
    daemon: 'cdrd itself',
    asterisk: 'Asterisk',
    ports: 'Ports',
    permitted: 'Who may come',
    cdr: 'Call records',
    dialplan: 'Dialplan',
    recordings: 'Recordings',
    medium: 'Medium',
    clock: 'Clock',
    trunks: 'Trunks',
    certificate: 'Certificate',
    store: 'Store',
    state: 'State folder',
    alarms: 'Alarms',
    config: 'Configuration',
  } as Record<string, string>,
};
