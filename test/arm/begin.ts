/** The daemon is built already; only the copy of the run's logs is begun. */
import { beginCopy } from '../support/log-copy-files.ts';

export default beginCopy;
