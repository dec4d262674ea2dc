/** Names that the box and the test both know: folders inside the box, its ports, and its secrets. */

/** What is written to on the box. */
export const FLASH = '/flash';
/** The daemon's state.dir. */
export const STATE = `${FLASH}/state`;
/** The CDR file of the box's PBX, as etc/asterisk/cdr_custom.conf has it. */
export const CSV = `${FLASH}/asterisk/cdrd.csv`;
/** Where a stick or a share is mounted, and the recordings folder on it. */
export const MOUNT = '/media/usbStorage';
export const RECORDINGS = `${MOUNT}/monitor`;
/** TCP ports inside the box. */
export const HTTP_PORT = 80;
export const AMI_PORT = 5038;
export const PBX_PORT = 8088;
/** Of the daemon at the PBX, and of the test at the daemon. */
export const SECRET = 'appliance';
