/**
 * Loaded into each thread of the daemon that is fuzzed: collects its garbage when the file `collect` beside this one is
 * touched, so that what is measured then is what is held.
 */
const { statSync } = require('node:fs');
const { join } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const touchedAt = () => statSync(join(__dirname, 'collect'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
let seen = touchedAt();

setInterval(() => {
  const now = touchedAt();
  if (now === seen) return;
  seen = now;
  for (let time = 0; time < 3; time++) collect();
}, 500).unref();
